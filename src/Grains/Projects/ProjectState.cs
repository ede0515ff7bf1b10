using PRTS.Api.Projects;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Projects;

/// <summary>A project as it is persisted. <see cref="Version"/> is 0 before its creation.</summary>
[GenerateSerializer, Alias("prts.project-state"), Immutable]
public sealed record ProjectState : IPersisted
{
    [Id(0)] public int Schema { get; init; } = 1;
    [Id(1)] public long Version { get; init; }
    [Id(2)] public string Description { get; init; } = "";
    [Id(3)] public string DefaultBranch { get; init; } = "main";
    [Id(4)] public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Number of the next build.</summary>
    [Id(5)] public int NextNumber { get; init; } = 1;

    /// <summary>The commit of each ref (full name) that was last seen and, where it should, triggered builds.</summary>
    [Id(6)] public IReadOnlyDictionary<string, string> Triggered { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Builds that have a number and may not exist yet.</summary>
    [Id(7)] public IReadOnlyList<PendingBuild> Pending { get; init; } = [];

    /// <summary>Keys of the last schedule occurrences that were started, oldest first.</summary>
    [Id(8)] public IReadOnlyList<string> Occurrences { get; init; } = [];

    /// <summary>The default branch's commit whose schedules are in the table.</summary>
    [Id(9)] public string? ScheduledCommit { get; init; }

    /// <summary>The last deliveries of webhooks that started builds, oldest first.</summary>
    [Id(10)] public IReadOnlyList<StartedDelivery> Deliveries { get; init; } = [];

    [Id(11)] public RefProtection Protection { get; init; } = new();
}

/// <summary>The builds that a delivery started: <see cref="Count"/> of them, numbered from <see cref="First"/>.</summary>
[GenerateSerializer, Alias("prts.started-delivery"), Immutable]
public sealed record StartedDelivery
{
    [Id(0)] public required string Key { get; init; }
    [Id(1)] public required int First { get; init; }
    [Id(2)] public required int Count { get; init; }
}

/// <summary>What is needed to make the build's request again after a crash.</summary>
[GenerateSerializer, Alias("prts.pending-build"), Immutable]
public sealed record PendingBuild
{
    [Id(0)] public required int Number { get; init; }

    /// <summary>Without changed paths: they follow from <see cref="Before"/>.</summary>
    [Id(1)] public required TriggerEvent Event { get; init; }
    [Id(2)] public required string File { get; init; }

    /// <summary>The commit that the ref pointed to before; null when it is new.</summary>
    [Id(3)] public string? Before { get; init; }
    [Id(4)] public string Actor { get; init; } = "";
    [Id(5)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(6)] public int? RetryOf { get; init; }
}
