using System.Diagnostics;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using PRTS.Execution.Users;

namespace PRTS.Execution.Workspaces;

/// <summary>Whose files they are, and when they were kept.</summary>
internal sealed record KeptWorkspace(int Uid, DateTimeOffset At);

/// <summary>
/// Workspaces of jobs that failed, which stay for a while so that the job can go on at the step that failed. They stay where they were,
/// because tools write down absolute paths; nobody but the agent can enter them meanwhile, because the user id may be another job's by then.
/// </summary>
internal sealed class KeptWorkspaces(ExecutionOptions options, TimeProvider clock)
{
    private const int Most = 20;

    /// <summary>Of the file system: below it only the newest stays, below a third of it none.</summary>
    private const double LeastFree = 0.15;
    private const string Mark = "kept.json";
    private const string Events = "kept.events";
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>What is there serves for going on, and for cleaning up; one at a time.</summary>
    private static readonly Lock Gate = new();

    /// <summary>Instead of deleting it. May be repeated after a crash.</summary>
    public void Keep(Workspace workspace, JobDirectory directory)
    {
        lock (Gate)
        {
            File.SetUnixFileMode(workspace.Root, Owner);
            File.Copy(directory.Events, Path.Combine(workspace.Root, Events), overwrite: true);
            File.WriteAllText(Path.Combine(workspace.Root, Mark), JsonSerializer.Serialize(new KeptWorkspace(directory.Ticket.Uid, clock.GetUtcNow()), ApiJson.Options));
        }
    }

    /// <summary>Gives the workspace to the job's user. May be repeated after a crash.</summary>
    /// <exception cref="IOException">It is not kept any more.</exception>
    public async Task Resume(Workspace workspace, JobUser user, CancellationToken ct)
    {
        var mark = Path.Combine(workspace.Root, Mark);
        var taken = mark + ".taken";
        lock (Gate)
        {
            if (File.Exists(mark))
                File.Move(mark, taken, overwrite: true);
        }
        if (!File.Exists(taken) || JsonSerializer.Deserialize<KeptWorkspace>(await File.ReadAllTextAsync(taken, ct), ApiJson.Options) is not { } kept)
            throw new IOException("its workspace is not kept any more on this agent; run the job again from its beginning");
        if (user.IsOther && kept.Uid != user.Uid)
        {
            foreach (var directory in (string[])[workspace.Checkout, workspace.Home, workspace.Temporary])
                await TakeOver(directory, kept.Uid, user, ct);
        }
    }

    /// <summary>It was not gone on with after all.</summary>
    public static void Restore(Workspace workspace)
    {
        var mark = Path.Combine(workspace.Root, Mark);
        lock (Gate)
        {
            if (!File.Exists(mark + ".taken"))
                return;
            File.SetUnixFileMode(workspace.Root, Owner);
            File.Move(mark + ".taken", mark, overwrite: true);
        }
    }

    /// <summary>What the earlier attempt's steps came to; the first that did not succeed runs, and what follows it.</summary>
    public static IReadOnlyList<HistoryEntry> DoneBefore(Workspace workspace, JobAssignment job)
    {
        var earlier = JobHistory.Read(Path.Combine(workspace.Root, Events));
        var ends = earlier.Where(entry => entry.Event is StepEnded).ToDictionary(entry => ((StepEnded)entry.Event).Index);
        var failed = job.Job.Steps.FirstOrDefault(step => !ends.TryGetValue(step.Index, out var end)
            || ((StepEnded)end.Event).Status is RunStatus.Canceled || (((StepEnded)end.Event).Status is RunStatus.Failed && !step.ContinueOnError));
        return [.. job.Job.Steps.Where(step => failed is null || step.Index < failed.Index || (step.Parallel is not null && step.Parallel == failed.Parallel && Succeeded(step.Index)))
            .Where(step => ends.ContainsKey(step.Index)).Select(step => ends[step.Index])];

        bool Succeeded(int index) => ends.TryGetValue(index, out var end) && ((StepEnded)end.Event).Status == RunStatus.Succeeded;
    }

    /// <summary>Discards what is too old or too much; returns what is to be deleted.</summary>
    public IReadOnlyList<string> Trim()
    {
        lock (Gate)
        {
            var discarded = new List<string>();
            var kept = Directory.EnumerateDirectories(options.WorkDirectory).Select(directory => (Directory: directory, Mark: Path.Combine(directory, Mark)))
                .Where(one => File.Exists(one.Mark)).Select(one => (one.Directory, At: new DateTimeOffset(File.GetLastWriteTimeUtc(one.Mark)))).OrderByDescending(one => one.At).ToList();
            var drive = new DriveInfo(options.WorkDirectory);
            var free = (double)drive.AvailableFreeSpace / drive.TotalSize;
            var most = free < LeastFree / 3 ? 0 : free < LeastFree ? 1 : Most;
            for (var i = 0; i < kept.Count; i++)
            {
                if ((i >= most || kept[i].At + options.KeepFailed < clock.GetUtcNow()) && Trash.Discard(options, kept[i].Directory) is { } gone)
                    discarded.Add(gone);
            }
            return discarded;
        }
    }

    /// <summary>By the system's own program, which leaves alone what belongs to others: Git's objects are the mirror's files.</summary>
    private static async Task TakeOver(string directory, int from, JobUser user, CancellationToken ct)
    {
        var start = new ProcessStartInfo("chown") { UseShellExecute = false, RedirectStandardError = true };
        foreach (var argument in (string[])["-hRP", $"--from={from}", $"{user.Uid}:{user.Gid}", "--", directory])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var said = await process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        if (process.ExitCode != 0)
            throw new IOException($"{directory} cannot be given to the job's user: {said.TrimEnd()}");
    }
}
