using PRTS.Execution.Containers;
using PRTS.Execution.Images;
using PRTS.Execution.Native;
using PRTS.Execution.Users;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Jobs;

/// <summary>
/// What a process leaves on the machine that was killed and whose jobs nobody adopts (<c>prts run</c>): its directory, and the supervisors that wait
/// there for its return. What it left in the engine is <see cref="Removal.OfTheDead"/>'s.
/// </summary>
public static class AbandonedRuns
{
    private const string Owner = "owner";
    private const int WritableByOthers = 0x12; // 0022

    /// <summary>Says that the directory ends with this process.</summary>
    public static void Mark(string directory) => File.WriteAllText(Path.Combine(directory, Owner), OwningProcess.Current);

    /// <summary>Ends and deletes what is abandoned of the directories so named; those of live processes, of others and of unknown ones stay.</summary>
    public static void Clear(string parent, string prefix)
    {
        foreach (var directory in Directory.EnumerateDirectories(parent, prefix + "*"))
        {
            try
            {
                if (IsOurs(directory) && File.Exists(Path.Combine(directory, Owner)) && OwningProcess.IsGone(File.ReadAllText(Path.Combine(directory, Owner))))
                    End(directory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another run clears it at this moment, or the next one does.
            }
        }
    }

    /// <summary>What others can write may name any process. A link is not looked behind.</summary>
    private static bool IsOurs(string directory)
    {
        if (new DirectoryInfo(directory).LinkTarget is not null)
            return false;
        using var handle = Linux.OpenPath(directory);
        var facts = Linux.Facts(handle);
        return facts.Uid == Linux.Self.Uid && (facts.Mode & WritableByOthers) == 0;
    }

    private static void End(string directory)
    {
        var jobs = Path.Combine(directory, "jobs");
        foreach (var job in Directory.Exists(jobs) ? Directory.EnumerateDirectories(jobs).Select(JobDirectory.Open).OfType<JobDirectory>() : [])
        {
            if (job.Supervisor() is { IsAlive: true } supervisor)
                Linux.Kill(supervisor.Pid, Linux.SIGKILL);
            var journal = job.ReadJournal();
            var running = journal.OfType<ProcessStarted>().Where(started => !journal.OfType<ProcessExited>().Any(exited => exited.Index == started.Index));
            // The uid was claimed for this directory, which is still there.
            Processes.KillLeftovers([.. running], job.Ticket.Uid);
        }
        // The engine may still have to be told of them.
        if (!Directory.Exists(BuildRecord.DirectoryOf(jobs)) || !Directory.EnumerateFiles(BuildRecord.DirectoryOf(jobs)).Any())
            Directory.Delete(directory, recursive: true);
    }
}
