namespace PRTS.Execution.Caches;

/// <summary>Where a cacheable step's inputs are: in a workspace, or in the commit that one would be made of.</summary>
internal interface IStepFiles
{
    /// <summary>What the patterns match; paths are in the workspace. Empty folders are among the links, see <see cref="Folder"/>.</summary>
    /// <exception cref="IOException">It cannot be told what a pattern matches, or a file cannot be read; the message says why. That nothing is there is told.</exception>
    ValueTask<(IReadOnlyList<StepFile> Files, IReadOnlyList<(string Path, string Target)> Links)> Read(IReadOnlyList<string> patterns, CancellationToken ct);

    /// <summary>An empty folder, as if it were a link: no link's path ends so.</summary>
    static (string Path, string Target) Folder(string path) => (path + "/", "");
}
