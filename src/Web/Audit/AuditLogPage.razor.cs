using System.Globalization;
using Microsoft.AspNetCore.Components;
using Npgsql;
using PRTS.Audit;
using PRTS.Storage.Audit;
using PRTS.Web.Access;

namespace PRTS.Web.Audit;

/// <summary>The audit log of the reader's tenant. Everything that is asked for stands in the address, so that a link shows the same.</summary>
public partial class AuditLogPage
{
    private const int PageSize = 50;

    /// <summary>Names of formats are the same in every language.</summary>
    private static readonly IReadOnlyList<(string Format, string Label)> Formats = [("json", "JSON"), ("csv", "CSV"), ("syslog", "syslog")];
    private object? shown;

    [SupplyParameterFromQuery] public string? Actor { get; set; }

    [SupplyParameterFromQuery] public string? Action { get; set; }

    [SupplyParameterFromQuery] public string? Target { get; set; }

    [SupplyParameterFromQuery] public new string? Project { get; set; }

    [SupplyParameterFromQuery] public string? Outcome { get; set; }

    [SupplyParameterFromQuery] public string? From { get; set; }

    [SupplyParameterFromQuery] public string? To { get; set; }

    [SupplyParameterFromQuery] public string? Text { get; set; }

    /// <summary>Only entries before this number.</summary>
    [SupplyParameterFromQuery] public long? Before { get; set; }

    /// <summary>The entry that is shown whole.</summary>
    [SupplyParameterFromQuery] public long? Open { get; set; }

    [PersistentState] public AuditPage? Found { get; set; }

    private string? Problem { get; set; }

    [Inject] private AuditEntries Entries { get; set; } = null!;

    private AuditQuery Query => new(Actor, Action, Target, Project, Outcome, Time(From), Time(To), Text);

    private bool HasMore => (Target ?? Project ?? From ?? To) is not null;

    protected override async Task OnParametersSetAsync()
    {
        var asked = (Query, Before);
        if (Equals(shown, asked)) return;
        var restored = shown is null && Found is not null;
        shown = asked;
        if (!restored) await Load();
    }

    private async Task Load()
    {
        (Found, Problem) = (null, null);
        if (Query.Problem is { ProblemDetails.Detail: var detail })
        {
            Problem = detail;
            return;
        }

        try
        {
            Found = await Entries.Find(User.Tenant(), Query.Filter, Before, PageSize, Leaving);
        }
        catch (NpgsqlException)
        {
            Problem = Localizer["Audit.Unreadable"];
        }
    }

    private Task Retry() => Load();

    /// <summary>Another filter shows its newest entries first.</summary>
    private void Filter(string name, string? text) => Show(new() { [name] = OrNull(text), ["before"] = null, ["open"] = null }, replace: true);

    private void Since(string name, string? field) => Filter(name, Time(field) is { } time ? time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : null);

    private string Export(string format) => $"{Rest.Routes.Api}/audit/export?{Query.Address(("format", format))}";

    private string Address(long? before, long? open) => Query.Address(("before", Number(before)), ("open", Number(open))) is { Length: > 0 } query ? $"/admin/audit?{query}" : "/admin/audit";

    private string OutcomeName(string? outcome) => Enum.GetValues<AuditOutcome>().Where(known => Canonical.Name(known) == outcome).Select(known => Localizer[$"Audit.{known}"].Value).FirstOrDefault(Localizer["Audit.AnyOutcome"]);

    private static string Words(AuditTarget target) => $"{target.Kind} {target.Name ?? target.Id}{(target.Project is { } project && target.Id != $"{target.Org}/{project}" ? $" · {target.Org}/{project}" : "")}";

    private static string? Number(long? number) => number?.ToString(CultureInfo.InvariantCulture);

    /// <summary>What names no zone is UTC, as the fields' labels say.</summary>
    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;

    private static string Field(string? text) => Time(text)?.ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture) ?? "";
}
