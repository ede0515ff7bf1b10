namespace PRTS.Contracts.Cluster;

/// <summary>What an agent sends with its join token, once: <c>POST /cluster/join</c>.</summary>
public sealed record JoinRequest
{
    /// <summary>1–64 of a-z 0-9 . _ -, unique in the tenant.</summary>
    public required string Name { get; init; }

    /// <summary>Whether somebody chose the name. Otherwise it is the host's, and while an agent of that name runs, another like it will do.</summary>
    public bool NameIsChosen { get; init; }

    /// <summary>A PKCS#10 request in PEM, for the certificate that the agent shows to other silos.</summary>
    public required string CertificateRequest { get; init; }
}

/// <summary>What an agent keeps from its join; it needs no token from then on.</summary>
public sealed record JoinAnswer
{
    public required string Tenant { get; init; }
    public required string Name { get; init; }

    /// <summary>Those of the token; the agent has its own besides.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>The bearer of the membership proxy and of <c>GET /cluster/settings</c>.</summary>
    public required string Credential { get; init; }

    /// <summary>PEM.</summary>
    public required string Certificate { get; init; }

    /// <summary>PEM.</summary>
    public required string Authority { get; init; }
    public required string ClusterId { get; init; }
    public required string ServiceId { get; init; }
}

/// <summary>Names that all silos of a cluster share. Both ids enter storage keys: they never change.</summary>
public static class ClusterNames
{
    public const string ClusterId = "prts";
    public const string ServiceId = "prts";

    /// <summary>Prefix of join tokens, so that secret scanners know them.</summary>
    public const string JoinTokenPrefix = "prtsa_";

    private const string AgentPrefix = "agent:";

    /// <summary>A silo's name in the membership table, by which an agent's own row is known.</summary>
    public static string AgentSilo(string tenant, string name) => $"{AgentPrefix}{tenant}/{name}";

    /// <summary>The agent's key (<c>tenant/name</c>) that a silo of this name belongs to; null when it is no agent's.</summary>
    public static string? AgentOf(string siloName) => siloName.StartsWith(AgentPrefix, StringComparison.Ordinal) ? siloName[AgentPrefix.Length..] : null;
}
