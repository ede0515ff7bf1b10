using System.Text;
using Npgsql;
using PRTS.Api.Logs;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Storage.Blobs;

namespace PRTS.Storage.Logs;

/// <summary>
/// Reads logs, on any server. A log that is still written is its sealed part and then its grain's tail: ask the grain for the tail first,
/// so that what is sealed meanwhile overlaps it and leaves no gap.
/// </summary>
public sealed class LogReader(NpgsqlDataSource database, IBlobStore blobs)
{
    /// <summary>Of a longer line, this much is shown. Bytes.</summary>
    public const int MaxLine = 16 * 1024;

    /// <summary>At most so many lines are read at once.</summary>
    public const int MaxLines = 10_000;

    /// <summary>What readers see: the sealed log and the part of the tail that comes after it.</summary>
    private sealed record View(LogRow Row, LogTail? Tail)
    {
        private int TailLineFeeds { get; } = Tail?.Bytes.AsSpan().Count((byte)'\n') ?? 0;

        public long Length => Row.Length + (Tail?.Bytes.Length ?? 0);
        public long Newlines => Row.Newlines + TailLineFeeds;

        /// <summary>Lines, the unfinished last one included.</summary>
        public long Lines => Newlines + (Unfinished ? 1 : 0);

        private bool Unfinished => Tail is { Bytes.Length: > 0 } ? Tail.Bytes[^1] != (byte)'\n' : Row.LineStart < Row.Length;
    }

    /// <summary>Copies raw bytes.</summary>
    /// <returns>How many: fewer than asked for when the log ends before.</returns>
    public async Task<long> ReadBytes(AttemptId attempt, long offset, long? length, Stream destination, LogTail? tail = null, CancellationToken cancellationToken = default)
    {
        var view = await ViewOf(attempt, tail, cancellationToken);
        var cursor = Cursor(attempt, view);
        var left = length ?? long.MaxValue;
        var copied = 0L;
        while (left > 0 && await cursor.Next(offset + copied, withNewline: false, cancellationToken) is { } piece)
        {
            var bytes = piece.Bytes[..(int)Math.Min(left, piece.Bytes.Length)];
            await destination.WriteAsync(bytes, cancellationToken);
            copied += bytes.Length;
            left -= bytes.Length;
        }

        return copied;
    }

    /// <param name="firstLine">Counted from 1.</param>
    public async Task<LogLines> ReadLines(AttemptId attempt, long firstLine, int count, LogTail? tail = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(firstLine, 1);
        var view = await ViewOf(attempt, tail, cancellationToken);
        var cursor = Cursor(attempt, view);
        var lines = new List<LogLine>();
        if (firstLine <= view.Lines)
        {
            var collector = new LineCollector(lines, firstLine, Math.Min(count, MaxLines));
            var offset = await AfterNewline(attempt, view, firstLine - 1, cancellationToken);
            while (!collector.Full && await cursor.Next(offset, collector.Cut, cancellationToken) is { } piece)
            {
                collector.Add(piece);
                offset = piece.Offset + piece.Bytes.Length;
            }

            collector.End();
        }

        return new() { First = firstLine, Lines = lines, Total = view.Lines, Length = view.Length, Ended = view.Row.Closed };
    }

    /// <summary>The number of the line, from 1, that the byte belongs to; the last one's for offsets beyond the end.</summary>
    public async Task<long> LineOfOffset(AttemptId attempt, long byteOffset, LogTail? tail = null, CancellationToken cancellationToken = default)
    {
        var view = await ViewOf(attempt, tail, cancellationToken);
        if (byteOffset >= view.Length) return Math.Max(1, view.Lines);
        if (byteOffset >= view.Row.Length) return view.Row.Newlines + view.Tail!.Bytes.AsSpan()[..(int)(byteOffset - view.Row.Length)].Count((byte)'\n') + 1;
        return await Retrying(async () =>
        {
            var segment = (await LogSegments.From(database, attempt, byteOffset, 1, cancellationToken))[0];
            var (bytes, frame) = await FrameBytes(segment, segment.FrameOf(byteOffset), cancellationToken);
            return segment.FirstLine + frame.NewlinesBefore + bytes.Span[..(int)(byteOffset - segment.RawOffset - frame.RawStart)].Count((byte)'\n') + 1;
        });
    }

    private LogCursor Cursor(AttemptId attempt, View view) => new(database, blobs, attempt, view.Row.Length, view.Tail);

