using PRTS.Api.Builds;
using PRTS.Execution.Containers;
using PRTS.Execution.Jobs;
using PRTS.Execution.Users;

namespace PRTS.Execution.Workspaces;

/// <summary>
/// A job's own directory under <see cref="ExecutionOptions.WorkDirectory"/>. It belongs to the agent; the job's user may enter it and owns
/// what lies in it: <c>workspace</c> (the checkout), <c>home</c> and <c>tmp</c>. <c>steps</c> holds the scripts, which he may only read.
/// In a job with an image the files belong to the container's user from <see cref="BelongTo"/> on, and Git's objects lie in
/// <c>objects</c>, which the container can only read: they are the mirror's, and root there is root here.
/// </summary>
internal sealed class Workspace(ExecutionOptions options, JobAssignment job, JobUser user, TimeProvider clock)
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Root { get; } = Path.Combine(options.WorkDirectory, JobDirectory.NameOf(job.Resume ?? job.Attempt));

    public JobUser User { get; private set; } = user;

    /// <summary>Whose rights serve to read what the steps made. In a container's job none of its processes lives by then, and its user is nobody here.</summary>
    public JobUser Reader => IsForContainer ? JobUser.Own : User;

    /// <summary>The steps' PATH.</summary>
    public string SearchPath { get; } = Users.SearchPath.Of(user);

    public string Checkout => Path.Combine(Root, "workspace");

    public string Home => Path.Combine(Root, "home");

    public string Temporary => Path.Combine(Root, "tmp");

    public string Steps => Path.Combine(Root, "steps");

    /// <summary>A file for each step's outputs.</summary>
    public string Outputs => Path.Combine(Steps, "outputs");

    public string Objects => Path.Combine(Root, "objects");

    private bool IsForContainer => job.Job.Container is not null;

    /// <summary>Goes on with the workspace that was kept, or copies the working tree, or checks the job's commit out, from the mirror alone where that has it.</summary>
    public async Task Prepare(CancellationToken ct)
    {
        if (job.Resume is not null)
        {
            await new KeptWorkspaces(options, clock).Resume(this, User, ct);
            Trash.Delete(Steps);
            CreateDirectories();
            return;
        }
        Trash.Remove(options, Root);
        CreateDirectories();
        if (options.WorkingTree is { } tree)
        {
            await WorkingTree.Copy(tree, Checkout, User, ct);
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
        if (User.IsOther)
            Native.Linux.Chown(Root, 0, User.Gid);
        File.SetUnixFileMode(Root, Owner | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
        Directory.CreateDirectory(Outputs);
        if (IsForContainer)
        {
            Directory.CreateDirectory(Path.Combine(Objects, "pack"));
            Directory.CreateDirectory(Path.Combine(Steps, "objects"));
        }
        foreach (var directory in (string[])[Home, Temporary])
        {
            Directory.CreateDirectory(directory, Owner);
            User.TakeOver(directory);
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

    private async Task CheckOut(Mirror mirror, CancellationToken ct)
    {
        if (Directory.Exists(Checkout))
            Trash.Delete(Checkout);
        Directory.CreateDirectory(Checkout, Owner);
        User.TakeOver(Checkout);
        var skeleton = new GitSkeleton(mirror, job, User);
        skeleton.Create(Checkout, IsForContainer ? Objects : null);
        await Git.Run(Checkout, User, ["read-tree", "--reset", "-u", job.Event.Commit], [], ct);
        if (IsForContainer)
            skeleton.MoveObjects(Checkout, Sandbox.Objects);
    }

    /// <summary>The container's user is known: from now on the files are his.</summary>
    public void BelongTo(JobUser owner, bool takeOver = true)
    {
        User = owner;
        if (takeOver && owner.IsOther)
            TakeOver(Checkout);
    }

    private void TakeOver(string directory)
    {
        User.TakeOver(directory);
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo { LinkTarget: null })
                TakeOver(entry.FullName);
            else
                User.TakeOver(entry.FullName);
        }
    }
}
