using System.Text;
using PRTS.Execution.Users;

namespace PRTS.Execution.Workspaces;

/// <summary>Makes a workspace of a working tree on this machine as it is: with what is not committed, without what is ignored.</summary>
internal static class WorkingTree
{
    /// <summary>Whoever asks for it means it, so it may belong to another user.</summary>
    private static readonly (string, string)[] Trusted = [("safe.directory", "*")];

    /// <param name="tree">The root of the working tree; it has a commit.</param>
    /// <param name="checkout">Is made; its index is that of the commit, so git shows there what is not committed.</param>
    public static async Task Copy(string tree, string checkout, JobUser user, CancellationToken ct)
    {
        // A hard link would share its owner with the original.
        await Git.Run("/", JobUser.Own, ["clone", "--quiet", "--no-checkout", user.IsOther ? "--no-hardlinks" : "--local", "--", tree, checkout], Trusted, ct);
        await Git.Run(checkout, JobUser.Own, ["read-tree", "HEAD"], [], ct);
        using var names = new MemoryStream();
        await Git.Run(tree, JobUser.Own, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], Trusted, ct, output: names);
        foreach (var name in Encoding.UTF8.GetString(names.ToArray()).Split('\0', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal))
        {
            ct.ThrowIfCancellationRequested();
            Copy(Path.Combine(tree, name), Path.Combine(checkout, name));
        }
        if (user.IsOther)
            TakeOver(checkout, user);
    }

    /// <summary>Deleted files and other repositories (submodules) are no files here, and are left out.</summary>
    private static void Copy(string from, string to)
    {
        var file = new FileInfo(from);
        if (file.LinkTarget is null && !file.Exists)
        {
            if (from.Contains('\uFFFD', StringComparison.Ordinal))
                throw new IOException($"{from} has a name that is not valid UTF-8 and cannot be copied; rename it");
            return;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        if (file.LinkTarget is { } target)
            File.CreateSymbolicLink(to, target);
        else
            file.CopyTo(to, overwrite: true);
    }

    private static void TakeOver(string directory, JobUser user)
    {
        user.TakeOver(directory);
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo { LinkTarget: null })
                TakeOver(entry.FullName, user);
            else
                user.TakeOver(entry.FullName);
        }
    }
}
