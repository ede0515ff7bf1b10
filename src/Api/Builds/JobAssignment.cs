using PRTS.Pipelines.Planning;

namespace PRTS.Api.Builds;

/// <summary>All that an agent needs to run one attempt of one job.</summary>
[GenerateSerializer, Alias("prts.job-assignment"), Immutable]
public sealed record JobAssignment
{
    /// <summary><c>tenant/org/project/number/job/attempt</c>: the key of the attempt and of its log.</summary>
    [Id(0)] public required string Attempt { get; init; }

    /// <summary>The attempt's fencing token and capability: proves to grains and endpoints that the caller holds this attempt.</summary>
    [Id(1)] public required string Token { get; init; }
    [Id(2)] public required string Org { get; init; }
    [Id(3)] public required string Project { get; init; }
    [Id(4)] public required int Number { get; init; }
    [Id(5)] public required TriggerEvent Event { get; init; }
    [Id(6)] public string Actor { get; init; } = "";
    [Id(7)] public required PlannedJob Job { get; init; }

    /// <summary><see cref="NeededJobs"/>: results by key.</summary>
    [Id(8)] public required IReadOnlyDictionary<string, NeedResult> Needs { get; init; }

    /// <summary>The control plane's address, for example <c>http://127.0.0.1:5080</c>; Git is at <c>/git/{org}/{project}.git</c>.</summary>
    [Id(9)] public required string ServerUrl { get; init; }

    /// <summary>SIGTERM to SIGKILL.</summary>
    [Id(10)] public TimeSpan CancelGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>W3C traceparent of the build's trace.</summary>
    [Id(11)] public string? TraceParent { get; init; }
    [Id(12)] public string DefaultBranch { get; init; } = "main";
    [Id(13)] public string PipelineName { get; init; } = "";

    /// <summary>The pipeline's inputs by name, as JSON.</summary>
    [Id(14)] public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Steps that run once and have, by index.</summary>
    [Id(15)] public IReadOnlyDictionary<int, OnceDone> Done { get; init; } = new Dictionary<int, OnceDone>();

    /// <summary>The attempt whose workspace it goes on with, at the step that failed; null: it begins with a checkout.</summary>
    [Id(16)] public string? Resume { get; init; }
}

/// <summary>A step that ran in an earlier attempt and does not run again.</summary>
[GenerateSerializer, Alias("prts.once-done"), Immutable]
public sealed record OnceDone
{
    /// <summary>In a sentence without its full stop.</summary>
    [Id(0)] public required string Reason { get; init; }
    [Id(1)] public IReadOnlyDictionary<string, string> Outputs { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

[GenerateSerializer, Alias("prts.need-result"), Immutable]
public sealed record NeedResult
{
    [Id(0)] public required RunStatus Status { get; init; }
    [Id(1)] public IReadOnlyDictionary<string, string> Outputs { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public static NeedResult Of(EndedJob job) => new() { Status = StatusOf(job.Result), Outputs = job.Outputs ?? new Dictionary<string, string>(StringComparer.Ordinal) };

    /// <summary>A job's result as the status that it has in a build.</summary>
    public static RunStatus StatusOf(JobResult result) => result switch
    {
        JobResult.Success => RunStatus.Succeeded,
        JobResult.Failure => RunStatus.Failed,
        JobResult.Cancelled => RunStatus.Canceled,
        _ => RunStatus.Skipped,
    };
}
