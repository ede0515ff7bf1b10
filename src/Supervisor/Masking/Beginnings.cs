using System.Globalization;
using System.Text;

namespace PRTS.Supervisor.Masking;

/// <summary>The first four bytes, line ends left out, of all that a needle may look like in a form: the first in the highest bits.</summary>
internal sealed class Beginnings
{
    public const int Length = 4;
    private readonly HashSet<uint> found = [];

    public IReadOnlyCollection<uint> Of(Needle needle, Form form)
    {
        found.Clear();
        switch (form)
        {
            case Form.Hex:
                Write(Convert.ToHexStringLower(needle.Bytes.AsSpan(0, 2)), 0, 0, static (_, _) => { });
                Write(Convert.ToHexString(needle.Bytes.AsSpan(0, 2)), 0, 0, static (_, _) => { });
                break;
            case >= Form.Base64: Base64(needle.Bytes, form, 0, 0, 0); break;
            default: Text(needle.Bytes, form, 0, 0, 0); break;
        }
        return found;
    }

    private void Text(ReadOnlyMemory<byte> needle, Form form, int at, uint written, int length)
    {
        if (at == needle.Length)
            return;
        var b = needle.Span[at];
        if (Letters.IsEndOfLine(b))
            Text(needle, form, at + 1, written, length);
        else if (b != Unit.Introducer(form))
            Write(((char)b).ToString(), written, length, (w, l) => Text(needle, form, at + 1, w, l));
        if (Letters.AndDigits.Contains(b))
            return;
        foreach (var (way, taken) in Ways(needle.Span[at..], form))
            Write(way, written, length, (w, l) => Text(needle, form, at + taken, w, l));
    }

    private void Base64(ReadOnlyMemory<byte> needle, Form form, int position, uint written, int length)
    {
        for (var value = 0; value < 64; value++)
        {
            if (!new Sextets(needle.Span, form).Allows(position, value))
                continue;
            Write(Sextets.Standard[value].ToString(), written, length, Next);
            if (value < 62)
                continue;
            Write(value == 62 ? "-" : "_", written, length, Next);
            foreach (var escaped in (ReadOnlySpan<Form>)[Form.Backslash, Form.Percent, Form.Entity])
            {
                foreach (var (way, _) in Ways([(byte)Sextets.Standard[value]], escaped))
                    Write(way, written, length, Next);
            }
        }

        void Next(uint w, int l) => Base64(needle, form, position + 1, w, l);
    }

    private void Write(string way, uint written, int length, Action<uint, int> next)
    {
        foreach (var c in way)
        {
            written = (written << 8) | (byte)c;
            if (++length == Length)
            {
                found.Add(written);
                return;
            }
        }
        next(written, length);
    }

    /// <summary>The escapes that a character may be written as, and the bytes of the needle that they take.</summary>
    private static List<(string Written, int Taken)> Ways(ReadOnlySpan<byte> needle, Form form)
    {
        var ways = new List<(string, int)>();
        var b = needle[0];
        // The line feed of a needle may be both.
        if (b == '\n')
            ways.AddRange(Ways("\r"u8, form).Select(way => (way.Written, 0)));
        var isCharacter = Rune.DecodeFromUtf8(needle, out var rune, out var taken) == System.Buffers.OperationStatus.Done;
        switch (form)
        {
            case Form.Backslash:
                if (b is >= 7 and <= 13 or 27)
                    ways.AddRange(b == 27 ? [("\\e", 1), ("\\E", 1)] : [("\\" + "abtnvfr"[b - 7], 1)]);
                else if (b is >= 32 and <= 127)
                    ways.Add(("\\" + (char)b, 1));
                Add(ways, "\\x", "x2", "", b, 1);
                ways.Add(("\\" + Convert.ToString(b, 8).PadLeft(3, '0'), 1));
                if (isCharacter)
                {
                    Add(ways, "\\u", "x4", "", rune.Value > 0xFFFF ? 0xD7C0 + (rune.Value >> 10) : rune.Value, taken);
                    Add(ways, "\\u{", "x", "}", rune.Value, taken);
                    Add(ways, "\\U", "x8", "", rune.Value, taken);
                }
                break;
            case Form.Percent:
                Add(ways, "%", "x2", "", b, 1);
                if (b == ' ')
                    ways.Add(("+", 1));
                break;
            case Form.Entity when isCharacter:
                if ((char)b switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '"' => "&quot;", '\'' => "&apos;", _ => null } is { } named)
                    ways.Add((named, 1));
                ways.Add((string.Create(CultureInfo.InvariantCulture, $"&#{rune.Value};"), taken));
                Add(ways, "&#x", "x", ";", rune.Value, taken);
                Add(ways, "&#X", "x", ";", rune.Value, taken);
                // Some fill up with zeros.
                ways.AddRange([(string.Create(CultureInfo.InvariantCulture, $"&#0{rune.Value};"), taken), ("&#00", taken), ("&#x0", taken), ("&#X0", taken)]);
                break;
            case Form.Quote when b == '\'':
                ways.AddRange([("'\\''", 1), ("'\"'\"'", 1)]);
                break;
        }
        return ways;
    }

    private static void Add(List<(string Written, int Taken)> ways, string before, string format, string after, int value, int taken)
    {
        var digits = value.ToString(format, CultureInfo.InvariantCulture);
        ways.Add((before + digits + after, taken));
        ways.Add((before + digits.ToUpperInvariant() + after, taken));
    }
}
