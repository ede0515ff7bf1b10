namespace PRTS.Audit.Verification;

/// <summary>Lines of a stream as bytes. A line ends with a line feed and nothing else.</summary>
internal sealed class ByteLines(Stream stream)
{
    /// <summary>Far beyond what an entry can have: 100 list items of 1,000 characters are cut before (see <see cref="AuditFields"/>).</summary>
    private const int Longest = 64 << 20;
    private byte[] buffer = new byte[64 << 10];
    private int from, to;

    /// <summary>Whether the last line had no line feed at its end, or was too long to be one.</summary>
    public bool IsCut { get; private set; }

    /// <returns>False at the end. The line is valid until the next call.</returns>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        var searched = from;
        while (true)
        {
            var end = buffer.AsSpan(searched, to - searched).IndexOf((byte)'\n');
            if (end >= 0)
            {
                line = buffer.AsSpan(from, searched + end - from);
                from = searched + end + 1;
                return true;
            }

            searched = to;
            if (to - from > Longest || !Fill(ref searched)) break;
        }

        IsCut = to > from;
        line = buffer.AsSpan(from, to - from);
        from = to;
        return line.Length > 0;
    }

    private bool Fill(ref int searched)
    {
        if (from > 0)
        {
            buffer.AsSpan(from, to - from).CopyTo(buffer);
            (searched, to, from) = (searched - from, to - from, 0);
        }

        if (to == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        var count = stream.Read(buffer, to, buffer.Length - to);
        to += count;
        return count > 0;
    }
}
