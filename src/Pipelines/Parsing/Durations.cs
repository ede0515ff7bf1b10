using System.Globalization;
using System.Text.RegularExpressions;

namespace PRTS.Pipelines.Parsing;

/// <summary>Time-outs: <c>30s</c>, <c>10m</c>, <c>1h30m</c>, or a number of minutes.</summary>
internal static partial class Durations
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    public static TimeSpan? Timeout(this MappingReader reader, string key = "timeout")
    {
        if (reader.Scalar(key) is not { } scalar) return null;
        var shown = Words.Short(scalar.Value);
        var seconds = Seconds(scalar.Value);
        if (seconds is null)
            reader.Errors.Add(DiagnosticCodes.BadTimeout, scalar.Start,
                $"`{shown}` is not a duration; write for example `30s`, `10m`, `1h30m`, or a number of minutes.");
        else if (seconds <= 0)
            reader.Errors.Add(DiagnosticCodes.BadTimeout, scalar.Start, $"A time-out must be longer than nothing, but this is `{shown}`; remove the key for the default.");
        else if (seconds > Longest.TotalSeconds)
            reader.Errors.Add(DiagnosticCodes.BadTimeout, scalar.Start, $"`{shown}` is longer than the longest time-out, 30 days (`720h`).");
        else
            return TimeSpan.FromMilliseconds(Math.Ceiling(seconds.Value * 1000));
        return null;
    }

    private static double? Seconds(string text)
    {
        if (text.Length > 40) return null;
        if (Minutes().IsMatch(text)) return double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture) * 60;
        var match = Parts().Match(text);
        if (!match.Success || text.Length == 0) return null;
        return Part(match, "h") * 3600 + Part(match, "m") * 60 + Part(match, "s");
    }

    private static double Part(Match match, string name) =>
        match.Groups[name] is { Success: true, Value: var digits } ? double.Parse(digits, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\A[-+]?[0-9]+(\.[0-9]+)?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Minutes();

    [GeneratedRegex(@"\A((?<h>[0-9]+)h)?((?<m>[0-9]+)m)?((?<s>[0-9]+)s)?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Parts();
}
