using PRTS.Pipelines;
using PRTS.Pipelines.Planning;

namespace PRTS.Api.Projects;

/// <summary>A pipeline file of a commit, and what a manual run of it is asked for.</summary>
public sealed record PipelineSummary
{
    public required string File { get; init; }
    public required string Name { get; init; }
    public IReadOnlyList<PipelineInput> Inputs { get; init; } = [];

    /// <summary>What is wrong with the file; then there are no inputs.</summary>
    public IReadOnlyList<Diagnostic> Errors { get; init; } = [];

    /// <summary>What is probably not meant; builds run all the same.</summary>
    public IReadOnlyList<Diagnostic> Warnings { get; init; } = [];
}
