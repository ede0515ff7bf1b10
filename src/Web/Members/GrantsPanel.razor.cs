using Microsoft.AspNetCore.Components;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Members;

/// <summary>Who has which role in a place: given there, or in a wider one. Roles are given and taken here.</summary>
public partial class GrantsPanel
{
    private const int PageSize = 25;
    private string who = "";
    private string role = Accounts.Name(Contracts.Access.Role.Viewer);

    [Parameter, EditorRequired] public PlaceGrants Grants { get; set; } = null!;

    /// <summary>The tenant's.</summary>
    [Parameter, EditorRequired] public IReadOnlyList<RoleSummary> Roles { get; set; } = [];

    /// <summary>Names of persons and teams to choose from.</summary>
    [Parameter] public IReadOnlyList<string> Suggested { get; set; } = [];

    /// <summary>Only those whose name has this in it.</summary>
    [Parameter] public string? Search { get; set; }

    [Parameter] public int Number { get; set; } = 1;

    [Parameter] public EventCallback<int> NumberChanged { get; set; }

    [Inject] private AccessDirectory Directory { get; set; } = null!;

    private List<GrantSummary> Listed => [.. Grants.Grants.Where(grant => Search is null || Who(grant).Contains(Search, StringComparison.OrdinalIgnoreCase))];

    private static string Who(GrantSummary grant) => grant.Team ?? grant.User ?? "";

    private bool IsHere(GrantSummary grant) => grant.Scope == Scope.ToString();

    private string PlaceName(string scope) => scope.Length == 0 ? Localizer["Access.WholeTenant"].Value : scope;

    private async Task Give()
    {
        var name = who.Trim();
        var grant = name.Contains('/', StringComparison.Ordinal) ? new Grant { Team = name, Role = role } : new Grant { User = name, Role = role };
        if (name.Length == 0) Problem = Localizer["Access.WhoMissing"];
        else if (await Make(Permissions.MemberManage, "grant:give", AccessDirectory.Target(grant, Target("grant", "")), AccessDirectory.Fields(grant), user => Directory.Give(user, Scope, grant), tenant => Former.Grants(tenant, Scope, grant))) who = "";
    }

    private Task Take(GrantSummary given)
    {
        var grant = new Grant { User = given.User, Team = given.Team, Role = given.Role };
        return Make(Permissions.MemberManage, "grant:take", AccessDirectory.Target(grant, Target("grant", "")), null, user => Directory.Take(user, Scope, grant), tenant => Former.Grants(tenant, Scope, grant));
    }
}
