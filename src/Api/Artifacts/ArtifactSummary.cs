namespace PRTS.Api.Artifacts;

/// <summary>A named set of files that a job kept.</summary>
public sealed record ArtifactSummary
{
    public required string Name { get; init; }
    public required string Job { get; init; }

    /// <summary>Number of files.</summary>
    public required int Files { get; init; }

    /// <summary>Bytes, uncompressed.</summary>
    public required long Size { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>One file of an artifact. Path: relative, forward slashes, no <c>..</c>.</summary>
public sealed record ArtifactFile
{
    public required string Path { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The owner's execute bit.</summary>
    public bool Executable { get; init; }
}
