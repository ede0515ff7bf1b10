using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Access;

/// <summary>Tenants, organizations, teams, roles, and who has them where.</summary>
public static class DirectoryEndpoints
{
    private const string Org = "/organizations/{org}";
    private const string Team = Org + "/teams/{team}";

    public static void MapDirectory(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("").WithTags("Access").CheckNames();
        group.MapGet("/tenants", Tenants).RequirePermission(Permissions.TenantManage).WithSummary("Tenants of this installation");
        group.MapPost("/tenants", CreateTenant).Audit<CreateTenant>("tenant:create", request => new() { ["name"] = request.Name }).RequirePermission(Permissions.TenantManage).WithSummary("Make a tenant");
        group.MapPatch("/tenants/{tenant}", UpdateTenant).Audit<UpdateTenant>("tenant:enable", request => new() { ["enabled"] = request.Enabled }).RequirePermission(Permissions.TenantManage).WithSummary("Enable or disable a tenant").WithDescription("Nobody of a disabled one gets in; nothing of it is lost.");
        group.MapGet("/organizations", Organizations).RequirePermissionAnywhere(Permissions.ProjectRead).WithSummary("Organizations in which I may see something");
        group.MapPost("/organizations", CreateOrganization).Audit<CreateOrganization>("organization:create", request => new() { ["name"] = request.Name }).RequirePermission(Permissions.OrganizationManage).WithSummary("Make an organization");
        group.MapPatch(Org, Describe).Audit<Description>("organization:describe", request => new() { ["description"] = request.Text }).RequirePermission(Permissions.OrganizationManage).WithSummary("Say what an organization is for");
        group.MapGet(Org + "/teams", Teams).RequirePermission(Permissions.MemberRead).WithSummary("Teams of an organization and their members");
        group.MapPut(Team, SetTeam).Audit<Description>("team:set", request => new() { ["description"] = request.Text }).RequirePermission(Permissions.MemberManage).WithSummary("Make a team, or say what it is for");
        group.MapDelete(Team, RemoveTeam).Audit("team:remove").RequirePermission(Permissions.MemberManage).WithSummary("Remove a team").WithDescription("Its members lose at once what they had by it.");
        group.MapPut(Team + "/members/{user}", AddMember).Audit("team:add-member").RequirePermission(Permissions.MemberManage).WithSummary("Take a user into a team");
        group.MapDelete(Team + "/members/{user}", RemoveMember).Audit("team:remove-member").RequirePermission(Permissions.MemberManage).WithSummary("Take a user out of a team");
        group.MapGet("/roles", Roles).RequirePermissionAnywhere(Permissions.MemberRead).WithSummary("Roles and what they may do");
        group.MapPut("/roles/{role}", SetRole).Audit<SetRole>("role:set", request => new() { ["permissions"] = string.Join(' ', request.Permissions) }).RequirePermission(Permissions.RoleManage).WithSummary("Make or change a role of the tenant's own");
        group.MapDelete("/roles/{role}", RemoveRole).Audit("role:remove").RequirePermission(Permissions.RoleManage).WithSummary("Remove a role of the tenant's own").WithDescription("Whoever has it loses at once what they had by it.");
        MapGrants(group, "/grants", "in the whole tenant");
        MapGrants(group, Org + "/grants", "in an organization");
        MapGrants(group, Routes.Project + "/grants", "in a project");
        group.MapGet("/access", Explain).RequirePermissionAnywhere(Permissions.MemberRead).WithSummary("Why may somebody do something?")
            .WithDescription("`user`, `permission` such as `pipeline:run`, `scope`: `org`, `org/project`, or nothing for the whole tenant.");
    }

    private static void MapGrants(RouteGroupBuilder group, string address, string where)
    {
        group.MapGet(address, Grants).RequirePermission(Permissions.MemberRead).WithSummary($"Who has which role {where}");
        group.MapPost(address, Give).Audit<Grant>("grant:give", Fields).RequirePermission(Permissions.MemberManage).WithSummary($"Give a role {where}").WithDescription("Nobody gives rights that they do not have there.");
        group.MapDelete(address, Take).Audit<Grant>("grant:take", Fields).RequirePermission(Permissions.MemberManage).WithSummary($"Take a role {where}");
    }

    private static async Task<Ok<IReadOnlyList<TenantSummary>>> Tenants(DirectoryReadModel directory, CancellationToken cancellationToken) => TypedResults.Ok(await directory.Tenants(cancellationToken));

