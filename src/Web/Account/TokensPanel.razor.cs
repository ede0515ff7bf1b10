using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Storage.Projects;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Resources;
using PRTS.Web.Shell;

namespace PRTS.Web.Account;

/// <summary>A person's access tokens: made with as few rights as their use needs, shown once, and revoked.</summary>
public partial class TokensPanel
{
    private const string UsualDays = "90";
    private const int MostPlaces = 200;
    private readonly SortedSet<string> chosen = new(StringComparer.Ordinal);
    private string name = "";
    private string place = "";
    private string days = UsualDays;
    private string? problem;
    private CreatedAccessToken? created;
    private List<AccessTokenSummary>? tokens;
    private IReadOnlyList<string> places = [];
    private ClaimsPrincipal user = new();

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private AccessAudit Before { get; set; } = null!;

    [Inject] private AccessTokens Tokens { get; set; } = null!;

    [Inject] private ProjectsReadModel Projects { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    /// <summary>What the person may do somewhere, by what it is done to; all of a noun first.</summary>
    private IEnumerable<IGrouping<string, string>> Nouns => AccessRules.All.Where(user.MayAnywhere).Order(StringComparer.Ordinal)
        .GroupBy(permission => permission[..permission.IndexOf(':', StringComparison.Ordinal)], StringComparer.Ordinal)
        .SelectMany(noun => noun.Prepend($"{noun.Key}:*").Select(pattern => (noun.Key, pattern)))
        .GroupBy(pair => pair.Key, pair => pair.pattern, StringComparer.Ordinal);

    protected override async Task OnInitializedAsync()
    {
        user = (await Authentication).User;
        tokens = await Tokens.List(user.UserId());
        var projects = (await Projects.List(user.Tenant(), new() { Places = user.Places(Permissions.ProjectRead), Take = MostPlaces })).Items;
        places = [.. projects.Select(project => project.Org).Concat(projects.Select(project => project.FullName)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private void Choose(string pattern, bool wanted)
    {
        if (wanted) chosen.Add(pattern);
        else chosen.Remove(pattern);
    }

    private async Task Create()
    {
        (created, problem) = (null, null);
        user = (await Authentication).User;
        var request = new CreateAccessToken { Name = name.Trim(), ExpiresInDays = Days(), Permissions = chosen.Count > 0 ? [.. chosen] : null, Scope = place.Trim() };
        problem = user.Facts() is { Limit: not null } ? Localizer["Tokens.Limited"].Value
            : request.ExpiresInDays is 0 or < 0 ? Localizer["Tokens.BadDays"].Value
            : AccessScope.Parse(request.Scope) is null ? Localizer["Tokens.BadPlace", request.Scope].Value
            : AccessTokens.Problem(request) is not null ? Localizer["Tokens.BadName"].Value
            : null;
        if (problem is not null) return;
        await Audit.Allowed("access-token:create", new("access-token", request.Name), AccessTokens.Fields(request));
        created = await Tokens.Create(user.UserId(), request);
        (name, place, days) = ("", "", UsualDays);
        chosen.Clear();
        tokens = await Tokens.List(user.UserId());
    }

    /// <summary>Null: it does not expire. Zero: what was typed is no such number.</summary>
    private int? Days() => string.IsNullOrWhiteSpace(days) ? null : int.TryParse(days.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 3650 ? number : 0;

    private async Task Revoke(AccessTokenSummary token)
    {
        if (!await ConfirmDialog.Ask(Dialogs, Localizer["Tokens.RevokeName", token.Name], Localizer["Tokens.RevokeText"], Localizer["Tokens.Revoke"])) return;
        await Audit.Allowed("access-token:revoke", new("access-token", token.Id.ToString()), before: await Before.Key(user.UserId(), token.Id));
        await Tokens.Revoke(user.UserId(), token.Id);
        if (created?.Summary.Id == token.Id) created = null;
        tokens = await Tokens.List(user.UserId());
    }
}
