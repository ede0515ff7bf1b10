namespace PRTS.Supervisor.Native;

/// <summary>
/// The supervisor's children: the steps' main processes, and orphans of theirs, of which it is the reaper. One thread reaps them all,
/// so that no exit code gets lost and no pid comes to mean another process in between.
/// </summary>
internal sealed unsafe class Children : IDisposable
{
    private readonly Lock gate = new();
    private readonly AutoResetEvent started = new(initialState: false);
    private readonly Dictionary<int, (Action<int> Reaping, TaskCompletionSource<Libc.SigInfo> Ended)> mains = [];

    public Children() => new Thread(ReapForEver) { Name = "reaper", IsBackground = true }.Start();

    /// <summary>Starts a main process; its end is told, and before it is reaped <paramref name="reaping"/> is called with its pid.</summary>
    /// <param name="start">Returns the pid, or the errno as a negative number.</param>
    public (int Pid, TaskCompletionSource<Libc.SigInfo>? Ended) Start(Func<int> start, Action<int> reaping)
    {
        lock (gate)
        {
            var pid = start();
            if (pid < 0)
                return (pid, null);
            var ended = new TaskCompletionSource<Libc.SigInfo>(TaskCreationOptions.RunContinuationsAsynchronously);
            mains[pid] = (reaping, ended);
            started.Set();
            return (pid, ended);
        }
    }

    /// <summary>
    /// Kills all children and their descendants; returns how many withstood. Descendants that left their group or session (daemons,
    /// double forks) are still below us.
    /// </summary>
    public int KillAll(TimeSpan patience, TimeProvider clock)
    {
        started.Set();
        return Descendants.KillAll(patience, clock);
    }

    public void Dispose() => started.Dispose();

    private void ReapForEver()
    {
        while (true)
        {
            Libc.SigInfo info;
            if (Libc.WaitId(Libc.P_ALL, 0, &info, Libc.WEXITED | Libc.WNOWAIT) == 0)
                ReapEnded();
            else if (Libc.LastError == Libc.ECHILD)
                started.WaitOne();
            else if (Libc.LastError != Libc.EINTR)
                throw Libc.Failure("Waiting for the steps' processes failed");
        }
    }

    /// <summary>Looks again with the lock held: a child that is started is known before it is looked for.</summary>
    private void ReapEnded()
    {
        while (true)
        {
            Libc.SigInfo info;
            (Action<int> Reaping, TaskCompletionSource<Libc.SigInfo> Ended) main;
            lock (gate)
            {
                if (Libc.WaitId(Libc.P_ALL, 0, &info, Libc.WEXITED | Libc.WNOWAIT | Libc.WNOHANG) != 0 || info.Pid == 0)
                    return;
                if (!mains.Remove(info.Pid, out main))
                {
                    Reap(info.Pid);
                    continue;
                }
            }
            // Without the lock: the step may just be starting another's clock, and holds its own.
            main.Reaping(info.Pid);
            Reap(info.Pid);
            main.Ended.SetResult(info);
        }
    }

    private static void Reap(int pid)
    {
        int status;
        _ = Libc.WaitPid(pid, &status, 0);
    }
}
