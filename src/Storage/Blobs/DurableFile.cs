using System.Runtime.InteropServices;

namespace PRTS.Storage.Blobs;

/// <summary>Renames that survive a power cut.</summary>
internal static class DurableFile
{
    private const int ReadOnly = 0;
    private const int NotThere = 2;
    private const int Exists = 17;

    /// <summary>Moves a file that was flushed to its name, replacing what is there, and flushes the folder.</summary>
    public static void Rename(string from, string to)
    {
        File.Move(from, to, overwrite: true);
        FlushFolder(Path.GetDirectoryName(to)!);
    }

    /// <summary>Creates the folders that are missing and flushes those that got a new entry.</summary>
    /// <exception cref="DirectoryNotFoundException">One of them was removed meanwhile.</exception>
    public static void CreateFolder(string path)
    {
        if (Directory.Exists(path)) return;
        var parent = Path.GetDirectoryName(path)!;
        CreateFolder(parent);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (IOException there) when (there.HResult == Exists && !File.Exists(path))
        {
            // Made by another, and removed again before it could be looked at: .NET takes what it can't see for a file.
            throw new DirectoryNotFoundException($"'{path}' was removed while it was made.", there);
        }

        FlushFolder(parent);
    }

    /// <summary>.NET opens no folders, so this asks the C library. Windows has no such call, and needs none.</summary>
    private static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        var folder = Open(path, ReadOnly);
        if (folder < 0)
        {
            var message = $"'{path}' cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}.";
            throw Marshal.GetLastPInvokeError() == NotThere ? new DirectoryNotFoundException(message) : new IOException(message);
        }

        try
        {
            if (Flush(folder) != 0) throw new IOException($"'{path}' cannot be flushed: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        finally
        {
            _ = Close(folder);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Flush(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
