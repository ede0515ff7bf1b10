using System.Security.Claims;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using PRTS.Api.Access;
using PRTS.Web.Access;
using PRTS.Web.Audit;

namespace PRTS.Web.Account;

public partial class SessionsPanel
{
    private List<SessionSummary>? sessions;
    private ClaimsPrincipal user = new();

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private AccessAudit Before { get; set; } = null!;

    [Inject] private Sessions Sessions { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        user = (await Authentication).User;
        await Load();
    }

    private async Task Load() => sessions = await Sessions.List(user.UserId(), user.Session());

    private async Task End(Guid session)
    {
        await Audit.Allowed("session:end", new("session", session.ToString()), before: await Before.Session(user.UserId(), session));
        await Sessions.End(user.UserId(), session);
        await Load();
    }

    private async Task EndOthers()
    {
        await Audit.Allowed("session:end-others", new("session", user.Actor()), before: await Before.Sessions(user.UserId()));
        await Sessions.EndAll(user.UserId(), user.Session());
        await Load();
    }

    /// <summary>Program and system out of a user agent's long line, as people know them.</summary>
    public static string Browser(string client)
    {
        // Browsers name others before themselves.
        var program = Program().Matches(client).MaxBy(match => Array.IndexOf(Names, match.Groups["name"].Value)) ?? Match.Empty;
        var system = client.Contains("Android", StringComparison.Ordinal) ? "Android"
            : client.Contains("iPhone", StringComparison.Ordinal) || client.Contains("iPad", StringComparison.Ordinal) ? "iOS"
            : client.Contains("Windows", StringComparison.Ordinal) ? "Windows"
            : client.Contains("Mac OS X", StringComparison.Ordinal) ? "macOS"
            : client.Contains("Linux", StringComparison.Ordinal) ? "Linux"
            : null;
        var name = program.Success ? program.Groups["name"].Value switch { "Edg" => "Edge", "OPR" => "Opera", "Version" => "Safari", var other => other } + " " + program.Groups["version"].Value
            : client.Length is > 0 and <= 40 ? client
            : client.Length > 0 ? client[..40] + "…"
            : "?";
        return system is null ? name : $"{name}, {system}";
    }

    private static readonly string[] Names = ["Version", "Chrome", "HeadlessChrome", "Firefox", "OPR", "Edg"];

    [GeneratedRegex(@"(?<name>Edg|OPR|Firefox|Chrome|HeadlessChrome|Version)/(?<version>\d+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Program();
}
