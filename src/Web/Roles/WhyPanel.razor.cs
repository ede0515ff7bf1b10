using System.Security.Claims;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Storage.Access;
using PRTS.Storage.Projects;
using PRTS.Web.Access;
using PRTS.Web.Resources;

namespace PRTS.Web.Roles;

/// <summary>What the rules decide for somebody, and why; as they are now.</summary>
/// <param name="Because">The roles that allow it.</param>
/// <param name="Giving">Roles that would allow it there.</param>
public sealed record WhyAnswer(bool Allowed, AccessObstacle Obstacle, IReadOnlyList<GrantSummary> Because, IReadOnlyList<string> Giving);

/// <summary>Whether somebody may do something somewhere, and why. What is asked is in the address.</summary>
public partial class WhyPanel
{
    private const int MostPlaces = 200;
    private IReadOnlyList<string> people = [];
    private IReadOnlyList<string> places = [];
    private (string?, string?, string?) asked;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    /// <summary>A user's name.</summary>
    [Parameter] public string? Person { get; set; }

    /// <summary>Readers ask about themselves alone.</summary>
    [Parameter] public bool Own { get; set; }

    [Parameter] public string? Permission { get; set; }

    /// <summary><c>org</c>, <c>org/project</c>, or nothing for the whole tenant.</summary>
    [Parameter] public string? Place { get; set; }

    [PersistentState] public WhyAnswer? Answer { get; set; }

    [Inject] private AccessDirectory Access { get; set; } = null!;

    [Inject] private DirectoryReadModel Directory { get; set; } = null!;

    [Inject] private ProjectsReadModel Projects { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    private string? Problem { get; set; }

    private bool Complete => !string.IsNullOrEmpty(Person) && !string.IsNullOrEmpty(Permission);

    private string What => Localizer["Why.What", Localizer[$"Permission.{Permission}"].Value, PlaceName(Place ?? "")];

    private AccessScope? Scope => AccessScope.Parse(Place);

    protected override async Task OnInitializedAsync()
    {
        var user = (await Authentication).User;
        var seen = user.Places(Permissions.ProjectRead);
        var organizations = (await Directory.Organizations(user.Tenant())).Select(known => known.Name).Where(org => seen.Any(place => place.Org is null || place.Org == org));
        var projects = (await Projects.List(user.Tenant(), new() { Places = seen, Take = MostPlaces })).Items.Select(project => project.FullName);
        places = [.. organizations.Concat(projects).Order(StringComparer.Ordinal)];
        if (!Own) people = await Access.Names(user, [.. (await Access.Teams(user, org: null)).SelectMany(access => access.Team.Members)]);
    }

    /// <summary>Also when rights changed: the answer on the page is that of now.</summary>
    protected override async Task OnParametersSetAsync()
    {
        var user = (await Authentication).User;
        if (user.Identity?.IsAuthenticated != true) return;
        if (asked != default && asked != (Person, Permission, Place)) Answer = null;
        var mine = asked = (Person, Permission, Place);
        Problem = !Complete ? null
            : !AccessRules.All.Contains(Permission!) ? Localizer["Why.NoPermission", Permission!].Value
            : Scope is not { } place ? Localizer["Why.NoPlace", Place!].Value
            : !Own && !user.May(Permissions.MemberRead, place) ? Localizer["Why.NotYours", PlaceName(Place ?? "")].Value
            : null;
        if (!Complete || Problem is not null) return;
        var decided = await Access.Decide(user.Tenant(), Person!, Permission!, Scope!.Value);
        // Whoever asks something else meanwhile gets the answer to that, whichever comes last.
        if (mine != asked) return;
        if (decided is (var known, var decision)) Answer = Explain(user, known, decision);
        else Problem = Localizer["Why.Nobody", Person!].Value;
    }

    private WhyAnswer Explain(ClaimsPrincipal reader, AccessFacts facts, AccessDecision decision) => new(
        decision.Allowed,
        decision.Obstacle,
        [.. decision.Because.Select(held => new GrantSummary { User = held.Team is null ? facts.Name : null, Team = held.Team, Role = held.Role, Scope = held.Scope.ToString() })],
        [
            .. AccessRules.BuiltIn.Where(role => AccessRules.Allows(role, Permission!)).Select(Accounts.Name),
            // What roles the tenant has made is not for everybody.
            .. reader.MayAnywhere(Permissions.MemberRead) ? facts.CustomRoles.Keys.Where(role => AccessRules.Of(facts, role).Contains(Permission!)).Order(StringComparer.Ordinal) : Enumerable.Empty<string>(),
        ]);

    private string PlaceName(string scope) => scope.Length == 0 ? Localizer["Access.WholeTenant"].Value : scope;

    private void Ask(string what, string? value)
    {
        var name = what switch { nameof(Person) => "user", nameof(Permission) => "permission", _ => "scope" };
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, string.IsNullOrWhiteSpace(value) ? null : value.Trim()));
    }
}
