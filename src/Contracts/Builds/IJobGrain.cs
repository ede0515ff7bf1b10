using PRTS.Api.Builds;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Concurrency;
using PRTS.Pipelines.Planning;

namespace PRTS.Contracts.Builds;

/// <summary>One job of one build: its attempts and where they run. Key: <see cref="JobId.Key"/>.</summary>
[Alias("prts.IJobGrain")]
public interface IJobGrain : IGroupMember
{
    /// <summary>From the build. Idempotent; returns the job as it stands.</summary>
    [Alias("Start")] Task<JobSummary> Start(JobStart start);

    /// <summary>From the build, with all that a start says: a job that never heard of its start is canceled too, and stays so.</summary>
    [Alias("Cancel")] Task<JobSummary> Cancel(JobStart start, string reason);

    /// <summary>
    /// From the tenant's agents: this agent keeps a slot for the attempt; null and a reason while none can. Said again when the agent
    /// does not know the attempt: then its start is repeated.
    /// </summary>
    [Alias("Placed")] Task Placed(int attempt, Placement placement);

    /// <summary>From the agent that runs it. False: the attempt is no longer valid; stop it and clean up.</summary>
    [Alias("Report")] Task<bool> Report(string token, IReadOnlyList<JobEvent> events);

    /// <summary>From a person: a deployment that waits may go on, or must not.</summary>
    /// <returns>Why this person cannot say so, in a sentence; null when it is done.</returns>
    [Alias("Decide")] Task<string?> Decide(string actor, bool approves, string comment);

    /// <summary>From a person: whether a step that runs once has run, of which nobody knew.</summary>
    /// <returns>Why this cannot be said, in a sentence; null when it is done.</returns>
    [Alias("Answer")] Task<string?> Answer(string actor, int step, bool ran);

    /// <summary>From the tenant's agents: the agent that held the attempt is gone beyond its lease.</summary>
    [Alias("AgentLost")] Task AgentLost(int attempt, string agent, string reason);

    /// <summary>From the tenant's agents: whether this agent is the one to run this attempt. It abandons what is not.</summary>
    [Alias("Holds")] Task<bool> Holds(int attempt, string agent);

    /// <summary>From the server's own endpoints: what this agent runs; null when the attempt is not its any more.</summary>
    [Alias("Assigned")] Task<JobStart?> Assigned(int attempt, string agent);
}

/// <summary>What a build says to start one of its jobs.</summary>
[GenerateSerializer, Alias("prts.job-start"), Immutable]
public sealed record JobStart
{
    [Id(0)] public required PlannedJob Job { get; init; }
    [Id(1)] public required TriggerEvent Event { get; init; }
    [Id(2)] public required IReadOnlyDictionary<string, NeedResult> Needs { get; init; }
    [Id(3)] public string Actor { get; init; } = "";
    [Id(4)] public int Position { get; init; }
    [Id(5)] public string DefaultBranch { get; init; } = "main";
    [Id(6)] public string PipelineName { get; init; } = "";
    [Id(7)] public string? TraceParent { get; init; }

    /// <summary>Of the pipeline, as JSON.</summary>
    [Id(8)] public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>A job that ended starts anew when this is higher than before.</summary>
    [Id(9)] public int Round { get; init; }

    /// <summary>A job that failed goes on where it did.</summary>
    [Id(10)] public bool Resume { get; init; }

    /// <summary>How long the job usually takes; null when that is not known.</summary>
    [Id(11)] public TimeSpan? Usual { get; init; }

    /// <summary>When the build found that nothing keeps the job any more; the same for all that it found so at once.</summary>
    [Id(12)] public DateTimeOffset? ReadyAt { get; init; }

    /// <summary>So many jobs of the build became ready at <see cref="ReadyAt"/> and ask for a slot now, this one among them.</summary>
    [Id(13)] public int Together { get; init; }
}
