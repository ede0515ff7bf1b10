using PRTS.Api.Agents;
using PRTS.Contracts.Builds;

namespace PRTS.Contracts.Agents;

/// <summary>
/// The agents of one tenant and the jobs that wait for them. Key: the tenant. Matches in memory; rebuilt at activation from the
/// read models, from heartbeats, and by jobs that ask again.
/// </summary>
[Alias("prts.IAgentsGrain")]
public interface IAgentsGrain : IGrainWithStringKey
{
    /// <summary>Asks for a slot. Idempotent by attempt: a waiting or placed attempt gets its present answer.</summary>
    [Alias("Request")] Task<Placement> Request(SlotRequest request);

    /// <summary>The attempt no longer needs its slot or its place in the queue.</summary>
    [Alias("Release")] Task Release(AttemptId attempt);

    /// <summary>From an agent silo when it starts, and whenever its settings change.</summary>
    [Alias("Hello")] Task Hello(AgentHello hello);

    /// <summary>From an agent silo every few seconds; the answer names attempts that it must abandon.</summary>
    [Alias("Beat")] Task<AgentOrders> Beat(AgentBeat beat);

    /// <summary>Takes no new jobs; false when there is no such agent.</summary>
    [Alias("Drain")] Task<bool> Drain(string agent);

    /// <summary>Ends a drain.</summary>
    [Alias("Resume")] Task<bool> Resume(string agent);

    [Alias("List")] Task<IReadOnlyList<AgentSummary>> List();
}

/// <summary>What a job needs of an agent.</summary>
[GenerateSerializer, Alias("prts.slot-request"), Immutable]
public sealed record SlotRequest
{
    [Id(0)] public required AttemptId Attempt { get; init; }
    [Id(1)] public required IReadOnlyList<string> RunsOn { get; init; }
    [Id(2)] public string? Image { get; init; }
    [Id(3)] public required DateTimeOffset Since { get; init; }
    [Id(4)] public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Set when the attempt already runs there: the slot is taken again after a restart of the grain.</summary>
    [Id(5)] public string? HeldBy { get; init; }

    /// <summary>Higher ones are served first.</summary>
    [Id(6)] public int Priority { get; init; }

    /// <summary>A step of it builds an image.</summary>
    [Id(7)] public bool BuildsImages { get; init; }

    /// <summary>How long the job usually takes; null when that is not known.</summary>
    [Id(8)] public TimeSpan? Usual { get; init; }

    /// <summary>Of an attempt that runs already.</summary>
    [Id(9)] public DateTimeOffset? StartedAt { get; init; }

    /// <summary>In the build's plan: of equals that wait since the same moment, the first goes first.</summary>
    [Id(10)] public int Position { get; init; }

    /// <summary>So many jobs of the build ask with the same <see cref="Since"/>, this one among them.</summary>
    [Id(11)] public int Together { get; init; }

    /// <summary>Then it is told why it waits by the registry, and only if it waits for long.</summary>
    public bool IsOneOfMany => Together > 1;

    /// <summary>Whether it needs an agent with a container engine.</summary>
    public bool NeedsContainers => Image is not null || Services.Count > 0 || BuildsImages;
}

/// <summary>Where an attempt goes, or why it waits and what would serve it.</summary>
[GenerateSerializer, Alias("prts.placement"), Immutable]
public sealed record Placement
{
    [Id(0)] public string? Agent { get; init; }
    [Id(1)] public string? WaitReason { get; init; }

    /// <summary>When it is expected to get a slot, by how long the jobs before it usually take; null when that is not known.</summary>
    [Id(2)] public DateTimeOffset? ExpectedStartAt { get; init; }
}

[GenerateSerializer, Alias("prts.agent-hello"), Immutable]
public sealed record AgentHello
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>New with each start of the agent's process.</summary>
    [Id(1)] public required string Session { get; init; }
    [Id(2)] public required IReadOnlyList<string> Labels { get; init; }
    [Id(3)] public required int Slots { get; init; }
    [Id(4)] public string Version { get; init; } = "";
    [Id(5)] public string Os { get; init; } = "";
    [Id(6)] public string Architecture { get; init; } = "";
    [Id(7)] public string Host { get; init; } = "";

    /// <summary>Whether it can run jobs with an <c>image</c>.</summary>
    [Id(8)] public bool Containers { get; init; }

    /// <summary>Attempts it holds from before its start.</summary>
    [Id(9)] public IReadOnlyList<string> Running { get; init; } = [];
}

[GenerateSerializer, Alias("prts.agent-beat"), Immutable]
public sealed record AgentBeat
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required string Session { get; init; }
    [Id(2)] public required IReadOnlyList<string> Running { get; init; }

    /// <summary>The agent is stopping and takes nothing more.</summary>
    [Id(3)] public bool Leaving { get; init; }
}

[GenerateSerializer, Alias("prts.agent-orders"), Immutable]
public sealed record AgentOrders
{
    /// <summary>False: this server does not know the session; say <see cref="IAgentsGrain.Hello"/> again.</summary>
    [Id(0)] public required bool Known { get; init; }
    [Id(1)] public IReadOnlyList<string> Abandon { get; init; } = [];
    [Id(2)] public bool Drain { get; init; }
}
