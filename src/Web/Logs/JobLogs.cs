using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Logs;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Storage.Builds;
using PRTS.Storage.Logs;

namespace PRTS.Web.Logs;

/// <summary>A log as it stands: its sealed part and, while it is written, what its grain holds beyond that.</summary>
/// <param name="Tail">Null when all is sealed.</param>
/// <param name="Length">Bytes.</param>
/// <param name="NewLines">Line feeds in all of it.</param>
/// <param name="Ended">Nothing more will come.</param>
public sealed record LogView(AttemptId Attempt, LogTail? Tail, long Length, long NewLines, bool Ended);

/// <summary>Reads the logs of jobs, running or ended.</summary>
public sealed class JobLogs(LogStore store, LogReader reader, BuildsReadModel builds, IGrainFactory grains)
{
    /// <summary>Null when the job has no such attempt. No number: the last one.</summary>
    public async Task<AttemptId?> Find(JobId job, int? attempt, CancellationToken cancellationToken = default) =>
        await builds.Job(job, cancellationToken) is { } summary && (attempt is null || (attempt >= 1 && attempt <= summary.Attempt))
            ? new AttemptId(job, attempt ?? summary.Attempt)
            : null;

    public async Task<LogView> Look(AttemptId attempt, CancellationToken cancellationToken = default)
    {
        var state = await store.State(attempt, cancellationToken);
        if (state.Closed) return new(attempt, null, state.Length, state.Newlines, true);
        // A job ends after its log is durable, so whoever sees the end first and the log then has missed nothing. The log of an attempt
        // that never ran, or whose agent was lost, stays open for ever.
        var over = await builds.Job(attempt.Job, cancellationToken) is not { } job || job.Attempt > attempt.Number || job.Status.IsEnded();
        // The tail before the sealed part: what is sealed in between is then in both, and nothing in neither.
        var tail = await grains.Log(attempt).Tail();
        state = await store.State(attempt, cancellationToken);
        var end = tail.Offset + tail.Bytes.Length;
        return state.Closed || end <= state.Length
            ? new(attempt, null, state.Length, state.Newlines, over || state.Closed)
            : new(attempt, tail, end, tail.NewLines + tail.Bytes.AsSpan().Count((byte)'\n'), over);
    }

    public Task<long> Copy(LogView view, long offset, long? length, Stream destination, CancellationToken cancellationToken = default) =>
        reader.ReadBytes(view.Attempt, offset, length, destination, view.Tail, cancellationToken);

    /// <param name="first">From 1; below 1 counts from the end (-100: the last hundred).</param>
    public async Task<LogLines> Lines(AttemptId attempt, long first, int count, CancellationToken cancellationToken = default)
    {
        var view = await Look(attempt, cancellationToken);
        if (first < 1)
        {
            // The unfinished last line counts as one too.
            var lines = await reader.ReadLines(attempt, long.MaxValue, 1, view.Tail, cancellationToken);
            first = Math.Max(1, lines.Total + first + 1);
        }

        var read = await reader.ReadLines(attempt, first, count, view.Tail, cancellationToken);
        return read with { Ended = read.Ended || view.Ended };
    }

    /// <summary>The number of the line that has the byte at this offset.</summary>
    public async Task<long> LineAt(AttemptId attempt, long offset, CancellationToken cancellationToken = default) =>
        await NewLinesBefore(await Look(attempt, cancellationToken), offset, cancellationToken) + 1;

    /// <summary>Line feeds before an offset that is not beyond the end.</summary>
    public async Task<long> NewLinesBefore(LogView view, long offset, CancellationToken cancellationToken = default)
    {
        if (offset >= view.Length) return view.NewLines;
        if (view.Tail is { } tail && offset >= tail.Offset) return tail.NewLines + tail.Bytes.AsSpan()[..(int)(offset - tail.Offset)].Count((byte)'\n');
        return await reader.LineOfOffset(view.Attempt, offset, view.Tail, cancellationToken) - 1;
    }
}
