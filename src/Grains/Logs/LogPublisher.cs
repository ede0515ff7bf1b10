using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;

namespace PRTS.Grains.Logs;

/// <summary>
/// Tells viewers of new bytes: at once after a pause, then at most every <see cref="Every"/>. Little text is sent along; of much, only
/// that there is more, for viewers to read from the log itself. Never awaited, one message under way at a time, losses harmless.
/// </summary>
internal sealed partial class LogPublisher
{
    private const int MaxBytes = 64 * 1024;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(15);
    private readonly UnsealedLog unsealed;
    private readonly Func<IAsyncStream<LogAppended>> open;
    private readonly ILogger log;
    private readonly AttemptId id;
    private readonly IGrainTimer timer;
    private IAsyncStream<LogAppended>? stream;
    private Task sending = Task.CompletedTask;
    private long published;
    private long atMs;
    private bool waiting;
    private bool closed;

    public LogPublisher(Grain grain, AttemptId id, UnsealedLog unsealed, ILogger log)
    {
        (this.id, this.unsealed, this.log) = (id, unsealed, log);
        published = unsealed.Received;
        open = () => grain.GetStreamProvider(Streams.Provider).GetStream<LogAppended>(Streams.Log(id));
        timer = grain.RegisterGrainTimer(
            () =>
            {
                waiting = false;
                Publish();
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
    }

    public void Appended(long at)
    {
        atMs = at;
        Publish();
    }

    public void Closed()
    {
        closed = true;
        Publish();
    }

    public void Stop() => timer.Dispose();

    private void Publish()
    {
        if (waiting || (published == unsealed.Received && !closed)) return;
        waiting = true;
        timer.Change(Every, Timeout.InfiniteTimeSpan);
        // The one before is still under way: what is new goes with the next tick.
        if (!sending.IsCompleted) return;
        sending = Send(Message());
        published = unsealed.Received;
        if (closed) Stop();
    }

    private LogAppended Message()
    {
        var some = unsealed.Received - published <= MaxBytes ? unsealed.From(published) : null;
        return new()
        {
            Offset = some is null ? unsealed.Received : published,
            Bytes = some?.Bytes ?? [],
            NewLines = some?.NewLines ?? unsealed.NewLines,
            AtMs = atMs,
            Closed = closed,
        };
    }

    private async Task Send(LogAppended message)
    {
        try
        {
            stream ??= open();
            await stream.OnNextAsync(message);
        }
        catch (Exception failure)
        {
            LogNotPublished(failure, id);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Viewers of the log of {Attempt} were not told of new bytes")]
    private partial void LogNotPublished(Exception failure, AttemptId attempt);
}
