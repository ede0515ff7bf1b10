using System.Globalization;
using PRTS.Execution.Native;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Users;

/// <summary>Ends what a supervisor that was killed could not end itself.</summary>
internal static class Processes
{
    /// <summary>Kills the steps' process groups, and, where the job has a uid of its own, every process of that uid.</summary>
    public static void KillLeftovers(IReadOnlyList<ProcessStarted> steps, int exclusiveUid)
    {
        foreach (var step in steps.Where(SessionLives))
            Linux.Kill(-step.Pid, Linux.SIGKILL);
        if (exclusiveUid < 0)
            return;
        // Killing while others fork: go on until a look finds none. A process that cannot die (waiting in the kernel) ends the rounds.
        for (var round = 0; round < 100; round++)
        {
            var pids = OfUser(exclusiveUid);
            if (pids.Count == 0)
                return;
            foreach (var pid in pids)
                Linux.Kill(pid, Linux.SIGKILL);
        }
    }

    /// <summary>The leader still lives, or is gone and members of its session remain; a foreign process with its pid means neither.</summary>
    private static bool SessionLives(ProcessStarted step) =>
        ProcessIdentity.Read(step.Pid) is not var (_, startTime, _) || startTime == step.StartTime;

    private static List<int> OfUser(int uid)
    {
        var pids = new List<int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && RealUid(pid) == uid && ProcessIdentity.Read(pid) is var (_, _, state) && state != 'Z')
                pids.Add(pid);
        }
        return pids;
    }

    private static int RealUid(int pid)
    {
        try
        {
            var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status")).FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal));
            return line is null ? -1 : int.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return -1; // It ended meanwhile.
        }
    }
}
