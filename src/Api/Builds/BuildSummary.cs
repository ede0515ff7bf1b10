using PRTS.Api.Environments;
using PRTS.Pipelines;

namespace PRTS.Api.Builds;

/// <summary>A build as lists and pages show it. <see cref="Stages"/> is filled where one build is shown, and null in lists.</summary>
[GenerateSerializer, Alias("prts.build-summary"), Immutable]
public sealed record BuildSummary
{
    [Id(0)] public required string Org { get; init; }
    [Id(1)] public required string Project { get; init; }
    [Id(2)] public required int Number { get; init; }
    [Id(3)] public required RunStatus Status { get; init; }

    /// <summary>The pipeline's name.</summary>
    [Id(4)] public required string Name { get; init; }

    /// <summary>The pipeline's file, for example <c>.prts/pipeline.yaml</c>.</summary>
    [Id(5)] public required string File { get; init; }

    /// <summary><c>push</c>, <c>tag</c>, <c>schedule</c>, <c>manual</c>, ...</summary>
    [Id(6)] public required string Event { get; init; }

    /// <summary>Full name, for example <c>refs/heads/main</c>.</summary>
    [Id(7)] public required string Ref { get; init; }
    [Id(8)] public required string Commit { get; init; }

    /// <summary>The first line of the commit's message.</summary>
    [Id(9)] public string Message { get; init; } = "";
    [Id(10)] public string Author { get; init; } = "";

    /// <summary>The user who pushed or started it; <c>schedule</c> for the clock.</summary>
    [Id(11)] public string Actor { get; init; } = "";
    [Id(12)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(13)] public DateTimeOffset? StartedAt { get; init; }
    [Id(14)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Why it failed, was canceled or is invalid, in one sentence; null otherwise.</summary>
    [Id(15)] public string? Reason { get; init; }
    [Id(16)] public IReadOnlyList<Diagnostic> Diagnostics { get; init; } = [];
    [Id(17)] public IReadOnlyList<StageSummary>? Stages { get; init; }

    /// <summary>The build that this one repeats; null otherwise.</summary>
    [Id(18)] public int? RetryOf { get; init; }

    /// <summary>Grows by one at each change; a projection never goes back.</summary>
    [Id(19)] public long Version { get; init; }

    /// <summary>What a manual run was given; null when nothing was.</summary>
    [Id(20)] public IReadOnlyDictionary<string, string>? Inputs { get; init; }

    /// <summary>Of a build that waits for its turn in a concurrency group: when it is expected; null when that is not known.</summary>
    [Id(21)] public DateTimeOffset? ExpectedStartAt { get; init; }

    /// <summary><c>org/project#number</c>.</summary>
    public string Id => $"{Org}/{Project}#{Number}";
}

[GenerateSerializer, Alias("prts.stage-summary"), Immutable]
public sealed record StageSummary
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required RunStatus Status { get; init; }
    [Id(2)] public IReadOnlyList<string> Needs { get; init; } = [];
    [Id(3)] public IReadOnlyList<JobSummary> Jobs { get; init; } = [];
}

[GenerateSerializer, Alias("prts.job-summary"), Immutable]
public sealed record JobSummary
{
    [Id(0)] public required string Key { get; init; }
    [Id(1)] public required string Name { get; init; }
    [Id(2)] public required string Stage { get; init; }
    [Id(3)] public required RunStatus Status { get; init; }

    /// <summary>Which try this is, from 1.</summary>
    [Id(4)] public int Attempt { get; init; } = 1;
    [Id(5)] public string? Agent { get; init; }

    /// <summary>Keys of the jobs that must end first.</summary>
    [Id(6)] public IReadOnlyList<string> Needs { get; init; } = [];
    [Id(7)] public IReadOnlyList<string> RunsOn { get; init; } = [];
    [Id(8)] public string? Image { get; init; }
    [Id(9)] public DateTimeOffset? QueuedAt { get; init; }
    [Id(10)] public DateTimeOffset? StartedAt { get; init; }
    [Id(11)] public DateTimeOffset? FinishedAt { get; init; }
    [Id(12)] public bool AllowFailure { get; init; }

    /// <summary>Why it waits, was skipped, failed or was canceled, in a sentence or two; null when there is nothing to explain.</summary>
    [Id(13)] public string? Reason { get; init; }
    [Id(14)] public IReadOnlyList<StepSummary> Steps { get; init; } = [];
    [Id(15)] public long Version { get; init; }

    /// <summary>Position in the plan, from 0.</summary>
    [Id(16)] public int Position { get; init; }

    /// <summary>Outputs for <c>needs.job.outputs</c>; names are <c>step.output</c> flattened by step id.</summary>
    [Id(17)] public IReadOnlyDictionary<string, string>? Outputs { get; init; }

    /// <summary>Where it deploys to; null: it does not.</summary>
    [Id(18)] public string? Environment { get; init; }

    /// <summary>What its deployment waits for; null when it does not wait for that.</summary>
    [Id(19)] public ApprovalSummary? Approval { get; init; }

    /// <summary>When it is expected to start, by how long what is before it usually takes; null when that is not known or it does not wait.</summary>
    [Id(20)] public DateTimeOffset? ExpectedStartAt { get; init; }

    /// <summary>How often people had it run again in this build; tries after a failure do not count.</summary>
    [Id(21)] public int Round { get; init; }

    /// <summary>What a person has to say before it goes on; null: nothing.</summary>
    [Id(22)] public OnceQuestion? Question { get; init; }

    /// <summary>It needs an agent with a container engine.</summary>
    [Id(23)] public bool NeedsContainers { get; init; }

    /// <summary>
    /// Of a job that has not started: names of the agents that have what it asks for, whether or not they can take it now, so many as
    /// are worth saying; null when it is not known yet what it asks for.
    /// </summary>
    [Id(24)] public IReadOnlyList<string>? FittingAgents { get; init; }
}

[GenerateSerializer, Alias("prts.step-summary"), Immutable]
public sealed record StepSummary
{
    [Id(0)] public required int Index { get; init; }
    [Id(1)] public required string Name { get; init; }
    [Id(2)] public required RunStatus Status { get; init; }
    [Id(3)] public DateTimeOffset? StartedAt { get; init; }
    [Id(4)] public DateTimeOffset? FinishedAt { get; init; }
    [Id(5)] public int? ExitCode { get; init; }

    /// <summary>Where the step's output begins in the job's log, in bytes; null before it started.</summary>
    [Id(6)] public long? LogStart { get; init; }

    /// <summary>Where it ends (exclusive); null while it runs.</summary>
    [Id(7)] public long? LogEnd { get; init; }
    [Id(8)] public string? Reason { get; init; }
    [Id(9)] public string? Command { get; init; }
    [Id(10)] public bool ContinueOnError { get; init; }
}
