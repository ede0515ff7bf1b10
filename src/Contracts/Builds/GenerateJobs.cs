using PRTS.Pipelines;
using PRTS.Pipelines.Planning;

namespace PRTS.Contracts.Builds;

/// <summary>Jobs that a step adds to its build.</summary>
[GenerateSerializer, Alias("prts.generate-jobs"), Immutable]
public sealed record GenerateJobs
{
    [Id(0)] public required PlannedOrigin Origin { get; init; }

    /// <summary>Path in the job's workspace, for messages.</summary>
    [Id(1)] public required string File { get; init; }

    /// <summary>YAML in UTF-8 (docs/pipeline.md).</summary>
    [Id(2)] public required byte[] Content { get; init; }
}

[GenerateSerializer, Alias("prts.generate-result"), Immutable]
public sealed record GenerateResult
{
    /// <summary>Names of the jobs that were added, in the order of the file.</summary>
    [Id(0)] public IReadOnlyList<string> Jobs { get; init; } = [];

    /// <summary>What is wrong in the file; nothing was added.</summary>
    [Id(1)] public IReadOnlyList<Diagnostic> Errors { get; init; } = [];

    /// <summary>Why nothing can be added, in a sentence; null when something can.</summary>
    [Id(2)] public string? Problem { get; init; }
}