    private async Task<View> ViewOf(AttemptId attempt, LogTail? tail, CancellationToken cancellationToken)
    {
        var row = await LogSegments.Row(database, attempt, cancellationToken);
        // A tail that begins beyond the sealed part was not asked for first; without it the reader sees a shorter, whole log.
        if (tail is null || row.Closed || tail.Offset > row.Length || tail.Offset + tail.Bytes.Length <= row.Length) return new(row, null);
        return new(row, tail with { Offset = row.Length, NewLines = row.Newlines, Bytes = tail.Bytes[(int)(row.Length - tail.Offset)..] });
    }

    /// <summary>The offset after the n-th line feed; n is at most the number of line feeds.</summary>
    private async Task<long> AfterNewline(AttemptId attempt, View view, long newline, CancellationToken cancellationToken)
    {
        if (newline == 0) return 0;
        if (newline > view.Row.Newlines)
        {
            return view.Row.Length + AfterNewline(view.Tail!.Bytes.AsSpan(), newline - view.Row.Newlines);
        }

        return await Retrying(async () =>
        {
            var segment = await LogSegments.WithNewline(database, attempt, newline, cancellationToken) ?? throw new InvalidDataException($"The log of {attempt} has no line feed {newline}.");
            var index = 0;
            while (segment.FirstLine + segment.Frames[index].NewlinesBefore + segment.Frames[index].Newlines < newline) index++;
            var (bytes, frame) = await FrameBytes(segment, index, cancellationToken);
            return segment.RawOffset + frame.RawStart + AfterNewline(bytes.Span, newline - segment.FirstLine - frame.NewlinesBefore);
        });
    }

    private static int AfterNewline(ReadOnlySpan<byte> bytes, long newline)
    {
        var at = 0;
        for (var left = newline; left > 0; left--) at += bytes[at..].IndexOf((byte)'\n') + 1;
        return at;
    }

    private async Task<(ReadOnlyMemory<byte> Bytes, LogFrame Frame)> FrameBytes(LogSegment segment, int index, CancellationToken cancellationToken)
    {
        var frame = segment.Frames[index];
        var stored = new byte[frame.StoredLength];
        await using var stream = await blobs.OpenRead(segment.BlobKey, frame.StoredStart, frame.StoredLength, cancellationToken);
        await stream.ReadExactlyAsync(stored, cancellationToken);
        return (LogFrames.Decompress(stored, frame), frame);
    }

    /// <summary>A segment may be merged away between the reading of its row and of its blob.</summary>
    private static async Task<long> Retrying(Func<Task<long>> read)
    {
        for (var triesLeft = 4; ; triesLeft--)
        {
            try
            {
                return await read();
            }
            catch (BlobNotFoundException) when (triesLeft > 0)
            {
            }
        }
    }

    /// <summary>Cuts pieces into lines.</summary>
    private sealed class LineCollector(List<LogLine> lines, long firstLine, int count)
    {
        private readonly List<byte> line = [];
        private long start = -1;
        private long? at;

        public bool Full => lines.Count >= count;

        /// <summary>The line is longer than what is shown: only its line feed is of interest.</summary>
        public bool Cut { get; private set; }

        public void Add(LogPiece piece)
        {
            var bytes = piece.Bytes.Span;
            var done = 0;
            while (done < bytes.Length && !Full)
            {
                if (start < 0)
                {
                    start = piece.Offset + done;
                    at = LogMarks.At(piece.Marks, start);
                }

                var feed = bytes[done..].IndexOf((byte)'\n');
                var part = feed < 0 ? bytes[done..] : bytes.Slice(done, feed);
                var room = MaxLine - line.Count;
                line.AddRange(part[..Math.Min(room, part.Length)]);
                Cut |= part.Length > room;
                done += part.Length + (feed < 0 ? 0 : 1);
                if (feed >= 0) Emit();
            }
        }

        /// <summary>The log's last line may have no line feed.</summary>
        public void End()
        {
            if (start >= 0 && !Full) Emit();
        }

        private void Emit()
        {
            var bytes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(line);
            lines.Add(new() { Number = firstLine + lines.Count, Offset = start, Text = Encoding.UTF8.GetString(Cut ? WholeCharacters(bytes) : bytes), At = at, Truncated = Cut });
            line.Clear();
            start = -1;
            Cut = false;
        }

        /// <summary>Without a character at the end that the cut went through.</summary>
        private static ReadOnlySpan<byte> WholeCharacters(ReadOnlySpan<byte> bytes)
        {
            for (var back = 1; back <= 3 && back < bytes.Length; back++)
            {
                var lead = bytes[^back];
                if ((lead & 0xC0) == 0x80) continue;
                var length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
                return length > back ? bytes[..^back] : bytes;
            }

            return bytes;
        }
    }
}
