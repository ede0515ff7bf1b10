using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;

namespace PRTS.Grains.Logs;

/// <summary>
/// Tells viewers of new bytes, when there are any: at once after a pause, then at most every <see cref="Every"/>. Little text is sent
/// along; of much, only that there is more, for viewers to read from the log itself. Never awaited, one message under way at a time,
/// losses harmless.
/// </summary>
internal sealed partial class LogPublisher
{
    private const int MaxBytes = 64 * 1024;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(15);
    private readonly UnsealedLog unsealed;
    private readonly Func<IAsyncStream<LogAppended>> open;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly AttemptId id;
    private readonly IGrainTimer timer;
    private IAsyncStream<LogAppended>? stream;
    private Task sending = Task.CompletedTask;
    private long? watched;
    private long published;
    private long publishedAt;
    private long atMs;
    private bool waiting;
    private bool closed;

    public LogPublisher(Grain grain, AttemptId id, UnsealedLog unsealed, TimeProvider time, ILogger log)
    {
        (this.id, this.unsealed, this.time, this.log) = (id, unsealed, time, log);
        publishedAt = time.GetTimestamp();
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

    /// <summary>Somebody read the tail and wants what follows it.</summary>
    public void Watched()
    {
        if (!IsWatched) published = unsealed.Received;
        watched = time.GetTimestamp();
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

    private bool IsWatched => watched is { } since && time.GetElapsedTime(since) < LogTail.WatchedFor;

    private void Publish()
    {
        if (waiting || !IsWatched || (published == unsealed.Received && !closed)) return;
        // The one before may be still under way: what is new goes with the next tick.
        var pause = sending.IsCompleted ? Every - time.GetElapsedTime(publishedAt) : Every;
        if (pause > TimeSpan.Zero)
        {
            waiting = true;
            timer.Change(pause, Timeout.InfiniteTimeSpan);
            return;
        }

        sending = Send(Message());
        (published, publishedAt) = (unsealed.Received, time.GetTimestamp());
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
