using System.Text;
using System.Text.RegularExpressions;

namespace PRTS.Audit;

/// <summary>
/// Texts of entries come from whoever acts, which includes attackers. They are cut, and lose what could break a reader (control characters
/// but line feed and tab, halves of surrogate pairs) and, where they are values, what looks like a secret.
/// </summary>
internal static class AuditText
{
    /// <summary>Linear in the text's length, so that no text and no load can make recording fail.</summary>
    private static readonly Regex LooksSecret = new(
        @"\bprts[a-z]?_[A-Za-z0-9_.-]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(-----END [A-Z ]*PRIVATE KEY-----)?|(?<before>://[^/\s:@]*:)[^/\s@]+(?<after>@)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking);

    public const int LongestName = 200;
    public const int LongestValue = 1000;

    public static string Name(string text) => Cut(Clean(text), LongestName);

    public static string Value(string text) => Cut(HideSecrets(Clean(text)), LongestValue);

    /// <summary>A second look, not the rule: callers do not give secrets. Our own tokens, private keys, passwords in addresses.</summary>
    private static string HideSecrets(string text)
    {
        // What will be cut anyhow is not searched; the margin is for what begins before the cut.
        return LooksSecret.Replace(Cut(text, 2 * LongestValue), "${before}[secret]${after}");
    }

    private static string Clean(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\u0000', '\u001F') && !text.AsSpan().ContainsAnyInRange('\u007F', '\u009F') && !text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) return text;
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            // EnumerateRunes gives U+FFFD for half a pair.
            clean.Append(Rune.IsControl(rune) && rune.Value is not ('\n' or '\t') ? Rune.ReplacementChar : rune);
        }

        return clean.ToString();
    }

    private static string Cut(string text, int length)
    {
        if (text.Length <= length) return text;
        var at = length - 1;
        if (char.IsHighSurrogate(text[at - 1])) at--;
        return text[..at] + "…";
    }

}

/// <summary>Times as texts: UTC, microseconds, always all six digits.</summary>
internal static class AuditTime
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    public static DateTimeOffset Truncate(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Format, System.Globalization.CultureInfo.InvariantCulture);

    public static bool TryRead(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text, Format, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out time);
}

file static class RuneExtensions
{
    public static StringBuilder Append(this StringBuilder text, Rune rune)
    {
        Span<char> units = stackalloc char[2];
        return text.Append(units[..rune.EncodeToUtf16(units)]);
    }
}
