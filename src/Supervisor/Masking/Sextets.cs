namespace PRTS.Supervisor.Masking;

/// <summary>
/// A text in base64 as 6-bit values. The first and the last may share their bits with what stands beside the text: those bits are free,
/// the text's own are not, so all characters that tell of it are recognised.
/// </summary>
internal readonly ref struct Sextets(ReadOnlySpan<byte> bytes, Form form)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;

    /// <summary>Bits of the first value that belong to what is before.</summary>
    private readonly int lead = form switch { Form.Base64AfterOne => 2, Form.Base64AfterTwo => 4, _ => 0 };

    public int Count => ((bytes.Length * 8) + lead + 5) / 6;

    /// <summary>Whether a value may stand at a position.</summary>
    public bool Allows(int position, int value)
    {
        for (var bit = 0; bit < 6; bit++)
        {
            var at = (position * 6) - lead + bit;
            if (at >= 0 && at < bytes.Length * 8 && ((bytes[at >> 3] >> (7 - (at & 7))) & 1) != ((value >> (5 - bit)) & 1))
                return false;
        }
        return true;
    }

    /// <summary>A character of either alphabet, also where a URL, a JSON or an XML encoder has been over it. The length is as in <see cref="Unit"/>.</summary>
    public static (int Value, int Length) Read(ReadOnlySpan<byte> text)
    {
        var form = (char)text[0] switch { '\\' => Form.Backslash, '%' => Form.Percent, '&' => Form.Entity, _ => Form.Raw };
        var unit = Unit.Read(form, text, 0);
        return unit.Length <= 0 ? (-1, unit.Length) : ValueOf(unit.Bytes) is >= 0 and var value ? (value, unit.Length) : (-1, -1);
    }

    private static int ValueOf(uint character) => character switch
    {
        >= 'A' and <= 'Z' => (int)character - 'A',
        >= 'a' and <= 'z' => (int)character - 'a' + 26,
        >= '0' and <= '9' => (int)character - '0' + 52,
        '+' or '-' => 62,
        '/' or '_' => 63,
        _ => -1,
    };

    public const string Standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}
