using System.Security.Claims;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Access;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>Who has which role in a place.</summary>
/// <param name="Grants">What was given there, then what comes from wider places.</param>
/// <param name="Unseen">Wider places that the reader may not look into, as text.</param>
public sealed record PlaceGrants(IReadOnlyList<GrantSummary> Grants, IReadOnlyList<string> Unseen);

/// <param name="Given">What the team has, wherever the reader may look.</param>
public sealed record TeamAccess(TeamSummary Team, IReadOnlyList<GrantSummary> Given);

/// <summary>Who is in which team and has which role, for the API and for pages. Answers: what is wrong, in a sentence; null when it is done.</summary>
public sealed class AccessDirectory(DirectoryReadModel directory, UsersStore users, AccessFactsStore facts, IGrainFactory grains)
{
    private const int LongestDescription = 500;
    private const int MostNames = 1000;

    public static string? DescriptionProblem(string text) => text.Length > LongestDescription ? $"A description has at most {LongestDescription} characters." : null;

    /// <summary>What the audit log says of a role that is given or taken.</summary>
    public static AuditFields Fields(Grant grant) => new() { ["user"] = grant.User ?? "", ["team"] = grant.Team ?? "", ["role"] = grant.Role };

    /// <summary>What the audit log calls a role that is given or taken: subject, role, and the place unless it is the whole tenant.</summary>
    /// <param name="place">The place, as the target of its own.</param>
    public static AuditTarget Target(Grant grant, AuditTarget place) =>
        place with { Id = $"{grant.User ?? grant.Team} {grant.Role} {new AccessScope(place.Org, place.Project)}".Trim() };

    /// <summary>The built-in roles, then those of the tenant's own.</summary>
    public async Task<List<RoleSummary>> Roles(string tenant, CancellationToken cancellationToken = default) =>
    [
        .. AccessRules.BuiltIn.Select(role => new RoleSummary { Name = Accounts.Name(role), BuiltIn = true, Permissions = [.. AccessRules.All.Where(permission => AccessRules.Allows(role, permission)).Order(StringComparer.Ordinal)] }),
        .. (await directory.Roles(tenant, cancellationToken)).Select(role => new RoleSummary { Name = role.Name, Permissions = role.Permissions }),
    ];

    public async Task<Refused?> Give(ClaimsPrincipal giver, AccessScope scope, Grant grant, CancellationToken cancellationToken = default)
    {
        var (subject, problem) = await Subject(giver.Tenant(), grant, cancellationToken);
        if (subject is not { } given) return Refused.Invalid(problem);
        if (await RoleProblem(giver, grant.Role, scope, cancellationToken) is { } wrong) return wrong;
        await grains.Grants(giver.Tenant(), scope).Give(given.ToString(), grant.Role);
        return null;
    }

    public async Task<Refused?> Take(ClaimsPrincipal taker, AccessScope scope, Grant grant, CancellationToken cancellationToken = default)
    {
        var (subject, problem) = await Subject(taker.Tenant(), grant, cancellationToken);
        if (subject is not { } given) return Refused.Invalid(problem);
        if (await RoleProblem(taker, grant.Role, scope, cancellationToken) is { } wrong) return wrong;
        if (scope == AccessScope.Tenant && AccessRules.ParseRole(grant.Role) == Role.Admin && given.User is { } user
            && await directory.Holders(taker.Tenant(), Accounts.Name(Role.Admin), except: user, cancellationToken) == 0)
        {
            return Refused.Invalid($"'{grant.User}' is the last administrator. Make another one first.");
        }

        await grains.Grants(taker.Tenant(), scope).Take(given.ToString(), grant.Role);
        return null;
    }

