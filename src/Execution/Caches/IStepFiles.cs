namespace PRTS.Execution.Caches;

/// <summary>Where a cacheable step's inputs are: in a workspace, or in the commit that one would be made of.</summary>
internal interface IStepFiles
{
    /// <summary>What the patterns match; paths are in the workspace.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    ValueTask<(IReadOnlyList<StepFile> Files, IReadOnlyList<(string Path, string Target)> Links)> Read(IReadOnlyList<string> patterns, CancellationToken ct);
}
