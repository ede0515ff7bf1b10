namespace PRTS.Api;

public sealed record SystemInfo
{
    public required string Version { get; init; }

    /// <summary>The address that users and agents reach.</summary>
    public required string Url { get; init; }
    public required string Os { get; init; }
    public required string Runtime { get; init; }
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Memory of this server's process. Bytes.</summary>
    public required long Memory { get; init; }
    public required long Users { get; init; }
    public required long Projects { get; init; }
    public required long Agents { get; init; }
}
