namespace PRTS.Contracts.Access;

/// <summary>What a person is. A higher role has what the lower ones have.</summary>
public enum Role
{
    /// <summary>Nobody: may do nothing.</summary>
    None = 0,
    Viewer = 1,
    Developer = 2,
    Maintainer = 3,
    Admin = 4,
}

/// <summary>What can be asked for. The names are those of the field (<c>noun:verb</c>).</summary>
public static class Permissions
{
    public const string ProjectRead = "project:read";
    public const string ProjectCreate = "project:create";
    public const string RepositoryRead = "repository:read";
    public const string RepositoryWrite = "repository:write";
    public const string BuildRead = "build:read";
    public const string BuildRun = "build:run";
    public const string BuildCancel = "build:cancel";
    public const string EnvironmentRead = "environment:read";
    public const string EnvironmentManage = "environment:manage";
    public const string DeploymentApprove = "deployment:approve";
    public const string ArtifactRead = "artifact:read";
    public const string AgentRead = "agent:read";
    public const string AgentManage = "agent:manage";
    public const string AccountManage = "account:manage";
    public const string AuditRead = "audit:read";
    public const string MetricsRead = "metrics:read";
    public const string SystemManage = "system:manage";
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
        [Permissions.MetricsRead] = Role.Viewer,
        [Permissions.RepositoryWrite] = Role.Developer,
        [Permissions.BuildRun] = Role.Developer,
        [Permissions.BuildCancel] = Role.Developer,
        [Permissions.DeploymentApprove] = Role.Developer,
        [Permissions.ProjectCreate] = Role.Maintainer,
        [Permissions.EnvironmentManage] = Role.Maintainer,
        [Permissions.AgentManage] = Role.Admin,
        [Permissions.AuditRead] = Role.Admin,
        [Permissions.SystemManage] = Role.Admin,
    };

    /// <summary>All permissions there are.</summary>
    public static IReadOnlyCollection<string> All => Least.Keys;

    /// <summary>Whether the role may. An unknown permission or role is denied.</summary>
    public static bool Allows(Role role, string permission) =>
        Enum.IsDefined(role) && role != Role.None && Least.TryGetValue(permission, out var least) && role >= least;
}
