using Microsoft.Extensions.Logging;
using PRTS.Contracts.Builds;
using PRTS.Storage.Logs;

namespace PRTS.Grains.Logs;

/// <summary>
/// Seals full buffers one after another beside the appends. Compression would hold up the grain, so it runs on the thread pool; all
/// that touches the grain's memory runs on the grain's own scheduler.
/// </summary>
internal sealed partial class LogSealer
{
    private readonly Grain grain;
    private readonly LogStore store;
    private readonly AttemptId id;
    private readonly UnsealedLog unsealed;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Pump pump;
    private TaskCompletionSource progress = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LogSealer(Grain grain, LogStore store, AttemptId id, UnsealedLog unsealed, TimeProvider time, ILogger log)
    {
        (this.grain, this.store, this.id, this.unsealed, this.time, this.log) = (grain, store, id, unsealed, time, log);
        pump = new(grain, Seal, (failure, pause) => LogNotSealed(failure, id, pause));
    }

    /// <summary>Another activation or attempt to write has overtaken this one; its memory is worth nothing.</summary>
    public bool Stale { get; private set; }

    public void Kick() => pump.Kick();

    public void Stop() => pump.Stop();

    /// <summary>Waits until one more buffer can fill; false when it took too long.</summary>
    public Task<bool> Room(TimeSpan patience) => Until(() => unsealed.HasRoom, patience, CancellationToken.None);

    /// <summary>Waits until nothing waits to be sealed; false when it took too long.</summary>
    public Task<bool> Drained(TimeSpan patience, CancellationToken cancellationToken = default)
    {
        pump.Kick();
        return Until(() => unsealed.Next is null, patience, cancellationToken);
    }

    private async Task<bool> Until(Func<bool> condition, TimeSpan patience, CancellationToken cancellationToken)
    {
        var until = time.GetUtcNow() + patience;
        while (!condition())
        {
            var left = until - time.GetUtcNow();
            if (left <= TimeSpan.Zero || Stale || cancellationToken.IsCancellationRequested) return false;
            await Task.WhenAny(progress.Task, Task.Delay(left, time, cancellationToken));
        }

        return true;
    }

    private async Task<TimeSpan?> Seal()
    {
        if (Stale || unsealed.Next is not { } buffer) return null;
        try
        {
            var (bytes, marks) = (buffer.Bytes, buffer.Marks);
            await Task.Factory.StartNew(
                () => store.Seal(id, buffer.Offset, buffer.NewLines, bytes, marks), CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Default).Unwrap();
            unsealed.Sealed();
        }
        catch (InvalidOperationException overtaken)
        {
            // The store has other bytes here than we: the next activation begins with what the store has, and the agent sends on from there.
            LogOvertaken(overtaken, id);
            Stale = true;
            grain.GrainContext.Deactivate(new(DeactivationReasonCode.ApplicationRequested, "The log is written elsewhere."));
        }

        var waiting = progress;
        progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.SetResult();
        return TimeSpan.Zero;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of {Attempt} is not durable yet; again in {Pause}")]
    private partial void LogNotSealed(Exception failure, AttemptId attempt, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of {Attempt} was written elsewhere meanwhile; beginning anew with what the store has")]
    private partial void LogOvertaken(Exception failure, AttemptId attempt);
}
