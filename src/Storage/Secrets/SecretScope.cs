using PRTS.Contracts.Projects;

namespace PRTS.Storage.Secrets;

/// <summary>Whose a secret is: the wider one's secrets reach all within, the narrower one's go over them.</summary>
public enum SecretLevel
{
    Tenant,
    Organization,
    Project,
    Environment,
}

/// <summary>A tenant, one of its organizations, a project or one of its environments.</summary>
public sealed record SecretScope
{
    private SecretScope(string tenant, string org, string project, string environment) => (Tenant, Org, Project, Environment) = (tenant, org, project, environment);

    public string Tenant { get; }

    /// <summary>This and the following are empty where the scope is wider.</summary>
    public string Org { get; }
    public string Project { get; }
    public string Environment { get; }

    public SecretLevel Level => Environment.Length > 0 ? SecretLevel.Environment
        : Project.Length > 0 ? SecretLevel.Project
        : Org.Length > 0 ? SecretLevel.Organization
        : SecretLevel.Tenant;

    /// <summary>One text for each scope of a tenant, by which its data key is known. No name has a slash.</summary>
    public string Key => Level switch
    {
        SecretLevel.Tenant => "tenant",
        SecretLevel.Organization => $"org/{Org}",
        SecretLevel.Project => $"project/{Org}/{Project}",
        _ => $"environment/{Org}/{Project}/{Environment}",
    };

    public static SecretScope Of(string tenant) => new(tenant, "", "", "");

    public static SecretScope Of(string tenant, string org) => new(tenant, org, "", "");

    public static SecretScope Of(ProjectId project) => new(project.Tenant, project.Org, project.Name, "");

    public static SecretScope Of(ProjectId project, string environment) => new(project.Tenant, project.Org, project.Name, environment);

    /// <summary>As the columns have it.</summary>
    internal static SecretScope FromRow(string tenant, string org, string project, string environment) => new(tenant, org, project, environment);

    /// <summary>This one and those around it, the widest last.</summary>
    internal IReadOnlyList<SecretScope> Outwards() =>
    [
        .. new[] { this, new(Tenant, Org, Project, ""), new(Tenant, Org, "", ""), new(Tenant, "", "", "") }.Distinct(),
    ];

    public override string ToString() => Level == SecretLevel.Tenant ? $"tenant {Tenant}" : Key;
}
