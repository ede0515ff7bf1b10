using Microsoft.Extensions.Logging;
using PRTS.Execution.Supervision;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Jobs;

/// <summary>Sends a job's supervisor away.</summary>
internal static class Leaving
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task Of(SupervisorClient supervisor, TimeProvider clock, ILogger log, string attempt)
    {
        await supervisor.Send(Frames.Exit());
        var patience = Task.Delay(Patience, clock);
        while (true)
        {
            var changed = supervisor.Changed;
            if (supervisor.IsGone)
                return;
            if (await Task.WhenAny(changed, patience) == patience)
            {
                log.LogWarning("{Attempt}: the supervisor has not left after {Patience}", attempt, Patience);
                return;
            }
        }
    }

    /// <summary>The steps whose end the journal lacks.</summary>
    public static IReadOnlyList<ProcessStarted> Unfinished(SupervisorClient supervisor) => [.. supervisor.Journal.OfType<ProcessStarted>()
        .Where(started => !supervisor.Journal.OfType<ProcessExited>().Any(exited => exited.Index == started.Index))];
}
