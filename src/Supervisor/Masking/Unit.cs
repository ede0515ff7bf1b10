using System.Text;

namespace PRTS.Supervisor.Masking;

/// <summary>One character as it is written in a form: what it stands for, and how long it is there.</summary>
/// <param name="Bytes">Up to four, the first in the lowest bits.</param>
/// <param name="Count">How many.</param>
/// <param name="Length">Of what is written, in bytes; 0: it may go on after the end of the text; -1: it is nothing that the form has.</param>
internal readonly record struct Unit(uint Bytes, int Count, int Length)
{
    private const int LongestNumber = 8;
    private static readonly Unit Unfinished = new(0, 0, 0);
    private static readonly Unit None = new(0, 0, -1);

    /// <summary>What begins an escape; -1: nothing does.</summary>
    public static int Introducer(Form form) => form switch
    {
        Form.Backslash => '\\',
        Form.Percent => '%',
        Form.Entity => '&',
        Form.Quote => '\'',
        _ => -1,
    };

    /// <param name="text">Not empty.</param>
    /// <param name="expected">A plus of the form encoding may be either.</param>
    public static Unit Read(Form form, ReadOnlySpan<byte> text, byte expected)
    {
        if (text[0] != Introducer(form))
            return form == Form.Percent && text[0] == '+' && expected == ' ' ? new(' ', 1, 1) : new(text[0], 1, 1);
        return form switch
        {
            Form.Backslash => Backslash(text),
            Form.Percent => text.Length < 3 ? Cut(text[1..], 16) : Number(text[1..3], 16) is >= 0 and var value ? new((uint)value, 1, 3) : None,
            Form.Entity => Entity(text),
            _ => OneOf(text, "'\\''"u8, "'\"'\"'"u8),
        };
    }

    private static Unit Backslash(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2)
            return Unfinished;
        return (char)text[1] switch
        {
            'u' => text.Length > 2 && text[2] == '{' ? Braces(text) : Utf16(text),
            'U' => text.Length < 10 ? Cut(text[2..], 16) : Character(Number(text[2..10], 16), 10),
            'x' => text.Length < 4 ? Cut(text[2..], 16) : Byte(Number(text[2..4], 16)),
            >= '0' and <= '7' => text.Length < 4 ? Cut(text[1..], 8) : Byte(Number(text[1..4], 8)),
            'n' => new('\n', 1, 2),
            'r' => new('\r', 1, 2),
            't' => new('\t', 1, 2),
            'a' => new('\a', 1, 2),
            'b' => new('\b', 1, 2),
            'f' => new('\f', 1, 2),
            'v' => new('\v', 1, 2),
            'e' or 'E' => new('\e', 1, 2),
            var other => new(other, 1, 2),
        };

        static Unit Byte(long value) => value is >= 0 and <= 255 ? new((uint)value, 1, 4) : None;
    }

    /// <summary>Two of them are one character outside of the first plane.</summary>
    private static Unit Utf16(ReadOnlySpan<byte> text)
    {
        if (text.Length < 6)
            return Cut(text[2..], 16);
        var first = Number(text[2..6], 16);
        if (first < 0 || !char.IsHighSurrogate((char)first))
            return Character(first, 6);
        if (text.Length < 12)
            return "\\u"u8.StartsWith(text[6..Math.Min(8, text.Length)]) ? Cut(text[Math.Min(8, text.Length)..], 16) : None;
        var second = text[6] == '\\' && text[7] == 'u' ? Number(text[8..12], 16) : -1;
        return second >= 0 && char.IsLowSurrogate((char)second) ? Character(char.ConvertToUtf32((char)first, (char)second), 12) : None;
    }

    private static Unit Braces(ReadOnlySpan<byte> text)
    {
        var inside = text[3..];
        var end = inside.IndexOf((byte)'}');
        if (end < 0)
            return inside.Length > LongestNumber ? None : Cut(inside, 16);
        return Character(Number(inside[..end], 16), end + 4);
    }

    private static Unit Entity(ReadOnlySpan<byte> text)
    {
        var inside = text[1..];
        var end = inside.IndexOf((byte)';');
        if (end < 0)
            return inside.Length > LongestNumber + 2 ? None : CutEntity(inside);
        var name = inside[..end];
        if (name is [(byte)'#', (byte)'x' or (byte)'X', .. var hex])
            return Character(Number(hex, 16), end + 2);
        if (name is [(byte)'#', .. var digits])
            return Character(Number(digits, 10), end + 2);
        var named = name.SequenceEqual("amp"u8) ? '&' : name.SequenceEqual("lt"u8) ? '<' : name.SequenceEqual("gt"u8) ? '>'
            : name.SequenceEqual("quot"u8) ? '"' : name.SequenceEqual("apos"u8) ? '\'' : '\0';
        return named == '\0' ? None : new(named, 1, end + 2);
    }

    private static Unit CutEntity(ReadOnlySpan<byte> inside) => inside switch
    {
        [(byte)'#', (byte)'x' or (byte)'X', .. var hex] => Cut(hex, 16),
        [(byte)'#', .. var digits] => Cut(digits, 10),
        _ => "amp"u8.StartsWith(inside) || "lt"u8.StartsWith(inside) || "gt"u8.StartsWith(inside) || "quot"u8.StartsWith(inside) || "apos"u8.StartsWith(inside) ? Unfinished : None,
    };

    /// <summary>A number that the text ends in: it is one only as long as all of it are digits, else what follows would be hidden with it.</summary>
    private static Unit Cut(ReadOnlySpan<byte> digits, int radix)
    {
        foreach (var digit in digits)
        {
            if (Letters.Hex(digit) is var value && (value < 0 || value >= radix))
                return None;
        }
        return Unfinished;
    }

    private static Unit OneOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) =>
        text.StartsWith(one) ? new(one[0], 1, one.Length)
        : text.StartsWith(other) ? new(other[0], 1, other.Length)
        : one.StartsWith(text) || other.StartsWith(text) ? Unfinished
        : None;

    private static Unit Character(long value, int length)
    {
        if (value < 0 || value > 0x10FFFF || !Rune.TryCreate((int)value, out var rune))
            return None;
        Span<byte> utf8 = stackalloc byte[4];
        var count = rune.EncodeToUtf8(utf8);
        var bytes = 0u;
        for (var i = 0; i < count; i++)
            bytes |= (uint)utf8[i] << (8 * i);
        return new(bytes, count, length);
    }

    /// <summary>-1: it is no number, or a longer one than any character has.</summary>
    private static long Number(ReadOnlySpan<byte> digits, int radix)
    {
        var value = digits.Length is 0 or > LongestNumber ? -1L : 0;
        for (var i = 0; i < digits.Length && value >= 0; i++)
            value = Letters.Hex(digits[i]) is >= 0 and var digit && digit < radix ? (value * radix) + digit : -1;
        return value;
    }
}
