using System.Text;

namespace PRTS.Supervisor.Masking;

/// <summary>What is looked for: a secret, a line of it, or a block of one that is long.</summary>
/// <param name="Bytes">UTF-8; begins and ends with something else than a line's end.</param>
/// <param name="OnlyInBits">Hex and base64 alone: the text forms read both kinds of line ends anyhow.</param>
internal sealed record Needle(byte[] Bytes, bool OnlyInBits)
{
    /// <summary>Bytes. Longer ones are cut: what is held back is short, whatever the secret; and of a secret that is printed in part the whole blocks are masked.</summary>
    public const int Block = 128;

    /// <summary>All of several values, each once.</summary>
    public static List<Needle> All(IEnumerable<string> values)
    {
        var needles = new List<Needle>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var value in values)
        {
            var text = value.Replace("\r\n", "\n", StringComparison.Ordinal);
            Add(text, false);
            Add(text.Trim(), false);
            if (!text.Contains('\n', StringComparison.Ordinal))
                continue;
            Add(text.Replace("\n", "\r\n", StringComparison.Ordinal), true);
            foreach (var line in text.Split('\n'))
                Add(line.Trim(), false);
        }
        return needles;

        void Add(string part, bool onlyInBits)
        {
            foreach (var block in Blocks(Encoding.UTF8.GetBytes(part)))
            {
                if (IsLongEnough(block) && known.Add((onlyInBits ? "-" : "+") + Encoding.Latin1.GetString(block)))
                    needles.Add(new(block, onlyInBits));
            }
        }
    }

    public IEnumerable<Form> Forms()
    {
        if (!OnlyInBits)
        {
            yield return Form.Raw;
            // Letters and digits are written as themselves by every encoder.
            if (Bytes.AsSpan().ContainsAnyExcept(Letters.AndDigits))
            {
                yield return Form.Backslash;
                yield return Form.Percent;
                yield return Form.Entity;
            }
            if (Bytes.AsSpan().Contains((byte)'\''))
                yield return Form.Quote;
        }
        yield return Form.Hex;
        yield return Form.Base64;
        yield return Form.Base64AfterOne;
        yield return Form.Base64AfterTwo;
    }

    private static bool IsLongEnough(ReadOnlySpan<byte> block) => block.Length - block.Count((byte)'\n') - block.Count((byte)'\r') >= Masks.ShortestLength;

    /// <summary>
    /// Cut between characters, the last one as long as the others: it begins in the one before. None begins with a line's end, because
    /// nothing is looked for there; it belongs to the block before.
    /// </summary>
    private static IEnumerable<byte[]> Blocks(byte[] value)
    {
        var bytes = value.AsSpan().Trim("\r\n"u8).ToArray();
        var start = 0;
        while (bytes.Length - start > Block)
        {
            var end = Boundary(bytes, start + Block, -1);
            while (Letters.IsEndOfLine(bytes[end]) && end - start < 2 * Block)
                end++;
            yield return bytes.AsSpan(start..end).TrimStart("\r\n"u8).ToArray();
            start = end;
        }
        yield return bytes.AsSpan(start == 0 ? 0 : Boundary(bytes, bytes.Length - Block, 1)).TrimStart("\r\n"u8).ToArray();
    }

    private static int Boundary(byte[] bytes, int position, int step)
    {
        while ((bytes[position] & 0xC0) == 0x80)
            position += step;
        return position;
    }
}
