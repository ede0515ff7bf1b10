namespace PRTS.Pipelines.Planning;

/// <summary>A secret that a job is given when it starts. Its value is in no plan.</summary>
[GenerateSerializer, Alias("prts.plan-secret"), Immutable]
public sealed record PlannedSecret
{
    /// <summary>As it was set.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>The environment variable of the job's steps that has its value, or the path of the file that has it.</summary>
    [Id(1)] public required string Variable { get; init; }

    /// <summary>The value lies in a file that only the job can read.</summary>
    [Id(2)] public bool IsFile { get; init; }
}