    /// <summary>Who has which role there, as far as the reader may see it.</summary>
    public async Task<PlaceGrants> At(ClaimsPrincipal reader, AccessScope scope, CancellationToken cancellationToken = default)
    {
        var grants = new List<GrantSummary>();
        foreach (var place in (AccessScope[])[scope, .. scope.Wider.Where(wider => reader.May(Permissions.MemberRead, wider))])
            grants.AddRange(await directory.Grants(reader.Tenant(), place, cancellationToken));
        return new(grants, [.. scope.Wider.Where(wider => !reader.May(Permissions.MemberRead, wider)).Select(wider => wider.ToString())]);
    }

    /// <summary>Teams of the organization, or all that the reader may see, each with what it was given where the reader may look.</summary>
    public async Task<IReadOnlyList<TeamAccess>> Teams(ClaimsPrincipal reader, string? org, CancellationToken cancellationToken = default)
    {
        var given = (await directory.Grants(reader.Tenant(), scope: null, cancellationToken))
            .Where(grant => grant.Team is not null && AccessScope.Parse(grant.Scope) is { } scope && reader.May(Permissions.MemberRead, scope)).ToLookup(grant => grant.Team!, StringComparer.Ordinal);
        return [.. (await directory.Teams(reader.Tenant(), org, cancellationToken)).Where(team => reader.May(Permissions.MemberRead, new(team.Org))).Select(team => new TeamAccess(team, [.. given[$"{team.Org}/{team.Name}"]]))];
    }

