using System.Text;
using PRTS.Api.Builds;
using PRTS.Execution.Native;
using PRTS.Execution.Users;

namespace PRTS.Execution.Workspaces;

/// <summary>
/// Makes a workspace's <c>.git</c> by hand: <c>git clone</c> starts half a dozen processes, this none. Packs are hard links to the
/// mirror's, so other projects' mirrors stay unreadable for the job's user and a repack of the mirror does no harm.
/// </summary>
internal sealed class GitSkeleton(Mirror mirror, JobAssignment job, JobUser user)
{
    /// <param name="objects">Where the packs are to be instead of in the workspace; null: in the workspace.</param>
    public void Create(string workspace, string? objects)
    {
        var git = Path.Combine(workspace, ".git");
        foreach (var directory in (string[])["", "objects", "objects/pack", "objects/info", "refs", "refs/heads", "refs/tags", "info"])
        {
            var path = Path.Combine(git, directory);
            Directory.CreateDirectory(path);
            user.TakeOver(path);
        }
        Write(Path.Combine(git, "config"), Config());
        Write(Path.Combine(git, "HEAD"), HasBranch ? $"ref: {job.Event.Ref}\n" : job.Event.Commit + "\n");
        LinkPacks(Path.Combine(objects ?? Path.Combine(git, "objects"), "pack"));
        if (objects is not null)
            MoveObjects(workspace, objects);
        Write(Path.Combine(git, "packed-refs"), PackedRefs());
    }

    /// <summary>Says where Git finds the objects that are not in the workspace.</summary>
    public void MoveObjects(string workspace, string objects) => Write(Path.Combine(workspace, ".git", "objects", "info", "alternates"), objects + "\n");

    private bool HasBranch => job.Event.Branch is not null && job.Event.Ref.All(c => c > ' ' && c != 0x7f);

    private void LinkPacks(string target)
    {
        // Index files last: git looks for those, and finds the pack it belongs to.
        foreach (var file in Directory.EnumerateFiles(mirror.Packs).Where(file => !Path.GetFileName(file).StartsWith("tmp_", StringComparison.Ordinal))
                     .OrderBy(file => file.EndsWith(".idx", StringComparison.Ordinal)))
        {
            var link = Path.Combine(target, Path.GetFileName(file));
            if (File.Exists(link) || Linux.TryHardLink(file, link))
                continue;
            if (!File.Exists(file))
                continue; // A repack took it away; what it held is in a newer pack.
            File.Copy(file, link);
            user.TakeOver(link);
        }
    }

    private string Config() => $"""
        [core]
        	repositoryformatversion = 0
        	filemode = true
        	bare = false
        	logallrefupdates = true
        [gc]
        	auto = 0
        [remote "origin"]
        	url = {mirror.Url}
        	fetch = +refs/heads/*:refs/remotes/origin/*

        """;

    /// <summary>The mirror's branches as origin's, its tags as they are, and the built branch at the built commit.</summary>
    private string PackedRefs()
    {
        var refs = new StringBuilder("# pack-refs with: peeled fully-peeled \n");
        if (HasBranch)
            refs.Append(job.Event.Commit).Append(' ').Append(job.Event.Ref).Append('\n');
        var taken = false;
        foreach (var line in mirror.RefLines)
        {
            if (!line.StartsWith('^'))
                taken = line.Contains(" refs/tags/", StringComparison.Ordinal) || line.Contains(" refs/heads/", StringComparison.Ordinal);
            if (taken)
                refs.Append(line.Replace(" refs/heads/", " refs/remotes/origin/", StringComparison.Ordinal)).Append('\n');
        }
        return refs.ToString();
    }

    private void Write(string path, string text)
    {
        File.WriteAllText(path, text);
        user.TakeOver(path);
    }
}
