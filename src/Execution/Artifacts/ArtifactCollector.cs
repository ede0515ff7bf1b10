using Microsoft.Win32.SafeHandles;
using PRTS.Execution.Native;
using PRTS.Execution.Workspaces;

namespace PRTS.Execution.Artifacts;

/// <summary>What an artifact step found: files, and what it left out and why; or what is wrong.</summary>
internal sealed record Collected(IReadOnlyList<ArtifactUploadFile> Files, IReadOnlyList<string> LeftOut, string? Error)
{
    /// <summary>Symbolic links, where they are asked for: path in the workspace, and what it says.</summary>
    public IReadOnlyList<(string Path, string Target)> Links { get; init; } = [];

    /// <summary>Folders with nothing in them, where links are asked for: paths in the workspace.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>Why it cannot be told what the path has, or not all of it. Null also where nothing lies: that is told.</summary>
    public string? Untold { get; init; }
}

/// <summary>
/// Finds an artifact's files. The workspace was written by the pipeline's author and the agent may be root, so every file is opened
/// with the rights of the job's user, beneath the workspace, without following any link, and only then looked at.
/// </summary>
/// <param name="links">Links are collected too; otherwise they are left out.</param>
internal sealed class ArtifactCollector(Workspace workspace, bool links = false)
{
    private const int MostFiles = 100_000;

