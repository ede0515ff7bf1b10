using PRTS.Api.Builds;
using PRTS.Contracts.Concurrency;
using PRTS.Pipelines;
using PRTS.Pipelines.Planning;

namespace PRTS.Contracts.Builds;

/// <summary>One build: which of its jobs may start, and what became of them. Key: <see cref="BuildId.Key"/>. Commands return at once.</summary>
[Alias("prts.IBuildGrain")]
public interface IBuildGrain : IGroupMember
{
    /// <summary>Idempotent: a build that exists stays as it is.</summary>
    [Alias("Create")] Task Create(BuildRequest request);

    /// <summary>Repeats the effects of the state as it is; called for unfinished builds after a start of a server.</summary>
    [Alias("Wake")] Task Wake();

    [Alias("Cancel")] Task Cancel(string actor, string reason);

    /// <summary>Runs jobs of a build that has ended again, and those that need them; the others stay as they are.</summary>
    /// <param name="jobs">Keys; null: those that failed or were canceled.</param>
    /// <param name="fromFailedStep">Those of them that failed go on where they failed; their agents have kept the workspaces.</param>
    /// <returns>Why it cannot be, in a sentence; null when it is done.</returns>
    [Alias("Rerun")] Task<string?> Rerun(string actor, IReadOnlyList<string>? jobs, bool fromFailedStep);

    /// <summary>From the agent of a job: adds jobs to the build. Idempotent by attempt and step.</summary>
    /// <returns>The names of the jobs, or why there are none.</returns>
    [Alias("Generate")] Task<GenerateResult> Generate(GenerateJobs request);

    /// <summary>From a job: its state changed. Older versions than the one known are ignored.</summary>
    [Alias("JobChanged")] Task JobChanged(JobSummary job);

    /// <summary>Null when the build does not exist.</summary>
    [Alias("Get")] Task<BuildSummary?> Get();

    /// <summary>What the build was made from, to make it again; null when it does not exist.</summary>
    [Alias("Definition")] Task<BuildRequest?> Definition();
}

/// <summary>All that a build is made from. Exactly one of <see cref="Plan"/>, <see cref="Diagnostics"/> and <see cref="SkipReason"/> is given.</summary>
[GenerateSerializer, Alias("prts.build-request"), Immutable]
public sealed record BuildRequest
{
    [Id(0)] public required TriggerEvent Event { get; init; }
    [Id(1)] public required string Name { get; init; }
    [Id(2)] public required string File { get; init; }
    [Id(3)] public BuildPlan? Plan { get; init; }
    [Id(4)] public IReadOnlyList<Diagnostic> Diagnostics { get; init; } = [];
    [Id(5)] public string Actor { get; init; } = "";
    [Id(6)] public string Author { get; init; } = "";
    [Id(7)] public string Message { get; init; } = "";
    [Id(8)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(9)] public int? RetryOf { get; init; }
    [Id(10)] public string DefaultBranch { get; init; } = "main";

    /// <summary>W3C traceparent: the build's trace begins where its event came in.</summary>
    [Id(11)] public string? TraceParent { get; init; }

    /// <summary>Why there is nothing to run, although the pipeline reacts to such events: a whole sentence.</summary>
    [Id(12)] public string? SkipReason { get; init; }
}
