using System.Diagnostics;

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

    /// <summary>What was discarded and is not yet deleted.</summary>
    public static IReadOnlyList<string> Left(ExecutionOptions options) => Directory.Exists(Bin(options)) ? Directory.GetDirectories(Bin(options)) : [];

    /// <exception cref="IOException">Something of it cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not delete something of it.</exception>
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
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            // .NET reaches no name that is not UTF-8, and nothing deeper than a path may be long.
            DeleteByProgram(directory);
        }
    }

    private static void DeleteByProgram(string directory)
    {
        var start = new ProcessStartInfo("rm") { UseShellExecute = false, RedirectStandardError = true };
        foreach (var argument in (string[])["-rf", "--", directory])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new IOException($"{directory} cannot be deleted: {said.TrimEnd()}");
    }

    private static void Unprotect(string directory)
    {
        File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var inner in new DirectoryInfo(directory).EnumerateDirectories().Where(inner => inner.LinkTarget is null))
            Unprotect(inner.FullName);
    }

    private static string Bin(ExecutionOptions options) => Path.Combine(options.WorkDirectory, ".trash");
}
