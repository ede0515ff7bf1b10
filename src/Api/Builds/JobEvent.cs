using System.Text.Json.Serialization;
using PRTS.Pipelines.Planning;

namespace PRTS.Api.Builds;

/// <summary>
/// What happened to an attempt, in order. The agent numbers an attempt's events from 1 without gaps, also across its own restarts;
/// the job grain drops those it has seen.
/// </summary>
[GenerateSerializer, Alias("prts.job-event"), Immutable]
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(JobStarted), "started")]
[JsonDerivedType(typeof(StepClaimed), "step-claimed")]
[JsonDerivedType(typeof(StepStarted), "step-started")]
[JsonDerivedType(typeof(StepEnded), "step-ended")]
[JsonDerivedType(typeof(JobEnded), "ended")]
public abstract record JobEvent
{
    [Id(0)] public required long Sequence { get; init; }
    [Id(1)] public required DateTimeOffset At { get; init; }
}

[GenerateSerializer, Alias("prts.job-started"), Immutable]
public sealed record JobStarted : JobEvent;

/// <summary>Of a step that runs once: from now on it counts as one that may have run. The agent starts it when this is accepted, not before.</summary>
[GenerateSerializer, Alias("prts.step-claimed"), Immutable]
public sealed record StepClaimed : JobEvent
{
    [Id(0)] public required int Index { get; init; }
}

[GenerateSerializer, Alias("prts.step-started"), Immutable]
public sealed record StepStarted : JobEvent
{
    [Id(0)] public required int Index { get; init; }

    /// <summary>Length of the job's log when the step began, in bytes.</summary>
    [Id(1)] public required long LogStart { get; init; }

    /// <summary>The step's name with expressions evaluated.</summary>
    [Id(2)] public string? Name { get; init; }
}

[GenerateSerializer, Alias("prts.step-ended"), Immutable]
public sealed record StepEnded : JobEvent
{
    [Id(0)] public required int Index { get; init; }
    [Id(1)] public required RunStatus Status { get; init; }

    /// <summary>Null when no process ran or it was killed by a signal.</summary>
    [Id(2)] public int? ExitCode { get; init; }
    [Id(3)] public long? LogEnd { get; init; }

    /// <summary>Why, in a sentence: exit code, signal, time-out, unmet condition.</summary>
    [Id(4)] public string? Reason { get; init; }

    /// <summary>Of a step that runs once, for attempts that come after; else null.</summary>
    [Id(5)] public IReadOnlyDictionary<string, string>? Outputs { get; init; }
}

/// <summary>The last event of an attempt. Sent only after the whole log is durable.</summary>
[GenerateSerializer, Alias("prts.job-ended"), Immutable]
public sealed record JobEnded : JobEvent
{
    [Id(0)] public required RunStatus Status { get; init; }
    [Id(1)] public string? Reason { get; init; }
    [Id(2)] public required long LogLength { get; init; }

    /// <summary>By name; where several steps give one name, that of the last.</summary>
    [Id(3)] public IReadOnlyDictionary<string, string>? Outputs { get; init; }

    /// <summary>Of a failure.</summary>
    [Id(4)] public FailureCause Cause { get; init; }

    /// <summary>Of the step that failed, where one did and ended by itself.</summary>
    [Id(5)] public int? ExitCode { get; init; }
}
