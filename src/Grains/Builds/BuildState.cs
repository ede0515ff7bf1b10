using PRTS.Api;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Builds;

/// <summary>A build as it is persisted. The plan is in the plan store; what its jobs do in detail is theirs to keep.</summary>
[GenerateSerializer, Alias("prts.build-state"), Immutable]
public sealed record BuildState : IPersisted
{
    [Id(0)] public int Schema { get; init; } = 1;

    /// <summary>0: the build does not exist.</summary>
    [Id(1)] public long Version { get; init; }
    [Id(2)] public RunStatus Status { get; init; }

    /// <summary>What it was made from, without the plan and without changed paths.</summary>
    [Id(3)] public BuildRequest? Request { get; init; }
    [Id(4)] public DateTimeOffset? StartedAt { get; init; }
    [Id(5)] public DateTimeOffset? FinishedAt { get; init; }
    [Id(6)] public string? Reason { get; init; }
    [Id(7)] public string? CancelReason { get; init; }

    /// <summary>Jobs that were started or that ended without a start, by key. The others still wait for what they need.</summary>
    [Id(8)] public IReadOnlyDictionary<string, BuildJob> Jobs { get; init; } = new Dictionary<string, BuildJob>(StringComparer.Ordinal);

    /// <summary>Its concurrency group, written out; null when it has none.</summary>
    [Id(9)] public string? Group { get; init; }

    /// <summary>It is its turn in the group; no job starts before.</summary>
    [Id(10)] public bool Entered { get; init; }

    /// <summary>How often jobs of it were run again.</summary>
    [Id(11)] public int Round { get; init; }

    /// <summary>Who had jobs run again last; null: nobody.</summary>
    [Id(12)] public string? RerunBy { get; init; }

    /// <summary>How often jobs were added to the plan, or taken out of it.</summary>
    [Id(13)] public int Generation { get; init; }

    /// <summary>Jobs that go on where they failed, in the last round in which jobs were run again.</summary>
    [Id(14)] public IReadOnlyList<string> Resumed { get; init; } = [];

    /// <summary>When its turn in the group is expected; null when that is not known, or it is its turn.</summary>
    [Id(15)] public DateTimeOffset? ExpectedStartAt { get; init; }
}

/// <summary>What a build must know of a job to go on: whether it ended, and how. Its progress in between is not kept here.</summary>
[GenerateSerializer, Alias("prts.build-job"), Immutable]
public sealed record BuildJob
{
    /// <summary>Queued from the start to the end.</summary>
    [Id(0)] public RunStatus Status { get; init; }

    /// <summary>Ended by the build itself: no job grain knows of it.</summary>
    [Id(1)] public bool Unstarted { get; init; }
    [Id(2)] public string? Reason { get; init; }

    /// <summary>For the jobs that need it.</summary>
    [Id(3)] public IReadOnlyDictionary<string, string>? Outputs { get; init; }

    /// <summary>Set when it is to be canceled alone, without the build, and has not ended.</summary>
    [Id(4)] public string? CancelReason { get; init; }

    /// <summary>The build's <see cref="BuildState.Round"/> when it was decided.</summary>
    [Id(5)] public int Round { get; init; }
}
