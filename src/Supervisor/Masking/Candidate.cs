namespace PRTS.Supervisor.Masking;

internal enum Comparison
{
    Differs,

    /// <summary>As far as the text goes it is the needle.</summary>
    Unfinished,
    Matches,
}

/// <summary>A place where a needle may stand, and how far it has been compared: it goes on there when more of the text is known.</summary>
internal struct Candidate(Needle needle, Form form, int start)
{
    /// <summary>In the needle: bytes, hexadecimal digits or base64 characters.</summary>
    private int done;

    /// <summary>In the text, as <see cref="At"/>.</summary>
    public int Start = start;

    /// <summary>Up to where the text has been compared.</summary>
    public int At = start;

    public Comparison Compare(ReadOnlySpan<byte> text) => form switch
    {
        Form.Hex => CompareHex(text),
        >= Form.Base64 => CompareBase64(text),
        _ => CompareText(text),
    };

    private Comparison CompareText(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> bytes = needle.Bytes;
        var introducer = Unit.Introducer(form);
        while (true)
        {
            // Most stand there as themselves.
            while (done < bytes.Length && At < text.Length && text[At] == bytes[done] && text[At] != introducer)
                (done, At) = (done + 1, At + 1);
            if (done == bytes.Length)
                return Comparison.Matches;
            if (At == text.Length)
                return Comparison.Unfinished;
            var unit = Unit.Read(form, text[At..], bytes[done]);
            var length = unit.Length;
            if (length > 0 && unit.Bytes == '\r' && bytes[done] == '\n')
            {
                // A line may end with both; the needle has only the line feed.
                if (At + length == text.Length)
                    return Comparison.Unfinished;
                unit = Unit.Read(form, text[(At + length)..], bytes[done]);
                length = unit.Length > 0 ? length + unit.Length : unit.Length;
            }
            if (length == 0)
                return Comparison.Unfinished;
            if (length < 0 || unit.Count > bytes.Length - done)
                return Comparison.Differs;
            for (var i = 0; i < unit.Count; i++)
            {
                if (bytes[done + i] != (byte)(unit.Bytes >> (8 * i)))
                    return Comparison.Differs;
            }
            done += unit.Count;
            At += length;
        }
    }

    private Comparison CompareHex(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> bytes = needle.Bytes;
        while (done < bytes.Length * 2)
        {
            var at = SkipLineEnd(text);
            if (at == text.Length)
                return Comparison.Unfinished;
            if (Letters.Hex(text[at]) != (bytes[done >> 1] >> (4 - ((done & 1) << 2)) & 15))
                return Comparison.Differs;
            done++;
            At = at + 1;
        }
        return Comparison.Matches;
    }

    private Comparison CompareBase64(ReadOnlySpan<byte> text)
    {
        var sextets = new Sextets(needle.Bytes, form);
        while (done < sextets.Count)
        {
            var at = SkipLineEnd(text);
            if (at == text.Length)
                return Comparison.Unfinished;
            var (value, length) = Sextets.Read(text[at..]);
            if (length == 0)
                return Comparison.Unfinished;
            if (length < 0 || !sextets.Allows(done, value))
                return Comparison.Differs;
            done++;
            At = at + length;
        }
        return Comparison.Matches;
    }

    /// <summary>Programs break long lines of base64 and hex. One line's end, so that empty lines are not waited through.</summary>
    private readonly int SkipLineEnd(ReadOnlySpan<byte> text)
    {
        var at = At;
        if (at < text.Length && text[at] == '\r')
            at++;
        if (at < text.Length && text[at] == '\n')
            at++;
        return at;
    }
}
