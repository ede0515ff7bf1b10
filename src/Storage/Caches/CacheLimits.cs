namespace PRTS.Storage.Caches;

/// <summary>How much caches may take.</summary>
public sealed record CacheLimits
{
    /// <summary>Largest archive. Bytes.</summary>
    public long Largest { get; init; } = 5L << 30;

    /// <summary>Of a project, all together; those that were not used for the longest go first. Bytes.</summary>
    public long Project { get; init; } = 10L << 30;

    /// <summary>Not used for this long, one goes.</summary>
    public TimeSpan Unused { get; init; } = TimeSpan.FromDays(14);
}
