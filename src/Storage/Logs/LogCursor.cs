using Npgsql;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Storage.Blobs;

namespace PRTS.Storage.Logs;

/// <summary>Bytes of a log that lie together, and the marks that tell their times.</summary>
internal readonly record struct LogPiece(long Offset, ReadOnlyMemory<byte> Bytes, IReadOnlyList<LogMark> Marks);

/// <summary>Reads a log forward, frame by frame, and its tail last. Each segment's blob is asked once, from the first frame that is needed.</summary>
internal sealed class LogCursor(NpgsqlDataSource database, IBlobStore blobs, AttemptId attempt, long sealedLength, LogTail? tail)
{
    private const int MaxSegmentsAtOnce = 16;
    private const int Tries = 5;

    private readonly Queue<LogSegment> ahead = [];
    private LogSegment? segment;

    /// <summary>Most reads are of a few lines, which one segment has.</summary>
    private int segmentsAtOnce = 1;
    private byte[] stored = [];
    private int storedFrom;

    /// <summary>The bytes from this offset to the end of its frame; null at the log's end.</summary>
    /// <param name="withNewline">Leaves out frames without a line feed, unread.</param>
    public async Task<LogPiece?> Next(long offset, bool withNewline, CancellationToken cancellationToken)
    {
        for (var triesLeft = Tries; offset < sealedLength;)
        {
            var current = await SegmentOf(offset, cancellationToken);
            var frame = FirstFrame(current, offset, withNewline);
            if (frame < 0)
            {
                offset = current.End;
                continue;
            }

            try
            {
                var bytes = await Frame(current, frame, cancellationToken);
                var start = current.RawOffset + current.Frames[frame].RawStart;
                var skip = (int)Math.Max(0, offset - start);
                // A merge may have brought bytes that came after the reader's view of the log.
                var end = (int)Math.Min(bytes.Length, sealedLength - start);
                return new(start + skip, bytes[skip..end], current.Marks);
            }
            catch (BlobNotFoundException) when (--triesLeft > 0)
            {
                // The segment was merged with its neighbour since its row was read.
                Forget();
            }
        }

        if (tail is null || offset >= tail.Offset + tail.Bytes.Length) return null;
        return new(offset, tail.Bytes.AsMemory((int)(offset - tail.Offset)), tail.Marks);
    }

    private static int FirstFrame(LogSegment segment, long offset, bool withNewline)
    {
        for (var frame = segment.FrameOf(offset); frame < segment.Frames.Count; frame++)
        {
            if (!withNewline || segment.Frames[frame].Newlines > 0) return frame;
        }

        return -1;
    }

    private async Task<LogSegment> SegmentOf(long offset, CancellationToken cancellationToken)
    {
        if (segment is not null && offset >= segment.RawOffset && offset < segment.End) return segment;
        stored = [];
        while (ahead.TryDequeue(out var next))
        {
            if (offset >= next.RawOffset && offset < next.End) return segment = next;
        }

        foreach (var row in await LogSegments.From(database, attempt, offset, segmentsAtOnce, cancellationToken)) ahead.Enqueue(row);
        segmentsAtOnce = MaxSegmentsAtOnce;
        return ahead.TryDequeue(out segment) && offset >= segment.RawOffset && offset < segment.End
            ? segment
            : throw new InvalidDataException($"The log of {attempt} has no segment for byte {offset}.");
    }

    private async Task<ReadOnlyMemory<byte>> Frame(LogSegment from, int index, CancellationToken cancellationToken)
    {
        var frame = from.Frames[index];
        if (stored.Length == 0 || frame.StoredStart < storedFrom)
        {
            stored = await LogSegments.ReadStored(blobs, from, index, cancellationToken);
            storedFrom = frame.StoredStart;
        }

        return LogFrames.Decompress(stored.AsMemory(frame.StoredStart - storedFrom, frame.StoredLength), frame);
    }

    private void Forget()
    {
        segment = null;
        stored = [];
        ahead.Clear();
    }
}
