using System.Buffers;
using System.Globalization;
using Npgsql;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Storage.Blobs;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Logs;

/// <summary>How much of a log is sealed, in bytes and line feeds. Closed: nothing more will come.</summary>
public readonly record struct LogState(long Length, long Newlines, bool Closed);

/// <summary>Where the bytes of logs become durable: blobs of compressed frames, found through rows (docs/adr/0002-log-path.md).</summary>
public sealed class LogStore(NpgsqlDataSource database, IBlobStore blobs, TimeProvider time)
{
    /// <summary>A last segment smaller than this is written anew together with the next bytes: slow logs do not become thousands of segments.</summary>
    private const int SmallSegment = 256 * 1024;
    private const int MaxSeal = 16 * 1024 * 1024;
    private const int Tries = 5;

    /// <summary>
    /// Makes bytes durable. Those that are sealed already are dropped, so a repeated call changes nothing; bytes beyond a gap are refused.
    /// </summary>
    /// <param name="rawOffset">Where the bytes begin in the log.</param>
    /// <param name="firstLine">Line feeds before them.</param>
    /// <param name="marks">When they were written.</param>
    /// <returns>The log as it is then.</returns>
    /// <exception cref="InvalidOperationException">The bytes do not follow what is sealed, or the log is closed.</exception>
    public async Task<LogState> Seal(
        AttemptId attempt, long rawOffset, long firstLine, ReadOnlyMemory<byte> raw, IReadOnlyList<LogMark> marks, CancellationToken cancellationToken = default)
    {
        if (raw.Length > MaxSeal) throw new ArgumentException($"{raw.Length} bytes are too many to seal at once; the limit is {MaxSeal}.", nameof(raw));
        for (var attemptsLeft = Tries; attemptsLeft > 0; attemptsLeft--)
        {
            var (row, last) = await LogSegments.ForSeal(database, attempt, cancellationToken);
            if (rawOffset + raw.Length <= row.Length) return new(row.Length, row.Newlines, row.Closed);
            if (rawOffset > row.Length) throw new InvalidOperationException($"The log of {attempt} is sealed up to byte {row.Length}; bytes from {rawOffset} on would leave a gap.");
            if (row.Closed) throw new InvalidOperationException($"The log of {attempt} is closed at {row.Length} bytes.");
            var known = (int)(row.Length - rawOffset);
            var fresh = raw[known..];
            var lineFeeds = firstLine + raw.Span[..known].Count((byte)'\n');
            if (lineFeeds != row.Newlines) throw new InvalidOperationException($"The log of {attempt} has {row.Newlines} line feeds before byte {row.Length}, not {lineFeeds}.");
            if (await TrySeal(attempt, row, last, fresh, marks, cancellationToken) is { } sealedNow) return sealedNow;
        }

        throw new InvalidOperationException($"The log of {attempt} is being written by somebody else.");
    }

    public async Task<LogState> State(AttemptId attempt, CancellationToken cancellationToken = default)
    {
        var row = await LogSegments.Row(database, attempt, cancellationToken);
        return new(row.Length, row.Newlines, row.Closed);
    }

    /// <summary>Closes the log if it is sealed up to exactly this length.</summary>
    /// <returns>The log as it is then: not closed when bytes are missing.</returns>
    public async Task<LogState> Close(AttemptId attempt, long length, CancellationToken cancellationToken = default)
    {
        // A log without a byte has no row before.
        var closing = length == 0
            ? database.Command(
                """
                insert into logs (attempt, length, newlines, line_start, closed) values ($1, 0, 0, 0, true)
                on conflict (attempt) do update set closed = true where logs.length = 0 returning length, newlines, closed
                """, attempt.Key)
            : database.Command("update logs set closed = true where attempt = $1 and length = $2 returning length, newlines, closed", attempt.Key, length);
        var state = await closing.First(row => new LogState(row.GetInt64(0), row.GetInt64(1), row.GetBoolean(2)), cancellationToken);
        return state.Closed ? state : await State(attempt, cancellationToken);
    }

