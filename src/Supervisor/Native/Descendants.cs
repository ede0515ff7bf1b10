using System.Globalization;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor.Native;

/// <summary>
/// What a step leaves behind. The supervisor is the reaper of all its descendants' orphans, so a process that left its group or session
/// (daemons, double forks) is still found below us.
/// </summary>
internal static unsafe class Descendants
{
    /// <summary>Kills all children and their descendants; returns how many withstood. Another reaps them.</summary>
    public static int KillAll(TimeSpan patience, TimeProvider clock)
    {
        var begin = clock.GetTimestamp();
        using var pause = new ManualResetEventSlim();
        while (true)
        {
            if (!AnyChild())
                return 0;
            var living = OfThisProcess();
            if (clock.GetElapsedTime(begin) > patience)
                return living.Count;
            foreach (var pid in living)
                _ = Libc.Kill(pid, Libc.SIGKILL);
            pause.Wait(TimeSpan.FromMilliseconds(2));
        }
    }

    private static bool AnyChild()
    {
        Libc.SigInfo info;
        return Libc.WaitId(Libc.P_ALL, 0, &info, Libc.WEXITED | Libc.WNOHANG | Libc.WNOWAIT) == 0 || Libc.LastError != Libc.ECHILD;
    }

    private static List<int> OfThisProcess()
    {
        var parents = new Dictionary<int, int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && ProcessIdentity.Read(pid) is var (parent, _, state) && state != 'Z')
                parents[pid] = parent;
        }
        return [.. parents.Keys.Where(pid => IsBelow(pid, Environment.ProcessId, parents))];
    }

    private static bool IsBelow(int pid, int ancestor, Dictionary<int, int> parents)
    {
        // A snapshot taken while processes come and go may hold a circle; the count ends it.
        for (var steps = 0; steps < parents.Count && parents.TryGetValue(pid, out var parent); steps++)
        {
            if (parent == ancestor)
                return true;
            pid = parent;
        }
        return false;
    }
}
