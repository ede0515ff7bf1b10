using PRTS.Supervisor.Protocol;
using PRTS.Supervisor.Steps;

namespace PRTS.Supervisor;

/// <summary>Runs one step after the other as the agent says; the agent decides which. See docs/adr/0005-supervisor.md.</summary>
internal sealed class JobSupervisor(Spool spool, Journal journal, TimeProvider clock) : IDisposable
{
    private readonly Lock gate = new();
    private readonly ManualResetEventSlim left = new();
    private StepProcess? running;
    private int lastIndex = -1;
    private int unwritten;
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
            default: throw new InvalidDataException($"The agent sent an unknown command ({kind}).");
        }
    }

    /// <summary>SIGTERM: ends the step within its grace time, journals that, leaves. Spool and journal stay for the next agent.</summary>
    public void Stop()
    {
        lock (gate)
        {
            stopped = leaving = true;
            running?.End(EndCause.Stopped);
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

    public void Dispose() => left.Dispose();

    private void Run(RunStep step)
    {
        lock (gate)
        {
            if (running is not null || leaving || step.Index <= lastIndex)
                return;
            lastIndex = step.Index;
            running = new StepProcess(step, spool, journal, clock);
            new Thread(RunToEnd) { Name = "step", IsBackground = true }.Start(running);
        }
    }

    /// <summary>The step is put away before its end is journaled: the agent that reads the journal asks for the next one at once.</summary>
    private void RunToEnd(object? state)
    {
        var end = ((StepProcess)state!).Run();
        lock (gate)
        {
            running = null;
            unwritten++;
        }
        journal.Append(end);
        lock (gate)
        {
            unwritten--;
            LeaveIfIdle();
        }
    }

    private void Cancel(int index)
    {
        lock (gate)
        {
            if (running?.Index == index)
                running.End(EndCause.Canceled);
        }
    }

    private void Leave()
    {
        spool.Abandon();
        lock (gate)
        {
            leaving = true;
            running?.End(EndCause.Canceled, TimeSpan.Zero);
            LeaveIfIdle();
        }
    }

    private void LeaveIfIdle()
    {
        if (!leaving || running is not null || unwritten > 0 || left.IsSet)
            return;
        if (stopped)
            journal.Append(new SupervisorStopped(clock.GetUtcNow().ToUnixTimeMilliseconds()));
        left.Set();
    }
}
