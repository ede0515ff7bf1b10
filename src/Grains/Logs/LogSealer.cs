using System.Buffers;
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
    /// <summary>Half of what may wait, so that the other half fills meanwhile.</summary>
    private const int MaxAtOnce = UnsealedLog.MaxFull / 2;
    private readonly Grain grain;
    private readonly LogStore store;
    private readonly AttemptId id;
    private readonly UnsealedLog unsealed;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Pump pump;
    private readonly News progress = new();

    public LogSealer(Grain grain, LogStore store, AttemptId id, UnsealedLog unsealed, TimeProvider time, ILogger log)
    {
        (this.grain, this.store, this.id, this.unsealed, this.time, this.log) = (grain, store, id, unsealed, time, log);
        pump = new(grain, Seal, (failure, pause) => LogNotSealed(failure, id, pause));
    }

    /// <summary>Another activation or attempt to write has overtaken this one; its memory is worth nothing.</summary>
    public bool Stale { get; private set; }

    public void Kick() => pump.Kick();

    public Task Stop() => pump.Stop();

    /// <summary>Waits until one more buffer can fill; false when it took too long.</summary>
    public Task<bool> Room(TimeSpan patience) => Until(() => unsealed.HasRoom, patience, CancellationToken.None);

    /// <summary>Waits until nothing waits to be sealed; false when it took too long.</summary>
    public Task<bool> Drained(TimeSpan patience, CancellationToken cancellationToken = default)
    {
        pump.Kick();
        return Until(() => unsealed.Waiting.Count == 0, patience, cancellationToken);
    }

    private async Task<bool> Until(Func<bool> condition, TimeSpan patience, CancellationToken cancellationToken)
    {
        var until = time.GetUtcNow() + patience;
        while (!condition())
        {
            var left = until - time.GetUtcNow();
            if (left <= TimeSpan.Zero || Stale || cancellationToken.IsCancellationRequested) return false;
            await progress.Within(left, time, cancellationToken);
        }

        return true;
    }

    private async Task<TimeSpan?> Seal()
    {
        if (Stale || unsealed.Waiting.Count == 0) return null;
        LogBuffer[] waiting = [.. unsealed.Waiting.Take(MaxAtOnce)];
        try
        {
            await Task.Factory.StartNew(() => Seal(waiting), CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Default).Unwrap();
            unsealed.Sealed(waiting.Length);
        }
        catch (InvalidOperationException overtaken)
        {
            // The store has other bytes here than we: the next activation begins with what the store has, and the agent sends on from there.
            LogOvertaken(overtaken, id);
            Stale = true;
            grain.GrainContext.Deactivate(new(DeactivationReasonCode.ApplicationRequested, "The log is written elsewhere."));
        }

        progress.Fire();
        return TimeSpan.Zero;
    }

    /// <summary>Buffers that wait don't change, and lie one after another.</summary>
    private async Task Seal(LogBuffer[] buffers)
    {
        if (buffers is [var only])
        {
            await store.Seal(id, only.Offset, only.NewLines, only.Bytes, only.Marks);
            return;
        }

        var joined = ArrayPool<byte>.Shared.Rent(buffers.Sum(buffer => buffer.Length));
        var length = 0;
        foreach (var buffer in buffers)
        {
            buffer.Bytes.CopyTo(joined.AsMemory(length));
            length += buffer.Length;
        }

        await store.Seal(id, buffers[0].Offset, buffers[0].NewLines, joined.AsMemory(0, length), [.. buffers.SelectMany(buffer => buffer.Marks)]);
        ArrayPool<byte>.Shared.Return(joined);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of {Attempt} is not durable yet; again in {Pause}")]
    private partial void LogNotSealed(Exception failure, AttemptId attempt, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of {Attempt} was written elsewhere meanwhile; beginning anew with what the store has")]
    private partial void LogOvertaken(Exception failure, AttemptId attempt);
}
