using Microsoft.Win32.SafeHandles;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Supervision;

/// <summary>Reads the log's bytes and times from the spool files, which the supervisor goes on writing and trimming.</summary>
internal sealed class SpoolReader(string directory) : IDisposable
{
    /// <summary>One chunk has one time; bytes written later than this after its first ones go into the next.</summary>
    private const long LongestChunkMs = 100;
    private readonly byte[] entries = new byte[256 * SpoolFiles.IndexEntrySize];
    private SafeFileHandle? segment;
    private SafeFileHandle? index;
    private long segmentStart = -1;
    private long segmentEnd;
    private long near;
    private long nearOffset;

    /// <summary>Bytes ever spooled, as far as the files tell.</summary>
    public static long LengthOf(string directory) =>
        SpoolFiles.Segments(directory) is [.., var last] ? last + new FileInfo(Path.Combine(directory, SpoolFiles.SegmentName(last))).Length : 0;

    /// <summary>The first byte that is still there.</summary>
    public long Start() => SpoolFiles.Segments(directory) is [var first, ..] ? first : 0;

    /// <summary>Reads from a log offset up to <paramref name="limit"/> (exclusive, known to be written). No bytes: the offset was trimmed.</summary>
    public (int Count, long TimestampMs) Read(long offset, long limit, Span<byte> buffer)
    {
        if ((segment is null || offset < segmentStart || offset >= segmentEnd) && !OpenSegmentOf(offset))
            return default;
        var read = ReadSegment(offset, limit, buffer);
        if (read.Count == 0 && segmentEnd == long.MaxValue)
        {
            // What was the newest segment has been followed by another.
            if (!OpenSegmentOf(offset))
                return default;
            read = ReadSegment(offset, limit, buffer);
        }
        return read.Count > 0 ? read : throw new InvalidDataException($"The log spool {directory} lacks the bytes from {offset} on.");
    }

    public void Dispose()
    {
        segment?.Dispose();
        index?.Dispose();
    }

    private (int Count, long TimestampMs) ReadSegment(long offset, long limit, Span<byte> buffer)
    {
        var (timestamp, sameTimeUntil) = TimeOf(offset);
        var wanted = Math.Min(buffer.Length, Math.Min(Math.Min(limit, segmentEnd), sameTimeUntil) - offset);
        return (RandomAccess.Read(segment!, buffer[..(int)wanted], offset - segmentStart), timestamp);
    }

    /// <summary>False: the offset was trimmed.</summary>
    private bool OpenSegmentOf(long offset)
    {
        while (true)
        {
            var starts = SpoolFiles.Segments(directory);
            var position = starts.Count - 1;
            while (position >= 0 && starts[position] > offset)
                position--;
            if (position < 0)
                return starts.Count > 0 ? false : throw new InvalidDataException($"The log spool {directory} is gone.");
            Dispose();
            segmentStart = starts[position];
            (near, nearOffset) = (0, segmentStart);
            // The newest segment's end moves; the next one's beginning shows it when it is there.
            segmentEnd = position + 1 < starts.Count ? starts[position + 1] : long.MaxValue;
            segment = Open(SpoolFiles.SegmentName(segmentStart));
            index = Open(SpoolFiles.IndexName(segmentStart));
            if (segment is not null && index is not null)
                return true;
            // It was trimmed after the look; the next look no longer shows it, because a segment goes before its index.
        }
    }

    private SafeFileHandle? Open(string name)
    {
        try
        {
            return File.OpenHandle(Path.Combine(directory, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>When the byte was read, and from which offset on bytes are too much younger to share its chunk. Looks on from where it found the last one.</summary>
    private (long TimestampMs, long Until) TimeOf(long offset)
    {
        if (offset < nearOffset)
            (near, nearOffset) = (0, segmentStart);
        var (position, timestamp) = (near, 0L);
        while (true)
        {
            var read = RandomAccess.Read(index!, entries, position * SpoolFiles.IndexEntrySize) / SpoolFiles.IndexEntrySize;
            for (var i = 0; i < read; i++)
            {
                var (start, time) = SpoolFiles.ReadIndexEntry(entries.AsSpan(i * SpoolFiles.IndexEntrySize));
                if (start <= offset)
                    (near, nearOffset, timestamp) = (position + i, start, time);
                else if (time > timestamp + LongestChunkMs || start - offset > LogSender.ChunkSize)
                    return (timestamp, start);
            }
            if (read < entries.Length / SpoolFiles.IndexEntrySize)
                return (timestamp, long.MaxValue);
            position += read;
        }
    }
}
