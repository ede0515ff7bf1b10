using PRTS.Supervisor.Masking;
using PRTS.Supervisor.Native;
using PRTS.Supervisor.Protocol;
using PRTS.Supervisor.Steps;

namespace PRTS.Supervisor;

/// <summary>Runs steps one after the other, those of a group at the same time, as the agent says; the agent decides which. See docs/adr/0005-supervisor.md.</summary>
internal sealed class JobSupervisor(Spool spool, Journal journal, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan PatienceWithLeftovers = TimeSpan.FromSeconds(10);
    private readonly Lock gate = new();
    private readonly ManualResetEventSlim left = new();
    private readonly Children children = new();
    private readonly SortedSet<int> seen = [];
    private readonly List<StepProcess> running = [];

    /// <summary>Of the steps that ran last: what they left may still be there.</summary>
    private int group = -1;
    private int unwritten;

    /// <summary>For the whole life of the job, whichever agents come and go.</summary>
    private volatile Masks masks = Masks.None;
    private bool leaving;
    private bool stopped;

    public void Do(FrameKind kind, byte[] payload)
    {
        switch (kind)
        {
            case FrameKind.Run: Run(Frames.ReadRun(payload)); break;
            case FrameKind.Cancel: Cancel(Frames.ReadCancel(payload)); break;
            case FrameKind.Acknowledge: spool.Acknowledge(Frames.ReadAcknowledge(payload)); break;
            case FrameKind.Exit: Leave(); break;
            case FrameKind.Mask: Mask(Frames.ReadMask(payload)); break;
            default: throw new InvalidDataException($"The agent sent an unknown command ({kind}).");
        }
    }

    /// <summary>SIGTERM: ends the steps within their grace time, journals that, leaves. Spool and journal stay for the next agent.</summary>
    public void Stop()
    {
        lock (gate)
        {
            stopped = leaving = true;
            foreach (var step in running)
                step.End(EndCause.Stopped);
            LeaveIfIdle();
        }
    }

    /// <summary>When the job's directory is gone, nobody will come any more.</summary>
    public void LeaveIfForgotten()
    {
        if (!File.Exists(JobFiles.Journal))
            Leave();
    }

    public void WaitUntilLeft() => left.Wait();

    public void Dispose()
    {
        left.Dispose();
        children.Dispose();
    }

    private void Run(RunStep step)
    {
        lock (gate)
        {
            var joins = step.Group >= 0 && step.Group == group;
            if (leaving || (running.Count > 0 && !joins) || seen.Contains(step.Index) || (!joins && step.Index < (seen.Count > 0 ? seen.Max : -1)))
                return;
            seen.Add(step.Index);
            // The steps of a group end at different times, so what they leave is ended with the group.
            if (group >= 0 && step.Group != group)
                children.KillAll(PatienceWithLeftovers, clock);
            group = step.Group;
            var process = new StepProcess(step, spool, () => masks, journal, children, clock);
            running.Add(process);
            new Thread(RunToEnd) { Name = "step", IsBackground = true }.Start(process);
        }
    }

    /// <summary>The step is put away before its end is journaled: the agent that reads the journal asks for the next one at once.</summary>
    private void RunToEnd(object? state)
    {
        var step = (StepProcess)state!;
        var end = step.Run(() => step.Group < 0 ? children.KillAll(PatienceWithLeftovers, clock) : 0);
        lock (gate)
        {
            running.Remove(step);
            unwritten++;
        }
        journal.Append(end);
        lock (gate)
        {
            unwritten--;
            LeaveIfIdle();
        }
    }

    private void Mask(IReadOnlyList<string> secrets)
    {
        lock (gate)
            masks = masks.With(secrets);
    }

    private void Cancel(int index)
    {
        lock (gate)
            running.Find(step => step.Index == index)?.End(EndCause.Canceled);
    }

    private void Leave()
    {
        spool.Abandon();
        lock (gate)
        {
            leaving = true;
            foreach (var step in running)
                step.End(EndCause.Canceled, TimeSpan.Zero);
            LeaveIfIdle();
        }
    }

    private void LeaveIfIdle()
    {
        if (!leaving || running.Count > 0 || unwritten > 0 || left.IsSet)
            return;
        if (group >= 0)
            children.KillAll(PatienceWithLeftovers, clock);
        if (stopped)
            journal.Append(new SupervisorStopped(clock.GetUtcNow().ToUnixTimeMilliseconds()));
        left.Set();
    }
}
