using PRTS.Api.Artifacts;

namespace PRTS.Web.Artifacts;

/// <summary>A folder in a folder, with how much is below it.</summary>
public sealed record Folder(string Name, string Path, int Files, long Size);

/// <summary>What lies directly in one folder of an artifact.</summary>
public sealed record FolderListing
{
    private const int MostFiles = 1000;

    public required IReadOnlyList<Folder> Folders { get; init; }

    public required IReadOnlyList<ArtifactFile> Files { get; init; }

    /// <summary>Files of the folder that are not listed because there are too many for a page.</summary>
    public required int More { get; init; }

    /// <param name="folder">Relative, without a slash at its end; empty is the top.</param>
    public static FolderListing Of(IEnumerable<ArtifactFile> all, string folder)
    {
        var start = folder.Length == 0 ? "" : folder + "/";
        var below = all.Where(file => file.Path.StartsWith(start, StringComparison.Ordinal)).ToList();
        var here = below.Where(file => !file.Path.AsSpan(start.Length).Contains('/')).OrderBy(file => file.Path, StringComparer.Ordinal).ToList();
        var folders = below.Except(here)
            .GroupBy(file => file.Path[start.Length..file.Path.IndexOf('/', start.Length)], StringComparer.Ordinal)
            .Select(group => new Folder(group.Key, start + group.Key, group.Count(), group.Sum(file => file.Size)))
            .OrderBy(child => child.Name, StringComparer.Ordinal);
        return new() { Folders = [.. folders], Files = [.. here.Take(MostFiles)], More = Math.Max(0, here.Count - MostFiles) };
    }
}
