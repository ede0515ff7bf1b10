using System.Security.Claims;
using PRTS.Api.Access;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Access;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>Who is in which team and has which role, for the API and for pages. Answers: what is wrong, in a sentence; null when it is done.</summary>
public sealed class AccessDirectory(DirectoryReadModel directory, UsersStore users, AccessFactsStore facts, IGrainFactory grains)
{
    private const int LongestDescription = 500;

    public static string? DescriptionProblem(string text) => text.Length > LongestDescription ? $"A description has at most {LongestDescription} characters." : null;

    /// <summary>The built-in roles, then those of the tenant's own.</summary>
    public async Task<List<RoleSummary>> Roles(string tenant, CancellationToken cancellationToken = default) =>
    [
        .. AccessRules.BuiltIn.Select(role => new RoleSummary { Name = Accounts.Name(role), BuiltIn = true, Permissions = [.. AccessRules.All.Where(permission => AccessRules.Allows(role, permission)).Order(StringComparer.Ordinal)] }),
        .. (await directory.Roles(tenant, cancellationToken)).Select(role => new RoleSummary { Name = role.Name, Permissions = role.Permissions }),
    ];

    public async Task<string?> Give(ClaimsPrincipal giver, AccessScope scope, Grant grant, CancellationToken cancellationToken = default)
    {
        var (subject, problem) = await Subject(giver.Tenant(), grant, cancellationToken);
        if (subject is not { } given) return problem;
        if (await RoleProblem(giver, grant.Role, scope, cancellationToken) is { } wrong) return wrong;
        await grains.Grants(giver.Tenant(), scope).Give(given.ToString(), grant.Role);
        return null;
    }

    public async Task<string?> Take(ClaimsPrincipal taker, AccessScope scope, Grant grant, CancellationToken cancellationToken = default)
    {
        var (subject, problem) = await Subject(taker.Tenant(), grant, cancellationToken);
        if (subject is not { } given) return problem;
        if (await RoleProblem(taker, grant.Role, scope, cancellationToken) is { } wrong) return wrong;
        if (scope == AccessScope.Tenant && AccessRules.ParseRole(grant.Role) == Role.Admin && given.User is { } user
            && await directory.Holders(taker.Tenant(), Accounts.Name(Role.Admin), except: user, cancellationToken) == 0)
        {
            return $"'{grant.User}' is the last administrator. Make another one first.";
        }

        await grains.Grants(taker.Tenant(), scope).Take(given.ToString(), grant.Role);
        return null;
    }

    /// <summary>Takes somebody into a team, or out. Whoever does so gives what the team has, so they must have that.</summary>
    public async Task<string?> SetMember(ClaimsPrincipal by, string org, string team, string name, bool member, CancellationToken cancellationToken = default)
    {
        if (await users.ByName(by.Tenant(), name, cancellationToken) is not { } user) return $"There is no user '{name}'.";
        return await TeamProblem(by, org, team, cancellationToken) ?? (await grains.Team(by.Tenant(), org, team).SetMember(user.Id, member) ? null : $"There is no team {org}/{team}.");
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

    /// <summary>Removes a team; what it was given first, so that no other of its name finds it.</summary>
    public async Task<bool> RemoveTeam(string tenant, string org, string team, CancellationToken cancellationToken = default)
    {
        foreach (var held in (await directory.Grants(tenant, scope: null, cancellationToken)).Where(grant => grant.Team == $"{org}/{team}"))
            await grains.Grants(tenant, AccessScope.Parse(held.Scope)!.Value).Take(GrantSubject.OfTeam(org, team).ToString(), held.Role);
        return await grains.Team(tenant, org, team).Remove();
    }

    /// <summary>Whether somebody may do something somewhere, and why. Null when there is no such user.</summary>
    public async Task<AccessExplanation?> Explain(string tenant, string name, string permission, AccessScope scope, CancellationToken cancellationToken = default)
    {
        if (await users.ByName(tenant, name, cancellationToken) is not { } user || await facts.Get(user.Id, cancellationToken) is not { } known) return null;
        var decision = AccessRules.Decide(known, permission, scope);
        GrantSummary[] because = [.. decision.Because.Select(held => new GrantSummary { User = held.Team is null ? user.Name : null, Team = held.Team, Role = held.Role, Scope = held.Scope.ToString() })];
        return new() { User = user.Name, Permission = permission, Scope = scope.ToString(), Allowed = decision.Allowed, Because = because, Text = Text(user.Name, permission, scope, decision) };
    }

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

    private async Task<string?> RoleProblem(ClaimsPrincipal giver, string role, AccessScope scope, CancellationToken cancellationToken)
    {
        var roles = await Roles(giver.Tenant(), cancellationToken);
        if (roles.All(known => known.Name != role)) return $"'{role}' is no role. There are {string.Join(", ", roles.Select(known => known.Name))}.";
        return AccessRules.MayGive(giver.Facts()!, role, scope) ? null : $"The role {role} has rights {In(scope.ToString())} that you do not have, so you can neither give nor take it.";
    }
}
