using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using PRTS.Execution.Users;

namespace PRTS.Execution.Workspaces;

/// <summary>
/// A job's own directory under <see cref="ExecutionOptions.WorkDirectory"/>. It belongs to the agent; the job's user may enter it and owns
/// what lies in it: <c>workspace</c> (the checkout), <c>home</c> and <c>tmp</c>. <c>steps</c> holds the scripts, which he may only read.
/// </summary>
internal sealed class Workspace(ExecutionOptions options, JobAssignment job, JobUser user, TimeProvider clock)
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Root { get; } = Path.Combine(options.WorkDirectory, JobDirectory.NameOf(job.Attempt));

    public JobUser User => user;

    /// <summary>The steps' PATH.</summary>
    public string SearchPath { get; } = Users.SearchPath.Of(user);

    public string Checkout => Path.Combine(Root, "workspace");

    public string Home => Path.Combine(Root, "home");

    public string Temporary => Path.Combine(Root, "tmp");

    public string Steps => Path.Combine(Root, "steps");

    /// <summary>Copies the working tree, or checks the job's commit out, from the mirror alone where that has it.</summary>
    public async Task Prepare(CancellationToken ct)
    {
        Trash.Remove(options, Root);
        CreateDirectories();
        if (options.WorkingTree is { } tree)
        {
            await WorkingTree.Copy(tree, Checkout, user, ct);
            return;
        }
        var mirror = new Mirror(options, job, clock);
        if (mirror.HasAtTip(job.Event.Commit) && await TryCheckOut(mirror, ct))
            return;
        await mirror.Fetch(anew: false, ct);
        if (await TryCheckOut(mirror, ct))
            return;
        // The server has sent all that the mirror lacked: the rest of it must be damaged.
        await mirror.Fetch(anew: true, ct);
        await CheckOut(mirror, ct);
    }

    private void CreateDirectories()
    {
        Directory.CreateDirectory(Root, Owner | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
        if (user.IsOther)
            Native.Linux.Chown(Root, 0, user.Gid);
        Directory.CreateDirectory(Steps);
        foreach (var directory in (string[])[Home, Temporary])
        {
            Directory.CreateDirectory(directory, Owner);
            user.TakeOver(directory);
        }
    }

    private async Task<bool> TryCheckOut(Mirror mirror, CancellationToken ct)
    {
        try
        {
            await CheckOut(mirror, ct);
            return true;
        }
        catch (GitException)
        {
            return false;
        }
    }

    private Task CheckOut(Mirror mirror, CancellationToken ct)
    {
        if (Directory.Exists(Checkout))
            Trash.Delete(Checkout);
        Directory.CreateDirectory(Checkout, Owner);
        user.TakeOver(Checkout);
        new GitSkeleton(mirror, job, user).Create(Checkout);
        return Git.Run(Checkout, user, ["read-tree", "--reset", "-u", job.Event.Commit], [], ct);
    }
}
