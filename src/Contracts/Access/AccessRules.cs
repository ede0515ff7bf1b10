using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;

namespace PRTS.Contracts.Access;

/// <summary>The built-in roles. A higher one has what the lower ones have.</summary>
public enum Role
{
    /// <summary>Nobody: may do nothing.</summary>
    None = 0,
    Viewer = 1,
    Developer = 2,
    Maintainer = 3,
    Admin = 4,
}

/// <summary>The one place that says who may do what: pure, and deny by default.</summary>
public static class AccessRules
{
    private static readonly Dictionary<string, Role> Least = new(StringComparer.Ordinal)
    {
        [Permissions.ProjectRead] = Role.Viewer,
        [Permissions.RepositoryRead] = Role.Viewer,
        [Permissions.BuildRead] = Role.Viewer,
        [Permissions.ArtifactRead] = Role.Viewer,
        [Permissions.EnvironmentRead] = Role.Viewer,
        [Permissions.AgentRead] = Role.Viewer,
        [Permissions.AccountManage] = Role.Viewer,
        [Permissions.TokenExchange] = Role.Viewer,
        [Permissions.MetricsRead] = Role.Viewer,
        [Permissions.RepositoryWrite] = Role.Developer,
        [Permissions.PipelineRun] = Role.Developer,
        [Permissions.BuildCancel] = Role.Developer,
        [Permissions.EnvironmentApprove] = Role.Developer,
        [Permissions.SecretRead] = Role.Developer,
        [Permissions.MemberRead] = Role.Developer,
        [Permissions.ProjectCreate] = Role.Maintainer,
        [Permissions.RepositoryManage] = Role.Maintainer,
        [Permissions.EnvironmentManage] = Role.Maintainer,
        [Permissions.SecretManage] = Role.Maintainer,
        [Permissions.AgentManage] = Role.Admin,
        [Permissions.MemberManage] = Role.Admin,
        [Permissions.OrganizationManage] = Role.Admin,
        [Permissions.UserManage] = Role.Admin,
        [Permissions.RoleManage] = Role.Admin,
        [Permissions.SignInManage] = Role.Admin,
        [Permissions.AuditRead] = Role.Admin,
        [Permissions.SystemManage] = Role.Admin,
        [Permissions.TenantManage] = Role.Admin,
    };

    /// <summary>What concerns all tenants is decided in one of them.</summary>
    private static readonly HashSet<string> OfOperator = new(StringComparer.Ordinal) { Permissions.MetricsRead, Permissions.SystemManage, Permissions.TenantManage };

    /// <summary>What everybody has who can sign in, whatever their roles: their own account.</summary>
    private static readonly HashSet<string> OfEverybody = new(StringComparer.Ordinal) { Permissions.AccountManage, Permissions.TokenExchange };

    /// <summary>What no limit takes from an access token: to be given for one that may less.</summary>
    private static readonly HashSet<string> OfEveryKey = new(StringComparer.Ordinal) { Permissions.TokenExchange };

    /// <summary>All permissions there are.</summary>
    public static IReadOnlyCollection<string> All => Least.Keys;

    public static IReadOnlyList<Role> BuiltIn { get; } = [Role.Viewer, Role.Developer, Role.Maintainer, Role.Admin];

    /// <summary>Whether the built-in role has the permission. An unknown permission or role is denied.</summary>
    public static bool Allows(Role role, string permission) =>
        Enum.IsDefined(role) && role != Role.None && Least.TryGetValue(permission, out var least) && role >= least;

    /// <summary>Whether the pattern covers the permission: the permission itself, <c>project:*</c>, or <c>*</c>.</summary>
    public static bool Matches(string pattern, string permission) =>
        pattern == permission || pattern == "*"
        || (pattern.EndsWith(":*", StringComparison.Ordinal) && permission.StartsWith(pattern.AsSpan(..^1), StringComparison.Ordinal));

    /// <summary>Whether a pattern of a custom role or key covers any permission at all.</summary>
    public static bool IsPattern(string pattern) => All.Any(permission => Matches(pattern, permission));

