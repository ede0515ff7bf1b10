using PRTS.Contracts.Concurrency;

namespace PRTS.Grains.Concurrency;

/// <summary>A concurrency group as it is persisted.</summary>
[GenerateSerializer, Alias("prts.concurrency-state"), Immutable]
public sealed record ConcurrencyState : IPersisted
{
    [Id(0)] public int Schema { get; init; } = 1;
    [Id(1)] public long Version { get; init; }

    /// <summary>Whose turn it is.</summary>
    [Id(2)] public GroupEntry? Holder { get; init; }

    /// <summary>Who waits, in the order of coming.</summary>
    [Id(3)] public IReadOnlyList<GroupEntry> Queue { get; init; } = [];

    /// <summary>Who is to be told that somebody newer took its place.</summary>
    [Id(4)] public IReadOnlyList<Supersession> Superseded { get; init; } = [];

    /// <summary>When the holder's turn began.</summary>
    [Id(5)] public DateTimeOffset? HeldSince { get; init; }
}

/// <param name="By">The newer one, as people know it.</param>
[GenerateSerializer, Alias("prts.supersession"), Immutable]
public sealed record Supersession([property: Id(0)] string Member, [property: Id(1)] string By);