    private static async Task<Results<Created<TenantSummary>, ProblemHttpResult>> CreateTenant(CreateTenant request, Accounts accounts, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (!ProjectId.IsValidName(request.Name)) return Problems.Invalid($"'{request.Name}' cannot be a tenant's name: use 1–64 of a-z 0-9 . _ -, beginning with a letter or digit.");
        if (AccessDirectory.DescriptionProblem(request.DisplayName) is { } wrong) return Problems.Invalid(wrong);
        if (request.Administrator is { } first && (Accounts.NameProblem(first.Name) ?? Accounts.PasswordProblem(first.Password, first.Name)) is { } unfit) return Problems.Invalid(unfit);
        if (await grains.Tenant(request.Name).Create(request.DisplayName) is { } problem) return Problems.Conflict(problem);
        if (request.Administrator is { } administrator
            && (await accounts.Create(request.Name, new() { Name = administrator.Name, Password = administrator.Password, Role = Accounts.Name(Role.Admin) }, cancellationToken)).Problem is { } failed) return Problems.Invalid(failed);
        return TypedResults.Created($"{Rest.Routes.Api}/tenants/{request.Name}", (await grains.Tenant(request.Name).Get())!);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> UpdateTenant(string tenant, UpdateTenant request, IGrainFactory grains) =>
        ProjectId.IsValidName(tenant) && await grains.Tenant(tenant).Get() is not null ? Done(await grains.Tenant(tenant).SetEnabled(request.Enabled)) : Problems.NotFound($"There is no tenant '{tenant}'.");

    private static async Task<Ok<List<OrganizationSummary>>> Organizations(ClaimsPrincipal user, DirectoryReadModel directory, CancellationToken cancellationToken)
    {
        var places = user.Places(Permissions.ProjectRead);
        return TypedResults.Ok((await directory.Organizations(user.Tenant(), cancellationToken)).Where(known => places.Any(place => place.Org is null || place.Org == known.Name)).ToList());
    }

    private static async Task<Results<Created<OrganizationSummary>, ProblemHttpResult>> CreateOrganization(CreateOrganization request, ClaimsPrincipal user, IGrainFactory grains)
    {
        if (!ProjectId.IsValidName(request.Name)) return Problems.Invalid($"'{request.Name}' cannot be an organization's name: use 1–64 of a-z 0-9 . _ -, beginning with a letter or digit.");
        if (ReservedNames.Contains(request.Name)) return Problems.Invalid(ReservedNames.Refusal(request.Name));
        if (AccessDirectory.DescriptionProblem(request.Description) is { } wrong) return Problems.Invalid(wrong);
        var organization = grains.Organization(user.Tenant(), request.Name);
        return await organization.Create(request.Description)
            ? TypedResults.Created($"{Rest.Routes.Api}/organizations/{request.Name}", (await organization.Get())!)
            : Problems.Conflict($"There is an organization '{request.Name}' already.");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Describe(string org, Description request, ClaimsPrincipal user, IGrainFactory grains) =>
        AccessDirectory.DescriptionProblem(request.Text) is { } wrong ? Problems.Invalid(wrong)
        : await grains.Organization(user.Tenant(), org).Describe(request.Text) ? TypedResults.NoContent()
        : NoOrganization(org);

    private static async Task<Ok<IReadOnlyList<TeamSummary>>> Teams(string org, ClaimsPrincipal user, DirectoryReadModel directory, CancellationToken cancellationToken) =>
        TypedResults.Ok(await directory.Teams(user.Tenant(), org, cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> SetTeam(string org, string team, Description request, ClaimsPrincipal user, IGrainFactory grains)
    {
        if (!ProjectId.IsValidName(team)) return Problems.Invalid($"'{team}' cannot be a team's name: use 1–64 of a-z 0-9 . _ -, beginning with a letter or digit.");
        if (AccessDirectory.DescriptionProblem(request.Text) is { } wrong) return Problems.Invalid(wrong);
        if (await grains.Organization(user.Tenant(), org).Get() is null) return NoOrganization(org);
        await grains.Team(user.Tenant(), org, team).Set(request.Text);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveTeam(string org, string team, ClaimsPrincipal user, AccessDirectory directory, CancellationToken cancellationToken) =>
        await directory.RemoveTeam(user.Tenant(), org, team, cancellationToken) ? TypedResults.NoContent() : Problems.NotFound($"There is no team {org}/{team}.");

    private static async Task<Results<NoContent, ProblemHttpResult>> AddMember(
        string org, string team, [FromRoute(Name = "user")] string name, ClaimsPrincipal caller, AccessDirectory directory, CancellationToken cancellationToken) =>
        Done(await directory.SetMember(caller, org, team, name, member: true, cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveMember(
        string org, string team, [FromRoute(Name = "user")] string name, ClaimsPrincipal caller, AccessDirectory directory, CancellationToken cancellationToken) =>
        Done(await directory.SetMember(caller, org, team, name, member: false, cancellationToken));

    private static async Task<Ok<List<RoleSummary>>> Roles(ClaimsPrincipal user, AccessDirectory directory, CancellationToken cancellationToken) =>
        TypedResults.Ok(await directory.Roles(user.Tenant(), cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> SetRole(string role, SetRole request, ClaimsPrincipal user, IGrainFactory grains) =>
        request.Permissions.FirstOrDefault(pattern => !AccessRules.IsPattern(pattern)) is { } unknown
            ? Problems.Invalid($"'{unknown}' is no permission. There are {string.Join(", ", AccessRules.All.Order(StringComparer.Ordinal))}; noun:* stands for all of a noun, * for all.")
            : request.Permissions.FirstOrDefault(pattern => !MayAll(user, pattern)) is { } beyond
            ? Problems.Of(StatusCodes.Status403Forbidden, "forbidden", $"You do not have all of {beyond} in the whole tenant, so you cannot make a role of it.")
            : Done(await grains.Tenant(user.Tenant()).SetRole(new(role, request.Permissions)));

    /// <summary>Whoever may make roles must not make one that has more than they have.</summary>
    private static bool MayAll(ClaimsPrincipal user, string pattern) => AccessRules.All.Where(permission => AccessRules.Matches(pattern, permission))
        .All(permission => AccessRules.Allows(Role.Admin, permission) && (user.May(permission, AccessScope.Tenant) || !AccessRules.IsOfTenant(permission)));

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveRole(string role, ClaimsPrincipal user, IGrainFactory grains) => Done(await grains.Tenant(user.Tenant()).RemoveRole(role));

    private static async Task<Ok<IReadOnlyList<GrantSummary>>> Grants(HttpContext http, DirectoryReadModel directory, CancellationToken cancellationToken) =>
        TypedResults.Ok(await directory.Grants(http.User.Tenant(), Scope(http), cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> Give(Grant request, HttpContext http, AccessDirectory directory, CancellationToken cancellationToken) =>
        Done(await directory.Give(http.User, Scope(http), request, cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> Take([FromBody] Grant request, HttpContext http, AccessDirectory directory, CancellationToken cancellationToken) =>
        Done(await directory.Take(http.User, Scope(http), request, cancellationToken));

    private static async Task<Results<Ok<AccessExplanation>, ProblemHttpResult>> Explain(
        [FromQuery(Name = "user")] string name, string permission, string? scope, ClaimsPrincipal caller, AccessDirectory directory, CancellationToken cancellationToken)
    {
        if (!AccessRules.All.Contains(permission)) return Problems.Invalid($"'{permission}' is no permission. There are {string.Join(", ", AccessRules.All.Order(StringComparer.Ordinal))}.");
        if (AccessScope.Parse(scope) is not { } place) return Problems.Invalid($"'{scope}' is no place: it is org, org/project, or nothing for the whole tenant.");
        if (!caller.May(Permissions.MemberRead, place)) return Problems.Of(StatusCodes.Status403Forbidden, "forbidden", $"You may not see who has which role {(place == AccessScope.Tenant ? "in the whole tenant" : $"in {place}")}.");
        return await directory.Explain(caller.Tenant(), name, permission, place, cancellationToken) is { } explanation ? TypedResults.Ok(explanation) : Problems.NotFound($"There is no user '{name}'.");
    }

    private static AuditFields Fields(Grant grant) => new() { ["user"] = grant.User ?? "", ["team"] = grant.Team ?? "", ["role"] = grant.Role };

    /// <summary>Where the address says.</summary>
    private static AccessScope Scope(HttpContext http) => new(http.Request.RouteValues["org"] as string, http.Request.RouteValues["project"] as string);

    private static Results<NoContent, ProblemHttpResult> Done(string? problem) => problem is null ? TypedResults.NoContent() : Problems.Invalid(problem);

    private static ProblemHttpResult NoOrganization(string org) => Problems.NotFound($"There is no organization '{org}'.");
}
