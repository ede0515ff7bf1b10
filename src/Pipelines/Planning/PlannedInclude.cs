namespace PRTS.Pipelines.Planning;

/// <summary>A template of another project, at the commit that it had when the build was planned.</summary>
[GenerateSerializer, Alias("prts.plan-include"), Immutable]
public sealed record PlannedInclude
{
    /// <summary><c>org/name</c>.</summary>
    [Id(0)] public required string Project { get; init; }

    /// <summary>As it is written; null: the project's default branch.</summary>
    [Id(1)] public string? Ref { get; init; }
    [Id(2)] public required string File { get; init; }

    /// <summary>40 hex digits.</summary>
    [Id(3)] public required string Commit { get; init; }
}
