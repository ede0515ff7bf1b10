namespace PRTS.Pipelines.Planning;

/// <summary>Which of a matrix' jobs one is, and how they go together.</summary>
[GenerateSerializer, Alias("prts.plan-matrix"), Immutable]
public sealed record PlannedMatrix
{
    /// <summary>The job's name as it is written: the same for all jobs of the matrix, and for no other.</summary>
    [Id(0)] public required string Group { get; init; }

    /// <summary>Values by name, as JSON.</summary>
    [Id(1)] public required IReadOnlyDictionary<string, string> Values { get; init; }

    /// <summary>When one fails, those that have not ended are canceled.</summary>
    [Id(2)] public bool FailFast { get; init; } = true;

    /// <summary>Jobs at once at most; 0: no limit.</summary>
    [Id(3)] public int MaxParallel { get; init; }
}
