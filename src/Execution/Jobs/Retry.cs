using Microsoft.Extensions.Logging;
using PRTS.Execution.Artifacts;

namespace PRTS.Execution.Jobs;

/// <summary>Repeats calls to the control plane, which may be away for as long as it likes.</summary>
internal sealed class Retry(string attempt, TimeProvider clock, ILogger log)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    public async Task<T> Forever<T>(string what, Func<CancellationToken, Task<T>> call, CancellationToken ct)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await call(ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested && e is not ArtifactRefusedException)
            {
                await Pause(what, failures, e, ct);
            }
        }
    }

    /// <summary>Says that something failed and waits, longer each time.</summary>
    public Task Pause(string what, int failures, Exception cause, CancellationToken ct)
    {
        log.LogWarning(cause, "{Attempt}: could not {What} (try {Failures}); trying again", attempt, what, failures);
        var delay = First * Math.Pow(2, Math.Min(failures - 1, 10));
        return Task.Delay(delay < Longest ? delay : Longest, clock, ct);
    }
}
