using Orleans.Runtime;
using Orleans.Storage;

namespace PRTS.Grains;

/// <summary>
/// Performs what a grain's state asks for, one effect after another, beside the grain's calls and never awaited by them: so a command
/// that goes down and an event that comes up cannot wait for each other. After a failure it tries again with growing pauses.
/// </summary>
/// <param name="step">Performs one effect. Returns when to come back: zero for more now, a pause, or null when nothing is left.</param>
/// <param name="failed">Records a failure and the pause before the next try.</param>
internal sealed class Pump(IGrainBase grain, Func<Task<TimeSpan?>> step, Action<Exception, TimeSpan> failed)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>What is under way may wait for a grain that waits for this one to be gone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private IGrainTimer? timer;
    private Task run = Task.CompletedTask;
    private bool running;
    private bool again;
    private bool stopped;
    private int failures;

    /// <summary>The state changed: looks for effects now.</summary>
    public void Kick()
    {
        again = true;
        if (!running && !stopped) run = Run();
    }

    /// <summary>Ends when what can be done now is done, or takes longer than a caller likes to wait.</summary>
    public Task Settled() => Task.WhenAny(run, Task.Delay(Patience));

    /// <summary>At deactivation: what is under way is waited for a moment, so that the next activation begins with what it writes.</summary>
    public Task Stop()
    {
        Halt();
        return Task.WhenAny(run, Task.Delay(Patience));
    }

    private void Halt()
    {
        stopped = true;
        timer?.Dispose();
    }

    private async Task Run()
    {
        running = true;
        TimeSpan? pause = null;
        try
        {
            while ((again || pause == TimeSpan.Zero) && !stopped)
            {
                again = false;
                pause = await step();
            }

            failures = 0;
        }
        catch (InconsistentStateException conflict)
        {
            // Another activation has written: this one is out of date, and the next will do what is left.
            failed(conflict, TimeSpan.Zero);
            Halt();
            grain.DeactivateOnIdle();
        }
        catch (Exception failure)
        {
            pause = TimeSpan.FromMilliseconds(Math.Min(LongestPause.TotalMilliseconds, 100 * Math.Pow(2, failures++)));
            failed(failure, pause.Value);
        }
        finally
        {
            running = false;
        }

        if (pause is { } wait && !stopped) ComeBack(wait);
    }

    private void ComeBack(TimeSpan pause)
    {
        timer?.Dispose();
        timer = grain.RegisterGrainTimer(
            () =>
            {
                Kick();
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(pause, Timeout.InfiniteTimeSpan) { Interleave = true });
    }
}
