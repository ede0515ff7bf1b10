using System.Text;
using PRTS.Storage.Logs;

namespace PRTS.Web.Logs;

/// <summary>
/// A piece of a log for viewers that show it as it grows. The next piece begins at <see cref="Offset"/> + <see cref="Length"/>.
/// </summary>
public sealed record LiveLines
{
    /// <summary>Where the piece begins, in bytes.</summary>
    public required long Offset { get; init; }

    /// <summary>Its length in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>Number of its first line, from 1. The piece may begin inside that line: then its text goes on what is shown.</summary>
    public required long First { get; init; }
    public required IReadOnlyList<LiveLine> Lines { get; init; }

    /// <summary>Lines up to the end of the piece, the unfinished last one included.</summary>
    public required long Total { get; init; }
    public required bool Ended { get; init; }
}

/// <summary>Offset: of the text's first byte. Partial: the line has not ended yet. Truncated: the text is cut; the raw log has it all.</summary>
public sealed record LiveLine(long Number, string Text, long? At, long Offset, bool Partial, bool Truncated);

/// <summary>The viewer was too slow, or far behind: it reads the lines again from the store and goes on from <see cref="Offset"/>.</summary>
public sealed record LiveGap(long Offset, long Total);

/// <summary>Cuts bytes into lines, keeping the number of the line across pieces.</summary>
public sealed class LineSplitter(long offset, long newLines)
{
    public long Offset { get; private set; } = offset;

    private long newLines = newLines;
    private bool insideLine;

    /// <summary>Lines so far, the unfinished one included.</summary>
    public long Total => newLines + (insideLine ? 1 : 0);

    /// <summary>
    /// Takes the bytes at <see cref="Offset"/>. A character that is not complete yet is left for the next piece, unless there is none.
    /// </summary>
    public LiveLines Split(ReadOnlySpan<byte> bytes, Func<long, long?> at, bool ended)
    {
        if (!ended) bytes = bytes[..^Incomplete(bytes)];
        var (start, first) = (Offset, newLines + 1);
        var lines = new List<LiveLine>();
        while (!bytes.IsEmpty)
        {
            var feed = bytes.IndexOf((byte)'\n');
            var line = feed < 0 ? bytes : bytes[..feed];
            var shown = line.Length <= LogReader.MaxLine ? line : line[..(LogReader.MaxLine - Incomplete(line[..LogReader.MaxLine]))];
            lines.Add(new(newLines + 1, Encoding.UTF8.GetString(shown), at(Offset), Offset, feed < 0, shown.Length < line.Length));
            var taken = feed < 0 ? line.Length : feed + 1;
            Offset += taken;
            insideLine = feed < 0;
            if (feed >= 0) newLines++;
            bytes = bytes[taken..];
        }

        return new() { Offset = start, Length = Offset - start, First = first, Lines = lines, Total = Total, Ended = ended };
    }

    /// <summary>How many bytes at the end are the beginning of a UTF-8 character whose rest is missing.</summary>
    private static int Incomplete(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            var lead = bytes[^back];
            if ((lead & 0xC0) == 0x80) continue;
            var length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
            return length > back ? back : 0;
        }

        return 0;
    }
}
