namespace PRTS.Api.Builds;

/// <summary>A manual start. Ref: a branch or tag, short or full; null is the default branch. Commit: null is the ref's newest.</summary>
[GenerateSerializer, Alias("prts.start-build"), Immutable]
public sealed record StartBuild
{
    [Id(0)] public string? Ref { get; init; }
    [Id(1)] public string? Commit { get; init; }

    /// <summary>Pipeline file; null starts every pipeline of the commit.</summary>
    [Id(2)] public string? File { get; init; }

    /// <summary>Values of the pipelines' inputs, by name.</summary>
    [Id(3)] public IReadOnlyDictionary<string, string>? Inputs { get; init; }
}
