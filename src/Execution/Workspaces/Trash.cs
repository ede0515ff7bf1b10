namespace PRTS.Execution.Workspaces;

/// <summary>Deletes directories: first out of the way, in an instant, then for good.</summary>
internal static class Trash
{
    /// <summary>Moves the directory away and returns where it now lies; null when there was none.</summary>
    public static string? Discard(ExecutionOptions options, string directory)
    {
        if (!Directory.Exists(directory))
            return null;
        var target = Path.Combine(Bin(options), $"{Path.GetFileName(directory)}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Bin(options), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.Move(directory, target);
        return target;
    }

    public static void Remove(ExecutionOptions options, string directory)
    {
        if (Discard(options, directory) is { } discarded)
            Delete(discarded);
    }

    /// <summary>Deletes what an earlier agent process discarded but did not come to delete.</summary>
    public static void Empty(ExecutionOptions options)
    {
        if (!Directory.Exists(Bin(options)))
            return;
        foreach (var directory in Directory.EnumerateDirectories(Bin(options)))
            Delete(directory);
    }

    public static void Delete(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (UnauthorizedAccessException)
        {
            // Some tools write-protect their directories (module caches); without root that bars deletion.
            Unprotect(directory);
            Directory.Delete(directory, recursive: true);
        }
    }

    private static void Unprotect(string directory)
    {
        File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var inner in new DirectoryInfo(directory).EnumerateDirectories().Where(inner => inner.LinkTarget is null))
            Unprotect(inner.FullName);
    }

    private static string Bin(ExecutionOptions options) => Path.Combine(options.WorkDirectory, ".trash");
}
