namespace PRTS.Contracts.Access;

/// <summary>What can be asked for. The names are those of the field (<c>noun:verb</c>).</summary>
public static class Permissions
{
    public const string ProjectRead = "project:read";
    public const string ProjectCreate = "project:create";
    public const string RepositoryRead = "repository:read";
    public const string RepositoryWrite = "repository:write";

    /// <summary>Pushes to protected branches and tags, and which ones are.</summary>
    public const string RepositoryManage = "repository:manage";
    public const string BuildRead = "build:read";
    public const string BuildCancel = "build:cancel";
    public const string PipelineRun = "pipeline:run";
    public const string EnvironmentRead = "environment:read";
    public const string EnvironmentManage = "environment:manage";
    public const string EnvironmentApprove = "environment:approve";
    public const string ArtifactRead = "artifact:read";

    /// <summary>Names of secrets and what they are for; never their values, which only jobs get.</summary>
    public const string SecretRead = "secret:read";
    public const string SecretManage = "secret:manage";
    public const string AgentRead = "agent:read";
    public const string AgentManage = "agent:manage";
    public const string AccountManage = "account:manage";
    public const string TokenExchange = "token:exchange";

    /// <summary>Who is in teams, and who has which role.</summary>
    public const string MemberRead = "member:read";

    /// <summary>Teams and their members, and roles that are given to users and teams.</summary>
    public const string MemberManage = "member:manage";

    /// <summary>Accounts of the tenant.</summary>
    public const string UserManage = "user:manage";

    /// <summary>Custom roles of the tenant.</summary>
    public const string RoleManage = "role:manage";

    /// <summary>How people sign in.</summary>
    public const string SignInManage = "sign-in:manage";
    public const string OrganizationManage = "organization:manage";

    /// <summary>The audit log of the tenant.</summary>
    public const string AuditRead = "audit:read";

    /// <summary>The installation's own figures. In the operator's tenant only.</summary>
    public const string MetricsRead = "metrics:read";

    /// <summary>The installation itself. In the operator's tenant only.</summary>
    public const string SystemManage = "system:manage";

    /// <summary>Tenants. In the operator's tenant only.</summary>
    public const string TenantManage = "tenant:manage";
}