    public Collected Collect(string path)
    {
        if (Refusal(path) is { } refusal)
            return new([], [], refusal) { Untold = refusal };
        try
        {
            return Linux.As(workspace.Reader.Uid, workspace.Reader.Gid, () => Find(Normal(path), path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new([], [], $"the artifact's path '{path}' cannot be read: {e.Message}") { Untold = $"{path} cannot be read: {e.Message}" };
        }
    }

    internal static string? Refusal(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
            return "the artifact's path is empty; give a path or pattern relative to the workspace";
        if (path[0] is '/' or '~')
            return $"the artifact's path '{path}' is not relative; give one relative to the workspace";
        if (path.Split('/').Contains("..", StringComparer.Ordinal))
            return $"the artifact's path '{path}' contains '..'; only files in the workspace can be kept";
        if (path.Contains('\0', StringComparison.Ordinal))
            return "the artifact's path contains a NUL character";
        return Glob.IsGlob(path) && !Glob.IsPattern(Normal(path)) ? $"'{path}' is no pattern: look at its [ ]" : null;
    }

    internal static string Normal(string path) => string.Join('/', path.Split('/').Where(part => part is not ("" or ".")));

    private Collected Find(string path, string asWritten)
    {
        var glob = Glob.IsGlob(path) ? new Glob(path) : null;
        var directory = glob?.Directory ?? path;
        if (directory.Length > 0)
        {
            if (!TryOpen(directory, out var facts, out var error, out var isNothing))
                return new([], [], glob is null ? $"'{asWritten}' {error}" : $"no file matches '{asWritten}': '{directory}' {error}") { Untold = isNothing ? null : $"{directory} {error}" };
            if (facts.IsRegular)
                return glob is null ? new([File(directory, Path.GetFileName(directory), facts)], [], null) : new([], [], $"no file matches '{asWritten}': '{directory}' is a file");
        }

        var found = new Collection();
        Walk(directory, "", glob, found);
        if (found.Files.Count > MostFiles)
            return new([], [], $"'{asWritten}' has more than {MostFiles} files; pack them into an archive first") { Untold = $"{asWritten} has more than {MostFiles} files" };
        var why = found.LeftOut.Count > 0 ? $" (left out: {string.Join(", ", found.LeftOut.Take(5))})" : "";
        var none = glob is null ? $"'{asWritten}' has no files" : $"no file matches '{asWritten}'";
        return found.Files.Count + found.Links.Count > 0
            ? new(found.Files, found.LeftOut, null) { Links = found.Links, Folders = found.Folders, Untold = found.LeftOut.FirstOrDefault() }
            : new([], found.LeftOut, none + why) { Folders = found.Folders, Untold = found.LeftOut.FirstOrDefault() };
    }

    private sealed class Collection
    {
        public List<ArtifactUploadFile> Files { get; } = [];

        public List<string> LeftOut { get; } = [];

        public List<(string Path, string Target)> Links { get; } = [];

        public List<string> Folders { get; } = [];
    }

    private void Walk(string directory, string below, Glob? glob, Collection found)
    {
        var full = Path.Combine(workspace.Checkout, directory, below);
        foreach (var entry in new DirectoryInfo(full).EnumerateFileSystemInfos("*", Everything).OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            if (found.Files.Count > MostFiles)
                return;
            var name = below.Length == 0 ? entry.Name : $"{below}/{entry.Name}";
            var inWorkspace = directory.Length == 0 ? name : $"{directory}/{name}";
            if (inWorkspace == ".git")
                continue;
            if (entry.Name.Contains('\uFFFD', StringComparison.Ordinal) && !Path.Exists(entry.FullName) && entry.LinkTarget is null)
                throw new IOException($"{inWorkspace} has a name that is not valid UTF-8; rename it");
            if (entry is DirectoryInfo folder && entry.LinkTarget is null)
            {
                Walk(directory, name, glob, found);
                if (links && (glob?.Matches(name) ?? true) && !folder.EnumerateFileSystemInfos("*", Everything).Any())
                    found.Folders.Add(inWorkspace);
            }
            else if (glob?.Matches(name) ?? true)
                Take(inWorkspace, name, entry, found);
        }
    }

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

    private void Take(string inWorkspace, string name, FileSystemInfo entry, Collection found)
    {
        if (entry.LinkTarget is { } target)
        {
            if (links && target.Contains('\uFFFD', StringComparison.Ordinal))
                found.LeftOut.Add($"{inWorkspace} points to a name that is not valid UTF-8");
            else if (links)
                found.Links.Add((inWorkspace, target));
            else
                found.LeftOut.Add($"{inWorkspace} is a symbolic link");
            return;
        }
        if (!TryOpen(inWorkspace, out var facts, out var error, out _))
            throw new IOException($"{inWorkspace} {error}");
        if (facts.IsRegular)
            found.Files.Add(File(inWorkspace, name, facts));
        else
            found.LeftOut.Add($"{inWorkspace} is no regular file");
    }

    private ArtifactUploadFile File(string inWorkspace, string name, Linux.FileFacts facts) =>
        new(name, Path.Combine(workspace.Checkout, inWorkspace), facts.Size, facts.IsExecutable, () => OpenForUpload(inWorkspace));

    private FileStream OpenForUpload(string path)
    {
        var handle = Linux.As(workspace.Reader.Uid, workspace.Reader.Gid, () => Open(path));
        if (Linux.Facts(handle).IsRegular)
            return new FileStream(handle, FileAccess.Read, bufferSize: 0);
        handle.Dispose();
        throw new IOException($"{path} is no regular file any more.");
    }

    /// <param name="isNothing">Nothing lies there.</param>
    private bool TryOpen(string path, out Linux.FileFacts facts, out string error, out bool isNothing)
    {
        try
        {
            using var handle = Open(path);
            facts = Linux.Facts(handle);
            error = "";
            isNothing = false;
            return true;
        }
        catch (IOException e)
        {
            facts = default;
            isNothing = e.HResult is Linux.ENOENT or Linux.ENOTDIR;
            error = "cannot be opened: " + e.Message[(e.Message.LastIndexOf(": ", StringComparison.Ordinal) + 2)..] + " (links are not followed)";
            return false;
        }
    }

    private SafeFileHandle Open(string path)
    {
        using var root = Linux.OpenPath(workspace.Checkout);
        return Linux.OpenBeneath(root, path);
    }
}
