using PRTS.Api;
using PRTS.Contracts.Builds;
using PRTS.Grains.Environments;

namespace PRTS.Grains.Builds;

/// <summary>What the build said when it started the job. Written once, so that the state that changes stays small.</summary>
[GenerateSerializer, Alias("prts.job-definition"), Immutable]
public sealed record JobDefinition : IPersisted
{
    [Id(0)] public int Schema { get; init; } = 1;
    [Id(1)] public JobStart? Start { get; init; }
}

/// <summary>What became of a job. <see cref="Version"/> is 0 before its start.</summary>
[GenerateSerializer, Alias("prts.job-state"), Immutable]
public sealed record JobState : IPersisted
{
    [Id(0)] public int Schema { get; init; } = 1;
    [Id(1)] public long Version { get; init; }
    [Id(2)] public RunStatus Status { get; init; }
    [Id(3)] public int Attempt { get; init; }

    /// <summary>The agent that holds a slot for the attempt; it may have started it as soon as this is written.</summary>
    [Id(4)] public string? Agent { get; init; }
    [Id(5)] public string? Reason { get; init; }

    /// <summary>Set when the job is to stop and its agent has not yet said that it did.</summary>
    [Id(6)] public string? CancelReason { get; init; }

    /// <summary>The last event of this attempt that was applied.</summary>
    [Id(7)] public long LastSequence { get; init; }
    [Id(8)] public DateTimeOffset? QueuedAt { get; init; }
    [Id(9)] public DateTimeOffset? StartedAt { get; init; }
    [Id(10)] public DateTimeOffset? FinishedAt { get; init; }
    [Id(11)] public IReadOnlyList<StepState> Steps { get; init; } = [];
    [Id(12)] public IReadOnlyDictionary<string, string>? Outputs { get; init; }
    [Id(13)] public long LogLength { get; init; }

    /// <summary>How often it was tried again after a failure. <see cref="Attempt"/> also counts those that never began.</summary>
    [Id(14)] public int Retries { get; init; }

    /// <summary>The next try waits until then; null: it does not wait.</summary>
    [Id(15)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Its concurrency group; null when it has none.</summary>
    [Id(16)] public string? Group { get; init; }

    /// <summary>It is its turn in the group; no agent is asked before.</summary>
    [Id(17)] public bool Entered { get; init; }

    /// <summary>Of a job that deploys, once it is ready but for its environment; else null.</summary>
    [Id(18)] public DeploymentGate? Gate { get; init; }

    /// <summary>Where it deploys to; null: it does not.</summary>
    [Id(19)] public string? Environment { get; init; }

    /// <summary>That of its last start.</summary>
    [Id(20)] public int Round { get; init; }

    /// <summary>Steps that run once and were claimed, by index; of all attempts.</summary>
    [Id(21)] public IReadOnlyDictionary<int, OnceState> Once { get; init; } = NoSteps;

    /// <summary>The attempt goes on where an earlier one failed; null: it begins at the beginning.</summary>
    [Id(22)] public ResumeState? Resume { get; init; }

    /// <summary>Of a job that waits: when it is expected to start; null when that is not known.</summary>
    [Id(23)] public DateTimeOffset? ExpectedStartAt { get; init; }

    private static readonly IReadOnlyDictionary<int, OnceState> NoSteps = new Dictionary<int, OnceState>();
}

/// <summary>What is known of a step that runs once. See <see cref="OnceSteps"/>.</summary>
[GenerateSerializer, Alias("prts.once-state"), Immutable]
public sealed record OnceState
{
    /// <summary>Which claimed it.</summary>
    [Id(0)] public required int Attempt { get; init; }

    /// <summary>Null: not known.</summary>
    [Id(1)] public RunStatus? End { get; init; }
    [Id(2)] public string? Reason { get; init; }
    [Id(3)] public IReadOnlyDictionary<string, string>? Outputs { get; init; }

    /// <summary>Although it succeeded, a person is to say whether it runs again.</summary>
    [Id(4)] public bool Asks { get; init; }

    /// <summary>Who said that it did its work; null: its agent did.</summary>
    [Id(5)] public string? By { get; init; }
}

/// <summary>A workspace that was kept.</summary>
[GenerateSerializer, Alias("prts.resume-state"), Immutable]
public sealed record ResumeState
{
    /// <summary>The attempt for which it was made.</summary>
    [Id(0)] public required int Workspace { get; init; }

    /// <summary>Where it lies.</summary>
    [Id(1)] public required string Agent { get; init; }
}

[GenerateSerializer, Alias("prts.step-state"), Immutable]
public sealed record StepState
{
    [Id(0)] public RunStatus Status { get; init; }
    [Id(1)] public DateTimeOffset? StartedAt { get; init; }
    [Id(2)] public DateTimeOffset? FinishedAt { get; init; }
    [Id(3)] public int? ExitCode { get; init; }
    [Id(4)] public long? LogStart { get; init; }
    [Id(5)] public long? LogEnd { get; init; }
    [Id(6)] public string? Reason { get; init; }

    /// <summary>With its expressions evaluated; null when the plan's name holds.</summary>
    [Id(7)] public string? Name { get; init; }
}
