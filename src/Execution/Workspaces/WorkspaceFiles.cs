using System.Security.Cryptography;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;

namespace PRTS.Execution.Workspaces;

/// <summary>The files that are in a workspace now.</summary>
internal sealed class WorkspaceFiles(Workspace workspace) : IStepFiles
{
    public ValueTask<(IReadOnlyList<StepFile> Files, IReadOnlyList<(string Path, string Target)> Links)> Read(IReadOnlyList<string> patterns, CancellationToken ct)
    {
        var collector = new ArtifactCollector(workspace, links: true);
        var found = patterns.Select(collector.Collect).ToList();
        if (found.FirstOrDefault(one => one.Untold is not null) is { } untold)
            throw new IOException(untold.Untold);
        return new(([.. found.SelectMany(one => one.Files).DistinctBy(file => file.FullPath).Select(Read)], [.. found.SelectMany(one => one.Links).Concat(found.SelectMany(one => one.Folders).Select(IStepFiles.Folder)).DistinctBy(link => link.Path)]));
    }

    private StepFile Read(ArtifactUploadFile file)
    {
        using var content = file.Open();
        return new(Path.GetRelativePath(workspace.Checkout, file.FullPath), file.Executable, Convert.ToHexStringLower(SHA256.HashData(content)));
    }
}
