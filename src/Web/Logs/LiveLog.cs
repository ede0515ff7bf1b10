using Microsoft.AspNetCore.Http;
using PRTS.Contracts.Logs;
using PRTS.Web.Live;
using PRTS.Web.Rest;

namespace PRTS.Web.Logs;

/// <summary>
/// One browser that watches one log: the store up to now, then what the stream brings; the store again after a gap, after a second's
/// silence, because messages can be lost, and every few seconds, because the log publishes only while somebody looks.
/// </summary>
public sealed class LiveLog(JobLogs logs, Viewer<LogAppended> viewer, EventStream events, TimeProvider time)
{
    /// <summary>Farther behind than this, the browser reads what it shows by line numbers. Bytes.</summary>
    private const int MaxBehind = 256 * 1024;
    private const int MaxBatch = 256 * 1024;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    /// <summary>One picture of a fast screen: more often would only cost.</summary>
    private static readonly TimeSpan Coalesce = TimeSpan.FromMilliseconds(16);

    private LineSplitter? lines;
    private long lastSent;

    /// <param name="from">Where the browser's text ends; null begins at the log's end.</param>
    public async Task Run(Contracts.Builds.AttemptId attempt, long? from, CancellationToken cancel)
    {
        while (true)
        {
            var view = await logs.Look(attempt, cancel);
            lines ??= await Begin(view, from ?? view.Length, cancel);
            var sent = await CatchUp(view, cancel);
            if (view.Ended)
            {
                if (!sent) await Send(ReadOnlyMemory<byte>.Empty, _ => null, true, cancel);
                return;
            }

            if (!sent && Elapsed > TimeSpan.FromSeconds(10)) await events.Beat(cancel);
            var looked = time.GetTimestamp();
            while (time.GetElapsedTime(looked) < LogTail.WatchedFor / 3 && await Follow(cancel))
            {
                // The stream has no gap so far.
            }
        }
    }

    private TimeSpan Elapsed => time.GetElapsedTime(lastSent);

    private async Task<LineSplitter> Begin(LogView view, long offset, CancellationToken cancel)
    {
        offset = Math.Min(offset, view.Length);
        return new LineSplitter(offset, await logs.NewLinesBefore(view, offset, cancel));
    }

    /// <returns>Whether the end was told.</returns>
    private async Task<bool> CatchUp(LogView view, CancellationToken cancel)
    {
        if (view.Length <= lines!.Offset) return false;
        if (view.Length - lines.Offset > MaxBehind)
        {
            lines = new LineSplitter(view.Length, view.NewLines);
            await events.Send("gap", new LiveGap(view.Length, view.NewLines + 1), cancel);
            lastSent = time.GetTimestamp();
            return false;
        }

        using var bytes = new MemoryStream((int)(view.Length - lines.Offset));
        await logs.Copy(view, lines.Offset, view.Length - lines.Offset, bytes, cancel);
        var marks = view.Tail?.Marks ?? [];
        return await Send(bytes.GetBuffer().AsMemory(0, (int)bytes.Length), offset => At(marks, offset), view.Ended, cancel);
    }

    /// <returns>False when the store must be asked: after a silence, a gap, or at the end.</returns>
    private async Task<bool> Follow(CancellationToken cancel)
    {
        if (!await viewer.Wait(Silence, time, cancel)) return false;
        if (Elapsed < Coalesce) await Task.Delay(Coalesce - Elapsed, time, cancel);
        using var bytes = new MemoryStream();
        var times = new List<LogMark>();
        var next = lines!.Offset;
        var whole = true;
        while (whole && bytes.Length < MaxBatch && viewer.Messages.TryRead(out var message))
        {
            var end = message.Offset + message.Bytes.Length;
            if (message.Offset > next) whole = false;
            else if (end > next)
            {
                bytes.Write(message.Bytes.AsSpan((int)(next - message.Offset)));
                times.Add(new LogMark(next, message.AtMs));
                next = end;
            }

            if (message.Closed) whole = false;
        }

        if (bytes.Length > 0) await Send(bytes.GetBuffer().AsMemory(0, (int)bytes.Length), offset => At(times, offset), false, cancel);
        // Bytes of an unfinished character are asked for again with their rest.
        return whole && lines.Offset == next;
    }

    private async Task<bool> Send(ReadOnlyMemory<byte> bytes, Func<long, long?> at, bool ended, CancellationToken cancel)
    {
        var piece = lines!.Split(bytes.Span, at, ended);
        if (piece.Length == 0 && !ended) return false;
        await events.Send("lines", piece, cancel);
        lastSent = time.GetTimestamp();
        return ended;
    }

    private static long? At(IReadOnlyList<LogMark> marks, long offset)
    {
        long? at = null;
        foreach (var mark in marks)
        {
            if (mark.Offset > offset) break;
            at = mark.AtMs;
        }

        return at;
    }
}
