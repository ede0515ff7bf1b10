using System.Buffers;
using System.Globalization;

namespace PRTS.Pipelines.Parsing;

/// <summary>Time-outs: <c>30s</c>, <c>10m</c>, <c>1h30m</c>, or a number of minutes.</summary>
internal static class Durations
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);
    private static readonly SearchValues<char> Letters = SearchValues.Create("0123456789.-hms");
    private static readonly (char Unit, int Seconds)[] Units = [('h', 3600), ('m', 60), ('s', 1)];

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
        if (text.Length is 0 or > 40 || text.AsSpan().ContainsAnyExcept(Letters)) return null;
        if (double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var minutes)) return minutes * 60;
        double seconds = 0;
        var rest = text.AsSpan();
        foreach (var (unit, length) in Units)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0 || rest[digits] != unit) continue;
            seconds += double.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture) * length;
            rest = rest[(digits + 1)..];
        }

        return rest.IsEmpty ? seconds : null;
    }
}
