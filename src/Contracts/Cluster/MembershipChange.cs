namespace PRTS.Contracts.Cluster;

/// <summary>A write to the membership table, as an agent sends it to the proxy.</summary>
[GenerateSerializer, Alias("prts.membership-change")]
public sealed record MembershipChange
{
    [Id(0)] public required MembershipEntry Entry { get; init; }

    /// <summary>Of the row that is replaced; null for an insert and for a sign of life.</summary>
    [Id(1)] public string? ETag { get; init; }

    /// <summary>Null for a sign of life.</summary>
    [Id(2)] public TableVersion? Version { get; init; }
}