    /// <summary>Deletes blobs that a crash left between writing a blob and its row, or between replacing a row and deleting its old blob.</summary>
    /// <param name="olderThan">Younger blobs are left alone: their rows may be on the way.</param>
    /// <returns>How many were deleted.</returns>
    public async Task<int> SweepOrphans(TimeSpan olderThan, CancellationToken cancellationToken = default)
    {
        const int Batch = 1000;
        var before = (time.GetUtcNow() - olderThan).ToUnixTimeMilliseconds();
        var deleted = 0;
        var keys = new List<string>(Batch);
        foreach (var tenant in await database.Command("select tenant from tenants").All(row => row.GetString(0), cancellationToken))
        {
            await foreach (var blob in blobs.List(BlobPlaces.Logs(tenant), cancellationToken))
            {
                if (WrittenAt(blob.Key) < before) keys.Add(blob.Key);
                if (keys.Count == Batch) await DeleteOrphans();
            }
        }

        await DeleteOrphans();
        return deleted;

        async Task DeleteOrphans()
        {
            foreach (var orphan in await LogSegments.Orphans(database, keys, cancellationToken))
            {
                if (await blobs.Delete(orphan, cancellationToken)) deleted++;
            }

            keys.Clear();
        }
    }

    private async Task<LogState?> TrySeal(AttemptId attempt, LogRow row, LogSegment? last, ReadOnlyMemory<byte> fresh, IReadOnlyList<LogMark> marks, CancellationToken cancellationToken)
    {
        var merged = last is { RawLength: < SmallSegment };
        var start = merged ? last!.RawOffset : row.Length;
        var raw = fresh;
        if (merged)
        {
            try
            {
                raw = await Joined(last!, fresh, cancellationToken);
            }
            catch (BlobNotFoundException)
            {
                return null; // Another writer has replaced it: look again.
            }
        }

        var end = row.Length + fresh.Length;
        var (stored, length, frames) = LogFrames.Compress(raw.Span);
        var segment = new LogSegment
        {
            RawOffset = start,
            RawLength = raw.Length,
            FirstLine = merged ? last!.FirstLine : row.Newlines,
            Newlines = frames.Sum(frame => frame.Newlines),
            BlobKey = NewKey(attempt, start),
            StoredLength = length,
            Frames = frames,
            Marks = LogMarks.Clip(merged ? last!.Marks.Concat(LogMarks.Clip(marks, row.Length, end)) : marks, start, end),
        };
        try
        {
            await blobs.Put(segment.BlobKey, new MemoryStream(stored, 0, length, writable: false), length, null, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }

        var lineFeed = fresh.Span.LastIndexOf((byte)'\n');
        var after = new LogRow(end, segment.FirstLine + segment.Newlines, lineFeed < 0 ? row.LineStart : row.Length + lineFeed + 1, false);
        if (!await LogSegments.Add(database, attempt, row, after, segment, cancellationToken))
        {
            await blobs.Delete(segment.BlobKey, cancellationToken);
            return null;
        }

        if (merged) await blobs.Delete(last!.BlobKey, cancellationToken);
        return new(after.Length, after.Newlines, after.Closed);
    }

    private async Task<ReadOnlyMemory<byte>> Joined(LogSegment last, ReadOnlyMemory<byte> fresh, CancellationToken cancellationToken)
    {
        var stored = await LogSegments.ReadStored(blobs, last, 0, cancellationToken);
        var joined = new byte[last.RawLength + fresh.Length];
        foreach (var frame in last.Frames)
        {
            LogFrames.Decompress(stored.AsMemory(frame.StoredStart, frame.StoredLength), frame).CopyTo(joined.AsMemory(frame.RawStart));
        }

        fresh.CopyTo(joined.AsMemory(last.RawLength));
        return joined;
    }

    /// <summary>Each write has a key of its own, so a blob never changes; the time in it is what the sweep goes by.</summary>
    private string NewKey(AttemptId attempt, long offset) => string.Create(
        CultureInfo.InvariantCulture, $"{BlobPlaces.Log(attempt)}{offset:D15}-{time.GetUtcNow().ToUnixTimeMilliseconds():x12}-{Random.Shared.Next():x8}");

    private static long WrittenAt(string key) =>
        key.Split('-') is [.., var at, _] && long.TryParse(at, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var ms) ? ms : long.MaxValue;
}
