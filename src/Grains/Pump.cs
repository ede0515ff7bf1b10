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
    private IGrainTimer? timer;
    private bool running;
    private bool again;
    private bool stopped;
    private int failures;

    /// <summary>The state changed: looks for effects now.</summary>
    public void Kick()
    {
        again = true;
        if (!running && !stopped) _ = Run();
    }

    /// <summary>At deactivation.</summary>
    public void Stop()
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
            Stop();
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
