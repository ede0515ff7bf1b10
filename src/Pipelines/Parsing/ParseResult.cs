using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>What a pipeline file says, or everything that is wrong with it.</summary>
public sealed record ParseResult
{
    /// <summary>Null if and only if there are <see cref="Errors"/>, or templates are <see cref="Missing"/>.</summary>
    public PipelineDefinition? Pipeline { get; init; }

    /// <summary>In the order of the file.</summary>
    public required IReadOnlyList<Diagnostic> Errors { get; init; }

    /// <summary>What is probably not meant in a pipeline without errors, in the order of the file. Looked for each time it is asked.</summary>
    public IReadOnlyList<Diagnostic> FindWarnings() => Pipeline is null ? [] : ReferenceCheck.Warnings(Pipeline);

    /// <summary>Templates that must be known before more can be said.</summary>
    internal IReadOnlyCollection<Includes.IncludeAddress> Missing { get; init; } = [];
}
