using System.Text.Json.Serialization;

namespace PRTS.Api.Agents;

[GenerateSerializer, Alias("prts.agent-status")]
[JsonConverter(typeof(AgentStatusJsonConverter))]
public enum AgentStatus
{
    Offline = 0,
    Online = 1,

    /// <summary>Takes no new jobs; finishes what it runs.</summary>
    Draining = 2,
}

public sealed class AgentStatusJsonConverter() : JsonStringEnumConverter<AgentStatus>(System.Text.Json.JsonNamingPolicy.CamelCase, allowIntegerValues: false);

[GenerateSerializer, Alias("prts.agent-summary"), Immutable]
public sealed record AgentSummary
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required AgentStatus Status { get; init; }
    [Id(2)] public IReadOnlyList<string> Labels { get; init; } = [];
    [Id(3)] public int Slots { get; init; } = 1;

    /// <summary>What it runs now, as <c>org/project#number/job</c>.</summary>
    [Id(4)] public IReadOnlyList<string> Running { get; init; } = [];
    [Id(5)] public string Version { get; init; } = "";
    [Id(6)] public string Os { get; init; } = "";
    [Id(7)] public string Architecture { get; init; } = "";
    [Id(8)] public DateTimeOffset? LastSeenAt { get; init; }
    [Id(9)] public DateTimeOffset? JoinedAt { get; init; }
    [Id(10)] public string Host { get; init; } = "";
    [Id(11)] public long Revision { get; init; }

    /// <summary>It was told to take no new jobs, also while it is offline.</summary>
    [Id(12)] public bool Drained { get; init; }

    /// <summary>When its present process, or the last one, came online.</summary>
    [Id(13)] public DateTimeOffset? OnlineSince { get; init; }

    /// <summary>It has a container engine, for jobs with an <c>image</c> or <c>services</c>.</summary>
    [Id(14)] public bool Containers { get; init; }
}

/// <summary>A join token, shown once, with the one command that uses it.</summary>
public sealed record AgentToken
{
    public required string Token { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required string Command { get; init; }

    /// <summary>Whether the command reaches the control plane from its own machine alone.</summary>
    public bool ThisMachineOnly { get; init; }
}
