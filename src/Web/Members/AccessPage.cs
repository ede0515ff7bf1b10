using Microsoft.AspNetCore.Components;
using PRTS.Api.Access;
using PRTS.Storage.Access;
using PRTS.Web.Access;
using PRTS.Web.Shell;

namespace PRTS.Web.Members;

/// <summary>What the pages about the access to a tenant, an organization and a project have in common: roles given there, a search and a page number in the address.</summary>
public abstract class AccessPage : ReadingPage
{
    [SupplyParameterFromQuery(Name = "q")] public string? Search { get; set; }

    [SupplyParameterFromQuery] public int? Page { get; set; }

    [PersistentState] public PlaceGrants? Grants { get; set; }

    [PersistentState] public IReadOnlyList<RoleSummary>? Roles { get; set; }

    [PersistentState] public IReadOnlyList<TeamAccess>? Teams { get; set; }

    /// <summary>Names of persons to choose from.</summary>
    [PersistentState] public IReadOnlyList<string>? People { get; set; }

    [Inject] protected AccessDirectory Access { get; set; } = null!;

    [Inject] protected DirectoryReadModel Directory { get; set; } = null!;

    /// <summary>Persons, then teams as <c>org/team</c>.</summary>
    protected IReadOnlyList<string> Suggested => [.. People ?? [], .. (Teams ?? []).Select(access => $"{access.Team.Org}/{access.Team.Name}")];

    protected override object Shown => Scope;

    protected override bool Restored => Grants is not null;

    protected override async Task Load()
    {
        var grants = await Access.At(User, Scope, Leaving);
        Roles = await Access.Roles(User.Tenant(), Leaving);
        Teams = await Access.Teams(User, Scope.Org, Leaving);
        People = await Access.Names(User, [.. grants.Grants.Select(grant => grant.User), .. Teams.SelectMany(access => access.Team.Members)], Leaving);
        Grants = grants;
    }

    protected void SearchChanged(string? text) => Show(new() { ["q"] = OrNull(text), ["page"] = null }, replace: true);

    protected void PageChanged(int page) => Show(new() { ["page"] = page == 1 ? null : page });
}
