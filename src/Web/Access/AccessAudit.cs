using Microsoft.AspNetCore.Http;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Access;
using PRTS.Storage.Users;
using PRTS.Web.Audit;

namespace PRTS.Web.Access;

/// <summary>
/// What the audit log says of tenants, organizations, teams, roles and accounts as they were before they are changed, for the API and for pages. Null: it
/// was not there.
/// </summary>
public sealed class AccessAudit(DirectoryReadModel directory, Accounts accounts, Sessions sessions, SecondFactors factors, AccessTokens tokens, IGrainFactory grains)
{
    public async Task<AuditFields?> Tenant(string name) => ProjectId.IsValidName(name) && await grains.Tenant(name).Get() is { } known ? new() { ["enabled"] = known.Enabled } : null;

    public async Task<AuditFields?> Organization(string tenant, string org) => await grains.Organization(tenant, org).Get() is { } known ? new() { ["description"] = known.Description } : null;

    public async Task<AuditFields?> Team(string tenant, string org, string team) => (await directory.Teams(tenant, org)).FirstOrDefault(known => known.Name == team) is { } found
        ? new() { ["description"] = found.Description, ["members"] = AuditValue.List(found.Members) }
        : null;

    /// <summary>With the roles that go when the team goes, each with its place.</summary>
    public async Task<AuditFields?> TeamAndItsRoles(string tenant, string org, string team)
    {
        if (await Team(tenant, org, team) is not { } fields) return null;
        var roles = (await directory.Grants(tenant, scope: null)).Where(held => held.Team == $"{org}/{team}").Select(held => $"{held.Role} {held.Scope}".TrimEnd());
        fields["roles"] = AuditValue.List([.. roles.Order(StringComparer.Ordinal)]);
        return fields;
    }

    public async Task<AuditFields?> Role(string tenant, string role) => (await directory.Roles(tenant)).FirstOrDefault(known => known.Name == role) is { } found
        ? new() { ["permissions"] = string.Join(' ', found.Permissions) }
        : null;

    /// <summary>All roles that the user or team has in that place, however many are given or taken.</summary>
    public async Task<AuditFields?> Grants(string tenant, AccessScope scope, Grant grant)
    {
        var roles = (await directory.Grants(tenant, scope)).Where(known => known.User == grant.User && known.Team == grant.Team).Select(known => known.Role).Order(StringComparer.Ordinal).ToList();
        return roles.Count > 0 ? new() { ["user"] = grant.User ?? "", ["team"] = grant.Team ?? "", ["role"] = string.Join(' ', roles) } : null;
    }

    /// <summary>With the role that was given, which somebody who is disabled keeps without having it.</summary>
    public async Task<AuditFields?> User(string tenant, string name)
    {
        if (await accounts.Find(tenant, name) is not { } known) return null;
        var given = (await directory.Grants(tenant, AccessScope.Tenant)).Where(grant => grant.User == known.Name).Select(grant => AccessRules.ParseRole(grant.Role) ?? Contracts.Access.Role.None);
        return new() { ["role"] = Accounts.Name(given.DefaultIfEmpty(Contracts.Access.Role.None).Max()), ["enabled"] = known.Enabled };
    }

    /// <summary>How many there are, which end together.</summary>
    public async Task<AuditFields?> Sessions(Guid user) => new() { ["sessions"] = (await sessions.List(user, current: null)).Count };

    public async Task<AuditFields?> Session(Guid user, Guid id) => (await sessions.List(user, current: null)).FirstOrDefault(known => known.Id == id) is { } found
        ? new() { ["begun"] = found.CreatedAt, ["address"] = found.Address ?? "", ["client"] = found.Client }
        : null;

    public async Task<AuditFields?> SecondFactor(Guid user) => await factors.State(user) is var state ? new() { ["enabled"] = state.Enabled, ["recoveryCodes"] = state.RecoveryCodes } : null;

    public async Task<AuditFields?> Key(Guid user, Guid id) => (await tokens.List(user)).FirstOrDefault(known => known.Id == id) is { } found
        ? new() { ["name"] = found.Name, ["prefix"] = found.Prefix, ["permissions"] = string.Join(' ', found.Permissions ?? []), ["scope"] = found.Scope, ["expiresAt"] = found.ExpiresAt is { } end ? end : (AuditValue)"" }
        : null;

    /// <summary>As the grant in the request's body says.</summary>
    internal static FormerState OfGrant { get; } = async request => request.Arguments.OfType<Grant>().FirstOrDefault() is { } grant
        ? await request.Get<AccessAudit>().Grants(Tenant(request), new(Name(request, "org"), Name(request, "project")), grant)
        : null;

    internal static FormerState OfTenant { get; } = request => request.Get<AccessAudit>().Tenant(request.Route("tenant"));

    internal static FormerState OfOrganization { get; } = request => request.Get<AccessAudit>().Organization(Tenant(request), request.Route("org"));

    internal static FormerState OfTeam { get; } = request => request.Get<AccessAudit>().Team(Tenant(request), request.Route("org"), request.Route("team"));

    internal static FormerState OfTeamAndItsRoles { get; } = request => request.Get<AccessAudit>().TeamAndItsRoles(Tenant(request), request.Route("org"), request.Route("team"));

    internal static FormerState OfRole { get; } = request => request.Get<AccessAudit>().Role(Tenant(request), request.Route("role"));

    internal static FormerState OfUser { get; } = request => request.Get<AccessAudit>().User(Tenant(request), request.Route("name"));

    internal static FormerState OfUsersSessions { get; } = async request => await Other(request) is { } user ? await request.Get<AccessAudit>().Sessions(user) : null;

    internal static FormerState OfUsersSecondFactor { get; } = async request => await Other(request) is { } user ? await request.Get<AccessAudit>().SecondFactor(user) : null;

    internal static FormerState OfOwnSecondFactor { get; } = request => request.Get<AccessAudit>().SecondFactor(Self(request));

    internal static FormerState OfOwnSessions { get; } = request => request.Get<AccessAudit>().Sessions(Self(request));

    internal static FormerState OfOwnSession { get; } = request => request.Get<AccessAudit>().Session(Self(request), Guid.Parse(request.Route("id")));

    internal static FormerState OfOwnKey { get; } = request => request.Get<AccessAudit>().Key(Self(request), Guid.Parse(request.Route("id")));

    private static Guid Self(EndpointFilterInvocationContext request) => request.HttpContext.User.UserId();

    private static async Task<Guid?> Other(EndpointFilterInvocationContext request) =>
        (await request.Get<UsersStore>().ByName(Tenant(request), request.Route("name"), request.HttpContext.RequestAborted))?.Id;

    private static string Tenant(EndpointFilterInvocationContext request) => request.HttpContext.User.Tenant();

    private static string? Name(EndpointFilterInvocationContext request, string name) => request.Route(name) is { Length: > 0 } given ? given : null;
}