    /// <summary>Names of users to choose from: all for who manages accounts, else those whom the reader sees anyway.</summary>
    public async Task<IReadOnlyList<string>> Names(ClaimsPrincipal reader, IEnumerable<string?> seen, CancellationToken cancellationToken = default) =>
        [.. (reader.May(Permissions.UserManage, AccessScope.Tenant) ? (await users.List(reader.Tenant(), cancellationToken)).Select(user => user.Name) : seen.OfType<string>()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(MostNames)];

    /// <summary>Takes somebody into a team, or out. Whoever does so gives what the team has, so they must have that.</summary>
    public async Task<Refused?> SetMember(ClaimsPrincipal by, string org, string team, string name, bool member, CancellationToken cancellationToken = default)
    {
        if (await users.ByName(by.Tenant(), name, cancellationToken) is not { } user) return Refused.Invalid($"There is no user '{name}'.");
        var unknown = Refused.Invalid($"There is no team {org}/{team}.");
        if ((await directory.Teams(by.Tenant(), org, cancellationToken)).All(known => known.Name != team)) return unknown;
        return Refused.Forbidden(await TeamProblem(by, org, team, cancellationToken)) ?? (await grains.Team(by.Tenant(), org, team).SetMember(user.Id, member) ? null : unknown);
    }

    /// <summary>Why somebody may not say who is in the team.</summary>
    public async Task<string?> TeamProblem(ClaimsPrincipal by, string org, string team, CancellationToken cancellationToken = default)
    {
        foreach (var held in (await directory.Grants(by.Tenant(), scope: null, cancellationToken)).Where(grant => grant.Team == $"{org}/{team}"))
        {
            if (AccessScope.Parse(held.Scope) is not { } scope || !AccessRules.MayGive(by.Facts()!, held.Role, scope))
                return $"The team {org}/{team} has the role {held.Role} {In(held.Scope)}, and you may not give that.";
        }

        return (await directory.Teams(by.Tenant(), org, cancellationToken)).Any(known => known.Name == team) ? null : $"There is no team {org}/{team}.";
    }

    /// <summary>Removes a team; what it was given first, so that no other of its name finds it. Whoever does so takes that, so they must have it.</summary>
    public async Task<Refused?> RemoveTeam(ClaimsPrincipal by, string org, string team, CancellationToken cancellationToken = default)
    {
        var tenant = by.Tenant();
        var gone = new Refused(Refusal.NotFound, $"There is no team {org}/{team}.");
        if ((await directory.Teams(tenant, org, cancellationToken)).All(known => known.Name != team)) return gone;
        if (await TeamProblem(by, org, team, cancellationToken) is { } beyond) return new(Refusal.Forbidden, beyond);
        foreach (var held in (await directory.Grants(tenant, scope: null, cancellationToken)).Where(grant => grant.Team == $"{org}/{team}"))
            await grains.Grants(tenant, AccessScope.Parse(held.Scope)!.Value).Take(GrantSubject.OfTeam(org, team).ToString(), held.Role);
        return await grains.Team(tenant, org, team).Remove() ? null : gone;
    }

    /// <summary>Whether somebody may do something somewhere, and why. Null when there is no such user.</summary>
    public async Task<AccessExplanation?> Explain(string tenant, string name, string permission, AccessScope scope, CancellationToken cancellationToken = default)
    {
        if (await Decide(tenant, name, permission, scope, cancellationToken) is not (var user, var decision)) return null;
        GrantSummary[] because = [.. decision.Because.Select(held => new GrantSummary { User = held.Team is null ? user.Name : null, Team = held.Team, Role = held.Role, Scope = held.Scope.ToString() })];
        return new() { User = user.Name, Permission = permission, Scope = scope.ToString(), Allowed = decision.Allowed, Because = because, Text = Text(user.Name, permission, scope, decision) };
    }

    /// <summary>What the rules say, for whoever shows it in their own words. Null when there is no such user.</summary>
    public async Task<(AccessFacts User, AccessDecision Decision)?> Decide(string tenant, string name, string permission, AccessScope scope, CancellationToken cancellationToken = default) =>
        await users.ByName(tenant, name, cancellationToken) is { } user && await facts.Get(user.Id, cancellationToken) is { } known ? (known, AccessRules.Decide(known, permission, scope)) : null;

    private static string Text(string name, string permission, AccessScope scope, AccessDecision decision)
    {
        var place = In(scope.ToString());
        if (decision.Allowed && decision.Because.Count == 0) return $"{name} may {permission}, as everybody may who can log in.";
        var roles = string.Join("; ", decision.Because.Select(held => $"the role {held.Role} {In(held.Scope.ToString())}{(held.Team is { } team ? $", as a member of the team {team}" : "")}"));
        return decision.Obstacle switch
        {
            AccessObstacle.None => $"{name} may {permission} {place}, by {roles}.",
            AccessObstacle.Disabled => $"{name} may do nothing: the account or its tenant is disabled.",
            AccessObstacle.OperatorOnly => $"{name} may not {permission}: what concerns the whole installation is for the operator's tenant alone.",
            AccessObstacle.KeyLimit => $"{name} may {permission} {place}, but the access token does not go that far.",
            _ => $"{name} may not {permission} {place}: no role that {name} has there gives it.",
        };
    }

    private static string In(string scope) => scope.Length == 0 ? "in the whole tenant" : $"in {scope}";

    private async Task<(GrantSubject? Subject, string? Problem)> Subject(string tenant, Grant grant, CancellationToken cancellationToken)
    {
        if ((grant.User is null) == (grant.Team is null)) return (null, "Give either 'user' or 'team'.");
        if (grant.User is { } name) return await users.ByName(tenant, name, cancellationToken) is { } user ? (GrantSubject.Of(user.Id), null) : (null, $"There is no user '{name}'.");
        return grant.Team!.Split('/') is [var org, var team] && (await directory.Teams(tenant, org, cancellationToken)).Any(known => known.Name == team)
            ? (GrantSubject.OfTeam(org, team), null)
            : (null, $"There is no team '{grant.Team}'; a team is named org/team.");
    }

    private async Task<Refused?> RoleProblem(ClaimsPrincipal giver, string role, AccessScope scope, CancellationToken cancellationToken)
    {
        var roles = await Roles(giver.Tenant(), cancellationToken);
        if (roles.All(known => known.Name != role)) return Refused.Invalid($"'{role}' is no role. There are {string.Join(", ", roles.Select(known => known.Name))}.");
        return AccessRules.MayGive(giver.Facts()!, role, scope) ? null : Refused.Forbidden($"The role {role} has rights {In(scope.ToString())} that you do not have, so you can neither give nor take it.");
    }
}
