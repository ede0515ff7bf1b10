using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Access;
using PRTS.Contracts;
using PRTS.Contracts.Access;
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
        group.MapPost("/tenants", CreateTenant).Audit<CreateTenant>("tenant:create", DirectoryChanges.Fields, target: (request, address) => address with { Id = request.Name }).RequirePermission(Permissions.TenantManage).WithSummary("Make a tenant");
        group.MapPatch("/tenants/{tenant}", UpdateTenant).Audit<UpdateTenant>("tenant:enable", request => new() { ["enabled"] = request.Enabled }, AccessAudit.OfTenant).RequirePermission(Permissions.TenantManage).WithSummary("Enable or disable a tenant").WithDescription("Nobody of a disabled one gets in; nothing of it is lost.");
        group.MapGet("/organizations", Organizations).RequirePermissionAnywhere(Permissions.ProjectRead).WithSummary("Organizations in which I may see something");
        group.MapPost("/organizations", CreateOrganization).Audit<CreateOrganization>("organization:create", DirectoryChanges.Fields, target: (request, _) => DirectoryChanges.Organization(request.Name)).RequirePermission(Permissions.OrganizationManage).WithSummary("Make an organization");
        group.MapPatch(Org, Describe).Audit<Description>("organization:describe", request => new() { ["description"] = request.Text }, AccessAudit.OfOrganization).RequirePermission(Permissions.OrganizationManage).WithSummary("Say what an organization is for");
        group.MapGet(Org + "/teams", Teams).RequirePermission(Permissions.MemberRead).WithSummary("Teams of an organization and their members");
        group.MapPut(Team, SetTeam).Audit<Description>("team:set", request => new() { ["description"] = request.Text }, AccessAudit.OfTeam).RequirePermission(Permissions.MemberManage).WithSummary("Make a team, or say what it is for");
        group.MapDelete(Team, RemoveTeam).Audit("team:remove", AccessAudit.OfTeamAndItsRoles).RequirePermission(Permissions.MemberManage).WithSummary("Remove a team").WithDescription("Its members lose at once what they had by it.");
        group.MapPut(Team + "/members/{user}", AddMember).Audit<HttpContext>("team:add-member", http => DirectoryChanges.Added((string)http.Request.RouteValues["user"]!), AccessAudit.OfTeam).RequirePermission(Permissions.MemberManage).WithSummary("Take a user into a team");
        group.MapDelete(Team + "/members/{user}", RemoveMember).Audit("team:remove-member", AccessAudit.OfTeam).RequirePermission(Permissions.MemberManage).WithSummary("Take a user out of a team");
        group.MapGet("/roles", Roles).RequirePermissionAnywhere(Permissions.MemberRead).WithSummary("Roles and what they may do");
        group.MapPut("/roles/{role}", SetRole).Audit<SetRole>("role:set", request => new() { ["permissions"] = string.Join(' ', request.Permissions) }, AccessAudit.OfRole).RequirePermission(Permissions.RoleManage).WithSummary("Make or change a role of the tenant's own");
        group.MapDelete("/roles/{role}", RemoveRole).Audit("role:remove", AccessAudit.OfRole).RequirePermission(Permissions.RoleManage).WithSummary("Remove a role of the tenant's own").WithDescription("Whoever has it loses at once what they had by it.");
        MapGrants(group, "/grants", "in the whole tenant");
        MapGrants(group, Org + "/grants", "in an organization");
        MapGrants(group, Routes.Project + "/grants", "in a project");
        group.MapGet("/account/access", ExplainOwn).RequirePermission(Permissions.AccountManage).WithSummary("Why may I do something, or not?")
            .WithDescription("`permission` and `scope` as for `/access`.");
        group.MapGet("/access", Explain).RequirePermissionAnywhere(Permissions.MemberRead).WithSummary("Why may somebody do something?")
            .WithDescription("`user`, `permission` such as `pipeline:run`, `scope`: `org`, `org/project`, or nothing for the whole tenant.");
    }

    private static void MapGrants(RouteGroupBuilder group, string address, string where)
    {
        group.MapGet(address, Grants).RequirePermission(Permissions.MemberRead).WithSummary($"Who has which role {where}");
        group.MapPost(address, Give).Audit<Grant>("grant:give", AccessDirectory.Fields, AccessAudit.OfGrant, AccessDirectory.Target).CheckPlace().RequirePermission(Permissions.MemberManage).WithSummary($"Give a role {where}").WithDescription("Nobody gives rights that they do not have there.");
        group.MapDelete(address, Take).Audit<Grant>("grant:take", _ => null, AccessAudit.OfGrant, AccessDirectory.Target).RequirePermission(Permissions.MemberManage).WithSummary($"Take a role {where}");
    }

    private static async Task<Ok<IReadOnlyList<TenantSummary>>> Tenants(DirectoryReadModel directory, CancellationToken cancellationToken) => TypedResults.Ok(await directory.Tenants(cancellationToken));

    private static async Task<Results<Created<TenantSummary>, ProblemHttpResult>> CreateTenant(CreateTenant request, DirectoryChanges changes, IGrainFactory grains) =>
        await changes.CreateTenant(request) is { } refused ? refused.Answer() : TypedResults.Created($"{Rest.Routes.Api}/tenants/{request.Name}", (await grains.Tenant(request.Name).Get())!);

    private static async Task<Results<NoContent, ProblemHttpResult>> UpdateTenant(string tenant, UpdateTenant request, DirectoryChanges changes) =>
        Done(await changes.SetTenantEnabled(tenant, request.Enabled));

    private static async Task<Ok<List<OrganizationSummary>>> Organizations(ClaimsPrincipal user, DirectoryReadModel directory, CancellationToken cancellationToken)
    {
        var places = user.Places(Permissions.ProjectRead);
        return TypedResults.Ok((await directory.Organizations(user.Tenant(), cancellationToken)).Where(known => places.Any(place => place.Org is null || place.Org == known.Name)).ToList());
    }

    private static async Task<Results<Created<OrganizationSummary>, ProblemHttpResult>> CreateOrganization(CreateOrganization request, ClaimsPrincipal user, DirectoryChanges changes, IGrainFactory grains) =>
        await changes.CreateOrganization(user.Tenant(), request) is { } refused
            ? refused.Answer()
            : TypedResults.Created($"{Rest.Routes.Api}/organizations/{request.Name}", (await grains.Organization(user.Tenant(), request.Name).Get())!);

    private static async Task<Results<NoContent, ProblemHttpResult>> Describe(string org, Description request, ClaimsPrincipal user, DirectoryChanges changes) =>
        Done(await changes.Describe(user.Tenant(), org, request.Text));

    private static async Task<Ok<IReadOnlyList<TeamSummary>>> Teams(string org, ClaimsPrincipal user, DirectoryReadModel directory, CancellationToken cancellationToken) =>
        TypedResults.Ok(await directory.Teams(user.Tenant(), org, cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> SetTeam(string org, string team, Description request, ClaimsPrincipal user, DirectoryChanges changes) =>
        Done(await changes.SetTeam(user.Tenant(), org, team, request.Text));

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveTeam(string org, string team, ClaimsPrincipal user, AccessDirectory directory, CancellationToken cancellationToken) =>
        Done(await directory.RemoveTeam(user, org, team, cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> AddMember(
        string org, string team, [FromRoute(Name = "user")] string name, HttpContext http, AccessDirectory directory, CancellationToken cancellationToken) =>
        Done(await directory.SetMember(http.User, org, team, name, member: true, cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveMember(
        string org, string team, [FromRoute(Name = "user")] string name, ClaimsPrincipal caller, AccessDirectory directory, CancellationToken cancellationToken) =>
        Done(await directory.SetMember(caller, org, team, name, member: false, cancellationToken));

    private static async Task<Ok<List<RoleSummary>>> Roles(ClaimsPrincipal user, AccessDirectory directory, CancellationToken cancellationToken) =>
        TypedResults.Ok(await directory.Roles(user.Tenant(), cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> SetRole(string role, SetRole request, ClaimsPrincipal user, DirectoryChanges changes) =>
        Done(await changes.SetRole(user, new(role, request.Permissions)));

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveRole(string role, ClaimsPrincipal user, DirectoryChanges changes) => Done(await changes.RemoveRole(user, role));

    private static async Task<Ok<IReadOnlyList<GrantSummary>>> Grants(HttpContext http, DirectoryReadModel directory, CancellationToken cancellationToken) =>
        TypedResults.Ok(await directory.Grants(http.User.Tenant(), Scope(http), cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> Give(Grant request, HttpContext http, AccessDirectory directory, CancellationToken cancellationToken) =>
        Done(await directory.Give(http.User, Scope(http), request, cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> Take([FromBody] Grant request, HttpContext http, AccessDirectory directory, CancellationToken cancellationToken) =>
        Done(await directory.Take(http.User, Scope(http), request, cancellationToken));

    private static async Task<Results<Ok<AccessExplanation>, ProblemHttpResult>> Explain(
        [FromQuery(Name = "user")] string name, string permission, string? scope, HttpContext http, AccessDirectory directory, DeniedAttempts denied, CancellationToken cancellationToken)
    {
        if (AskedProblem(permission, scope) is { } wrong) return wrong;
        var (caller, place) = (http.User, AccessScope.Parse(scope)!.Value);
        if (!caller.May(Permissions.MemberRead, place))
        {
            var why = $"You may not see who has which role {(place == AccessScope.Tenant ? "in the whole tenant" : $"in {place}")}.";
            await denied.Record(http.AuditSource().Denied(Permissions.MemberRead, new("user", name, null, place.Org, place.Project), why));
            return Problems.Of(StatusCodes.Status403Forbidden, "forbidden", why);
        }

        return await directory.Explain(caller.Tenant(), name, permission, place, cancellationToken) is { } explanation ? TypedResults.Ok(explanation) : Problems.NotFound($"There is no user '{name}'.");
    }

    private static async Task<Results<Ok<AccessExplanation>, ProblemHttpResult>> ExplainOwn(string permission, string? scope, ClaimsPrincipal caller, AccessDirectory directory, CancellationToken cancellationToken) =>
        AskedProblem(permission, scope) is { } wrong ? wrong : TypedResults.Ok((await directory.Explain(caller.Tenant(), caller.Actor(), permission, AccessScope.Parse(scope)!.Value, cancellationToken))!);

    private static ProblemHttpResult? AskedProblem(string permission, string? scope) =>
        !AccessRules.All.Contains(permission) ? Problems.Invalid($"'{permission}' is no permission. There are {string.Join(", ", AccessRules.All.Order(StringComparer.Ordinal))}.")
        : AccessScope.Parse(scope) is null ? Problems.Invalid($"'{scope}' is no place: it is org, org/project, or nothing for the whole tenant.")
        : null;

    /// <summary>Where the address says.</summary>
    private static AccessScope Scope(HttpContext http) => new(http.Request.RouteValues["org"] as string, http.Request.RouteValues["project"] as string);

    private static Results<NoContent, ProblemHttpResult> Done(Refused? refused) => refused is null ? TypedResults.NoContent() : refused.Answer();
}