    /// <summary>Whether the user may do it there. Who disables an account or cuts a key down wins over every role.</summary>
    public static AccessDecision Decide(AccessFacts facts, string permission, AccessScope scope)
    {
        HeldRole[] because = [.. facts.Roles.Where(held => held.Scope.Contains(scope) && Gives(facts, held.Role, permission))];
        var obstacle =
            !facts.Enabled ? AccessObstacle.Disabled
            : because.Length == 0 && !OfEverybody.Contains(permission) ? AccessObstacle.NoRole
            : OfOperator.Contains(permission) && facts.Tenant != ProjectId.DefaultTenant ? AccessObstacle.OperatorOnly
            : facts.Limit is { } limit && !OfEveryKey.Contains(permission) && !(limit.Scope.Contains(scope) && limit.Permissions.Any(pattern => Matches(pattern, permission))) ? AccessObstacle.KeyLimit
            : AccessObstacle.None;
        return new(obstacle == AccessObstacle.None, because, obstacle);
    }

    public static bool Allows(AccessFacts facts, string permission, AccessScope scope) => Decide(facts, permission, scope).Allowed;

    /// <summary>Whether there is any place where the user may; lists then show what is there.</summary>
    public static bool AllowsAnywhere(AccessFacts facts, string permission) => Where(facts, permission).Count > 0;

    /// <summary>The widest places where the user may: the whole tenant alone, or organizations and projects.</summary>
    public static IReadOnlyList<AccessScope> Where(AccessFacts facts, string permission)
    {
        var places = facts.Roles.Select(held => held.Scope).Append(AccessScope.Tenant).Distinct();
        if (facts.Limit is { } limit) places = places.Select(place => place.Contains(limit.Scope) ? limit.Scope : place).Distinct();
        AccessScope[] allowed = [.. places.Where(place => Allows(facts, permission, place))];
        return [.. allowed.Where(place => !allowed.Any(wider => wider != place && wider.Contains(place)))];
    }

    /// <summary>What a limit leaves of another one; null: nothing.</summary>
    /// <param name="outer">Null: no limit.</param>
    /// <param name="asked">What shall hold within it.</param>
    public static AccessLimit? Within(AccessLimit? outer, AccessLimit asked)
    {
        if (outer is null) return asked;
        if (!outer.Scope.Contains(asked.Scope) && !asked.Scope.Contains(outer.Scope)) return null;
        string[] both = [.. All.Where(permission => asked.Permissions.Any(pattern => Matches(pattern, permission)) && outer.Permissions.Any(pattern => Matches(pattern, permission))).Order(StringComparer.Ordinal)];
        return both.Length == 0 ? null : new(both, outer.Scope.Contains(asked.Scope) ? asked.Scope : outer.Scope);
    }

    /// <summary>What a job may do that shows a token of its own: read its project, and nothing that only people have.</summary>
    public static AccessFacts OfJob(JobId job)
    {
        var here = AccessScope.Of(job.Build.Project);
        return new()
        {
            Tenant = job.Build.Project.Tenant,
            UserId = Guid.Empty,
            Name = job.ToString(),
            Enabled = true,
            Roles = [new(nameof(Role.Viewer), here)],
            Limit = new([.. All.Where(permission => Allows(Role.Viewer, permission) && !OfOperator.Contains(permission) && !OfEverybody.Contains(permission))], here),
        };
    }

    /// <summary>Whether a user may give the role to somebody there: nobody gives what they do not have.</summary>
    public static bool MayGive(AccessFacts giver, string role, AccessScope scope) =>
        Allows(giver, Permissions.MemberManage, scope) && Has(giver, role, scope);

    /// <summary>Whether a user has all there that the role gives.</summary>
    public static bool Has(AccessFacts facts, string role, AccessScope scope) =>
        All.Where(permission => Gives(facts, role, permission)).All(permission => IsNothing(facts.Tenant, permission) || Allows(facts, permission, scope));

    /// <summary>Whether nobody of the tenant has the permission, whatever roles say: to give it there is to give nothing.</summary>
    public static bool IsNothing(string tenant, string permission) => OfOperator.Contains(permission) && tenant != ProjectId.DefaultTenant;

    /// <summary>The permissions that a role of the tenant has; none when there is no such role.</summary>
    public static IEnumerable<string> Of(AccessFacts facts, string role) => All.Where(permission => Gives(facts, role, permission));

    private static bool Gives(AccessFacts facts, string role, string permission) =>
        ParseRole(role) is { } builtIn ? Allows(builtIn, permission)
        : facts.CustomRoles.TryGetValue(role, out var patterns) && Least.ContainsKey(permission) && patterns.Any(pattern => Matches(pattern, permission));

    /// <summary>A built-in role by its name in any case; null when it is none.</summary>
    public static Role? ParseRole(string name) =>
        name.Length > 0 && char.IsAsciiLetter(name[0]) && Enum.TryParse<Role>(name, ignoreCase: true, out var role) && Enum.IsDefined(role) ? role : null;
}
