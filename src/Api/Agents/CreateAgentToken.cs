namespace PRTS.Api.Agents;

/// <summary>A token that lets one agent join, once.</summary>
public sealed record CreateAgentToken
{
    /// <summary>The agent's name; null lets the agent choose (its host's name).</summary>
    public string? Name { get; init; }

    /// <summary>At most 50 that the agent has beside its own: words of at most 100 characters without spaces and commas.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>1 to 720; null is a day.</summary>
    public int? ExpiresInHours { get; init; }

    /// <summary>Whose agent it will be; null: the caller's tenant. Another one's only the operator may name.</summary>
    public string? Tenant { get; init; }
}
