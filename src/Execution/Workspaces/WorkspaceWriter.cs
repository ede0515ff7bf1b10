using Microsoft.Win32.SafeHandles;
using PRTS.Execution.Native;

namespace PRTS.Execution.Workspaces;

/// <summary>
/// Puts files into a workspace. It was written by the pipeline's author and the agent may be root, so files are made with the rights of
/// the job's user, beneath the workspace, and no link in it is followed.
/// </summary>
internal sealed class WorkspaceWriter(Workspace workspace)
{
    private const int Normal = 0x1A4; // 0644
    private const int Program = 0x1ED; // 0755

    /// <summary>An empty file, in place of one that is there already; its folders are made.</summary>
    /// <param name="path">Relative to the workspace; <c>..</c> is refused.</param>
    /// <exception cref="IOException">The message says what stands in the way.</exception>
    public FileStream Create(string path, bool executable)
    {
        var file = In(path, (directory, name) => Linux.ReplaceFile(directory, name, executable ? Program : Normal));
        Own(file);
        return new FileStream(file, FileAccess.Write, bufferSize: 0);
    }

    /// <summary>A symbolic link, in place of a file or link that is there already; its folders are made. It may point anywhere: nobody follows it here.</summary>
    /// <exception cref="IOException">The message says what stands in the way.</exception>
    public void Link(string path, string target) => In(path, (directory, name) =>
    {
        Linux.ReplaceLink(directory, name, target);
        if (GivesAway)
            Linux.Chown(directory, name, workspace.User.Uid, workspace.User.Gid);
        return true;
    });

    /// <summary>An empty folder, unless there is one.</summary>
    /// <exception cref="IOException">The message says what stands in the way.</exception>
    public void Folder(string path) => In(path, (directory, name) =>
    {
        var made = Linux.TryMakeDirectory(directory, name);
        using var folder = Linux.OpenDirectoryBeneath(directory, name);
        if (made)
            Own(folder);
        return true;
    });

    /// <summary>Takes away a file or link, if it is there.</summary>
    /// <exception cref="IOException">The message says what stands in the way.</exception>
    public void Remove(string path) => Linux.As(workspace.Reader.Uid, workspace.Reader.Gid, () =>
    {
        try
        {
            using var root = Linux.OpenPath(workspace.Checkout);
            using var directory = Linux.OpenDirectoryBeneath(root, Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".");
            Linux.Remove(directory, Path.GetFileName(path));
        }
        catch (IOException e) when (e.HResult is Linux.ENOENT or Linux.ENOTDIR)
        {
            // Nothing is there.
        }
        return true;
    });

    private T In<T>(string path, Func<SafeFileHandle, string, T> make)
    {
        var parts = path.Split('/').Where(part => part is not ("" or ".")).ToArray();
        if (parts.Length == 0 || parts.Contains("..", StringComparer.Ordinal))
            throw new IOException($"'{path}' is no path of a file in the workspace");
        return Linux.As(workspace.Reader.Uid, workspace.Reader.Gid, () => In(parts, make));
    }

    private T In<T>(string[] parts, Func<SafeFileHandle, string, T> make)
    {
        using var root = Linux.OpenPath(workspace.Checkout);
        var directory = Linux.OpenDirectoryBeneath(root, ".");
        try
        {
            for (var depth = 0; depth < parts.Length - 1; depth++)
            {
                var made = Linux.TryMakeDirectory(directory, parts[depth]);
                var next = OpenDirectory(directory, parts, depth);
                directory.Dispose();
                directory = next;
                if (made)
                    Own(directory);
            }

            return make(directory, parts[^1]);
        }
        catch (IOException e)
        {
            throw new IOException($"'{string.Join('/', parts)}' cannot be written: {e.Message} (links are not followed, and a folder is not replaced)", e);
        }
        finally
        {
            directory.Dispose();
        }
    }

    private static SafeFileHandle OpenDirectory(SafeFileHandle parent, string[] parts, int depth)
    {
        try
        {
            return Linux.OpenDirectoryBeneath(parent, parts[depth]);
        }
        catch (IOException e)
        {
            throw new IOException($"{string.Join('/', parts[..(depth + 1)])} is no folder: {e.Message}", e);
        }
    }

    private bool GivesAway => !workspace.Reader.IsOther && workspace.User.IsOther;

    /// <summary>What is made with the agent's rights is given to the container's user.</summary>
    private void Own(SafeFileHandle file)
    {
        if (GivesAway)
            Linux.Chown(file, workspace.User.Uid, workspace.User.Gid);
    }
}
