namespace PRTS.Cli.Agents;

/// <summary>The body of a request for a join token; null leaves the choice to the server.</summary>
internal sealed record CreateAgentToken
{
    public string? Name { get; init; }
    public IReadOnlyList<string> Labels { get; init; } = [];
    public int? ExpiresInHours { get; init; }
}
