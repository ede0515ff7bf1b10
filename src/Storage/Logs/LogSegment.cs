using PRTS.Contracts.Logs;

namespace PRTS.Storage.Logs;

/// <summary>A piece of a segment that is compressed by itself. Raw and stored starts count from the segment's beginning; newlines before it likewise.</summary>
internal readonly record struct LogFrame(int RawStart, int RawLength, int StoredStart, int StoredLength, int NewlinesBefore, int Newlines);

/// <summary>
/// Some bytes of a log that are sealed: one blob of frames, and one row. The row's sub-index tells where frames begin and how many line
/// feeds they have, so that a read decompresses only what it needs, and when which bytes were written.
/// </summary>
internal sealed record LogSegment
{
    private const byte Version = 2;

    /// <summary>In bytes from the log's beginning.</summary>
    public required long RawOffset { get; init; }
    public required int RawLength { get; init; }

    /// <summary>Line feeds before the segment.</summary>
    public required long FirstLine { get; init; }
    public required int Newlines { get; init; }
    public required string BlobKey { get; init; }
    public required int StoredLength { get; init; }
    public required IReadOnlyList<LogFrame> Frames { get; init; }
    public required IReadOnlyList<LogMark> Marks { get; init; }

    public long End => RawOffset + RawLength;

    /// <summary>The frame of a byte; the offset counts from the log's beginning and lies in the segment.</summary>
    public int FrameOf(long offset)
    {
        var frame = 0;
        while (RawOffset + Frames[frame].RawStart + Frames[frame].RawLength <= offset) frame++;
        return frame;
    }

    public byte[] SubIndex()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Version);
        writer.Write7BitEncodedInt(Frames.Count);
        foreach (var frame in Frames)
        {
            writer.Write7BitEncodedInt(frame.RawLength);
            writer.Write7BitEncodedInt(frame.StoredLength);
            writer.Write7BitEncodedInt(frame.Newlines);
        }

        writer.Write7BitEncodedInt(Marks.Count);
        var last = new LogMark(RawOffset, 0);
        foreach (var mark in Marks)
        {
            writer.Write7BitEncodedInt64(mark.Offset - last.Offset);
            writer.Write7BitEncodedInt64(mark.AtMs - last.AtMs);
            last = mark;
        }

        return bytes.ToArray();
    }

    public static (IReadOnlyList<LogFrame> Frames, IReadOnlyList<LogMark> Marks) ReadSubIndex(byte[] subIndex, long rawOffset)
    {
        using var reader = new BinaryReader(new MemoryStream(subIndex));
        var version = reader.ReadByte();
        if (version != Version) throw new InvalidDataException($"A log segment has format {version}; this program knows {Version}. Run a newer PRTS.");
        var frames = new LogFrame[reader.Read7BitEncodedInt()];
        var (raw, stored, newlines) = (0, 0, 0);
        for (var i = 0; i < frames.Length; i++)
        {
            var frame = new LogFrame(raw, reader.Read7BitEncodedInt(), stored, reader.Read7BitEncodedInt(), newlines, reader.Read7BitEncodedInt());
            frames[i] = frame;
            raw += frame.RawLength;
            stored += frame.StoredLength;
            newlines += frame.Newlines;
        }

        var marks = new LogMark[reader.Read7BitEncodedInt()];
        var last = new LogMark(rawOffset, 0);
        for (var i = 0; i < marks.Length; i++)
        {
            last = new(last.Offset + reader.Read7BitEncodedInt64(), last.AtMs + reader.Read7BitEncodedInt64());
            marks[i] = last;
        }

        return (frames, marks);
    }
}

/// <summary>The marks that tell the times of a range of bytes.</summary>
internal static class LogMarks
{
    /// <summary>Marks in ascending order, the first of them at the range's beginning; those that say nothing new are left out.</summary>
    public static IReadOnlyList<LogMark> Clip(IEnumerable<LogMark> marks, long start, long end)
    {
        var clipped = new List<LogMark>();
        foreach (var mark in marks.OrderBy(mark => mark.Offset))
        {
            if (mark.Offset >= end && clipped.Count > 0) break;
            var at = mark with { Offset = Math.Clamp(mark.Offset, start, Math.Max(start, end - 1)) };
            // Before any mark the first one's time is the nearest that is known.
            if (clipped.Count == 0) at = at with { Offset = start };
            if (clipped.Count > 0 && clipped[^1].Offset == at.Offset) clipped[^1] = at;
            else if (clipped.Count == 0 || clipped[^1].AtMs != at.AtMs) clipped.Add(at);
        }

        return clipped;
    }

    public static long? At(IReadOnlyList<LogMark> marks, long offset)
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
