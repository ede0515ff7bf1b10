using System.Buffers.Binary;
using System.Globalization;

namespace PRTS.Supervisor.Protocol;

/// <summary>
/// The spool: the log's bytes in segments, each a file named by the log offset of its first byte (20 digits, <c>.log</c>),
/// beside it an index (<c>.idx</c>) of 16-byte entries: log offset and unix time in ms, little-endian. Bytes from an entry's offset on
/// were read at that time. An entry is written before its bytes, so a later entry of the same offset replaces it.
/// </summary>
public static class SpoolFiles
{
    public const int IndexEntrySize = 16;

    public static string SegmentName(long offset) => offset.ToString("D20", CultureInfo.InvariantCulture) + ".log";

    public static string IndexName(long offset) => offset.ToString("D20", CultureInfo.InvariantCulture) + ".idx";

    /// <summary>Log offsets of the segments in the directory, ascending; none when there is no such directory.</summary>
    public static IReadOnlyList<long> Segments(string directory)
    {
        if (!Directory.Exists(directory))
            return [];
        var offsets = new List<long>();
        foreach (var path in Directory.EnumerateFiles(directory, "*.log"))
        {
            if (long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
                offsets.Add(offset);
        }
        offsets.Sort();
        return offsets;
    }

    public static void WriteIndexEntry(Span<byte> entry, long offset, long timestampMs)
    {
        BinaryPrimitives.WriteInt64LittleEndian(entry, offset);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], timestampMs);
    }

    public static (long Offset, long TimestampMs) ReadIndexEntry(ReadOnlySpan<byte> entry) =>
        (BinaryPrimitives.ReadInt64LittleEndian(entry), BinaryPrimitives.ReadInt64LittleEndian(entry[8..]));
}
