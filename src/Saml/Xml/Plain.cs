using System.Text;

namespace PRTS.Saml.Xml;

/// <summary>What strangers wrote, made fit for a sentence in a log.</summary>
internal static class Plain
{
    private const int Longest = 200;

    /// <summary>One line without control characters, at most 200 characters.</summary>
    public static string Line(string text)
    {
        var line = new StringBuilder(Math.Min(text.Length, Longest + 1));
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, Longest)))
        {
            line.Append(char.IsControl(character) || char.IsSurrogate(character) || character is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') ? ' ' : character);
        }

        return text.Length > Longest ? line.Append('…').ToString() : line.ToString();
    }

    /// <summary>As <see cref="Line"/>, in quotes; "nothing" when there is none.</summary>
    public static string Quote(string? text) => string.IsNullOrEmpty(text) ? "nothing" : $"'{Line(text)}'";
}
