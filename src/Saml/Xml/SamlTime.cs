using System.Globalization;
using System.Text.RegularExpressions;

namespace PRTS.Saml.Xml;

/// <summary>Moments as SAML writes them: xs:dateTime in UTC with a Z.</summary>
internal static partial class SamlTime
{
    public static string Write(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Null when the text is no such moment. More than seven digits of a second are cut off.</summary>
    public static DateTimeOffset? Read(string? text)
    {
        if (text is null || !Form().IsMatch(text)) return null;
        var digits = text.Length > 28 ? string.Concat(text.AsSpan(0, 27), "Z") : text;
        return DateTimeOffset.TryParseExact(digits, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : null;
    }

    /// <summary>The sum, or the last moment there is.</summary>
    public static DateTimeOffset Later(this DateTimeOffset time, TimeSpan span) => DateTimeOffset.MaxValue - time < span ? DateTimeOffset.MaxValue : time + span;

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,12})?Z\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
