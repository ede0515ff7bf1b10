namespace PRTS.Web;

/// <summary>What the HTTP side of the control plane must know. Filled by the host.</summary>
public sealed record WebOptions
{
    /// <summary>The address that users and agents reach, without a slash at its end, for example <c>http://127.0.0.1:5080</c>.</summary>
    public required string PublicUrl { get; init; }

    /// <summary>The data directory; holds the first administrator's file.</summary>
    public required string Home { get; init; }

    /// <summary>The tenant that requests belong to until a login says otherwise.</summary>
    public string Tenant { get; init; } = Contracts.Projects.ProjectId.DefaultTenant;

    /// <summary>How it meets the network.</summary>
    public Gateway.GatewayOptions Gateway { get; init; } = new();

    /// <summary>The git program.</summary>
    public string Git { get; init; } = "git";

    /// <summary>Largest file of an artifact. Bytes.</summary>
    public long MaxArtifactFile { get; init; } = 5L << 30;

    /// <summary>Largest artifact, all files together. Bytes.</summary>
    public long MaxArtifact { get; init; } = 20L << 30;

    /// <summary>Most files in one artifact.</summary>
    public int MaxArtifactFiles { get; init; } = 100_000;

    /// <summary>A browser's session ends when it was not used for so long.</summary>
    public TimeSpan SessionIdle { get; init; } = TimeSpan.FromDays(3);

    /// <summary>A browser's session ends after so long, however much it is used.</summary>
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Administrators of tenants may let agents join, whose processes are members of the one cluster of all tenants (docs/adr/0001); else only the operator may.</summary>
    public bool TenantAgents { get; init; }

    /// <summary>How long an agent's join token is good for.</summary>
    public TimeSpan AgentTokenLifetime { get; init; } = TimeSpan.FromDays(1);
}
