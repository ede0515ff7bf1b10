using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Web.Access;
using PRTS.Web.Roles;

namespace PRTS.Web.Members;

/// <summary>Teams of an organization: who is in them, and what they were given.</summary>
public partial class TeamsPanel
{
    /// <summary>Of members that are shown; the search finds the others.</summary>
    private const int Most = 100;
    private readonly Dictionary<string, string> adding = new(StringComparer.Ordinal);

    [Parameter, EditorRequired] public IReadOnlyList<TeamAccess> Teams { get; set; } = [];

    /// <summary>Names to choose from.</summary>
    [Parameter] public IReadOnlyList<string> People { get; set; } = [];

    /// <summary>Only teams whose name or members have this in their name; of those then only the members that do.</summary>
    [Parameter] public string? Search { get; set; }

    [Inject] private AccessDirectory Directory { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    private List<TeamAccess> Listed => [.. Teams.Select(Found).OfType<TeamAccess>()];

    private TeamAccess? Found(TeamAccess access)
    {
        if (Search is null || access.Team.Name.Contains(Search, StringComparison.OrdinalIgnoreCase)) return access;
        string[] members = [.. access.Team.Members.Where(member => member.Contains(Search, StringComparison.OrdinalIgnoreCase))];
        return members.Length == 0 ? null : access with { Team = access.Team with { Members = members } };
    }

    private string RoleIn(GrantSummary grant) =>
        Localizer["Teams.RoleIn", RoleNames.Of(Localizer, grant.Role), grant.Scope.Length == 0 ? Localizer["Access.WholeTenant"].Value : grant.Scope];

    private async Task Edit(TeamSummary? team)
    {
        var parameters = new DialogParameters<TeamDialog> { { dialog => dialog.Scope, Scope }, { dialog => dialog.Team, team } };
        var dialog = await Dialogs.ShowAsync<TeamDialog>(team?.Name ?? Localizer["Teams.New"], parameters);
        if (await dialog.Result is { Canceled: false }) await Changed.InvokeAsync();
    }

    private async Task Remove(TeamSummary team)
    {
        if (await Dialogs.ShowMessageBoxAsync(Localizer["Teams.Remove", team.Name], Localizer["Teams.RemoveText"], Localizer["Access.Remove"], cancelText: Localizer["Cancel"]) != true) return;
        await Make(Permissions.MemberManage, "team:remove", Target("team", team.Name), null, user => Directory.RemoveTeam(user, team.Org, team.Name), tenant => Former.TeamAndItsRoles(tenant, team.Org, team.Name));
    }

    private async Task SetMember(TeamSummary team, string? name, bool member)
    {
        var person = name?.Trim() ?? "";
        if (person.Length == 0) Problem = Localizer["Teams.WhoMissing"];
        else if (await Make(Permissions.MemberManage, member ? "team:add-member" : "team:remove-member", Target("team", $"{team.Name}/{person}"), member ? DirectoryChanges.Added(person) : null, user => Directory.SetMember(user, team.Org, team.Name, person, member), tenant => Former.Team(tenant, team.Org, team.Name))) adding.Remove(team.Name);
    }
}
