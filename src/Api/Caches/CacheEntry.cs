namespace PRTS.Api.Caches;

/// <summary>Files that builds of a ref keep under a key: a zstd-compressed tar archive.</summary>
public sealed record CacheEntry
{
    public required long Id { get; init; }

    /// <summary>Full name, for example <c>refs/heads/main</c>.</summary>
    public required string Ref { get; init; }
    public required string Key { get; init; }

    /// <summary>Bytes, compressed.</summary>
    public required long Size { get; init; }

    /// <summary>Of the archive; lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Number of the build that kept it.</summary>
    public required int Build { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UsedAt { get; init; }
}

/// <summary>What the store says to a cache that a job offers it.</summary>
public sealed record CacheOffer
{
    /// <summary>It has the contents already, and keeps them under the key.</summary>
    public required bool Saved { get; init; }

    /// <summary>Why it does not want them; null when it does, or has them.</summary>
    public string? Refusal { get; init; }
}
