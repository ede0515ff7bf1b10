using PRTS.Supervisor.Masking;
using PRTS.Supervisor.Native;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor.Steps;

/// <summary>One step's process from start to the last byte of its output.</summary>
internal sealed class StepProcess(RunStep step, Spool spool, Func<Masks> masks, Journal journal, Children children, TimeProvider clock)
{
    private readonly Lock gate = new();
    private readonly List<ITimer> timers = [];
    private int pid;
    private bool reaped;
    private EndCause cause;

    public int Index => step.Index;

    public int Group => step.Group;

    /// <summary>Runs the step and returns its end, which the caller journals.</summary>
    /// <param name="clear">Ends what the step left behind; returns how many processes withstood.</param>
    public JournalRecord Run(Func<int> clear)
    {
        using var pipe = new OutputPipe(step.Uid, step.Gid);
        if (Start(pipe, out var ended) is { } refused)
            return refused;
        var pump = new Thread(() => pipe.PumpInto(new Output(spool, step.Label, masks))) { Name = "pump", IsBackground = true };
        pump.Start();
        var end = ended!.Task.GetAwaiter().GetResult();
        var leftovers = clear();
        pipe.Finish();
        pump.Join();
        foreach (var timer in timers)
            timer.Dispose();
        var exited = end.Code == Libc.CLD_EXITED;
        return new ProcessExited(step.Index, exited ? end.Status : 0, exited ? 0 : end.Status, cause, leftovers, spool.Length, Now());
    }

    /// <summary>SIGTERM to the group now, SIGKILL after the grace time. The first cause stands.</summary>
    public void End(EndCause why) => End(why, TimeSpan.FromMilliseconds(step.GraceMs));

    public void End(EndCause why, TimeSpan grace)
    {
        lock (gate)
        {
            if (cause == EndCause.None)
                cause = why;
            if (pid > 0)
                Terminate(grace);
        }
    }

    private ProcessRefused? Start(OutputPipe pipe, out TaskCompletionSource<Libc.SigInfo>? ended)
    {
        lock (gate)
        {
            var offset = spool.Length;
            (var result, ended) = children.Start(() => Spawn.Start(step, pipe.Output), Reaping);
            pipe.CloseOutput();
            if (result < 0)
                return new ProcessRefused(step.Index, -result, offset, Now());
            pid = result;
            // Its parent is us and has not waited for it: it has an entry in /proc even if it has ended.
            var startTime = ProcessIdentity.Of(pid)?.StartTime ?? 0;
            journal.Append(new ProcessStarted(step.Index, pid, startTime, offset, Now()));
            if (cause != EndCause.None)
                Terminate(TimeSpan.FromMilliseconds(step.GraceMs));
            else if (step.TimeoutMs >= 0)
                After(TimeSpan.FromMilliseconds(step.TimeoutMs), () => End(EndCause.TimedOut));
            return null;
        }
    }

    /// <summary>The group is killed before the main process is reaped: until then its pid, the group's id, cannot come to mean another group.</summary>
    private void Reaping(int ended)
    {
        lock (gate)
        {
            _ = Libc.Kill(-ended, Libc.SIGKILL);
            reaped = true;
        }
    }

    private void Terminate(TimeSpan grace)
    {
        if (reaped)
            return;
        _ = Libc.Kill(-pid, Libc.SIGTERM);
        _ = Libc.Kill(-pid, Libc.SIGCONT); // A stopped process takes no SIGTERM.
        After(grace, Kill);
    }

    private void Kill()
    {
        lock (gate)
        {
            if (!reaped)
                _ = Libc.Kill(-pid, Libc.SIGKILL);
        }
    }

    private void After(TimeSpan due, Action act) => timers.Add(clock.CreateTimer(
        static state => ((Action)state!)(), act, due > LongestTimer ? LongestTimer : due, Timeout.InfiniteTimeSpan));

    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);

    private long Now() => clock.GetUtcNow().ToUnixTimeMilliseconds();
}
