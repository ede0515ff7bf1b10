namespace PRTS.Pipelines.Planning;

/// <summary>Of all that name one group in a project, only one is under way at a time.</summary>
[GenerateSerializer, Alias("prts.plan-concurrency"), Immutable]
public sealed record PlannedConcurrency
{
    /// <summary>A template in the plan.</summary>
    [Id(0)] public required string Group { get; init; }

    /// <summary>A newer one cancels the one that is under way and those that wait; otherwise it waits for its turn.</summary>
    [Id(1)] public bool CancelInProgress { get; init; }
}
