using System.Globalization;
using System.Text;

namespace PRTS.Web.Git;

/// <summary>The head of a CGI program's answer. Only the fields that Git needs are passed on.</summary>
/// <param name="Length">Bytes of the head, the empty line included.</param>
public sealed record CgiHeaders(int Status, IReadOnlyList<(string Name, string Value)> Fields, int Length)
{
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase) { "Content-Type", "Content-Length", "Cache-Control", "Expires", "Pragma" };

    /// <summary>Null until the empty line has come.</summary>
    public static CgiHeaders? Parse(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8) is >= 0 and var crlf ? crlf + 4 : bytes.IndexOf("\n\n"u8) is >= 0 and var lf ? lf + 2 : -1;
        if (end < 0) return null;
        var status = 200;
        var fields = new List<(string, string)>();
        foreach (var line in Encoding.Latin1.GetString(bytes[..end]).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0) continue;
            var (name, value) = (line[..colon].Trim(), line[(colon + 1)..].Trim());
            if (name.Equals("Status", StringComparison.OrdinalIgnoreCase))
                status = int.TryParse(value.AsSpan(0, Math.Min(3, value.Length)), NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : 500;
            else if (Known.Contains(name) && !value.Any(char.IsControl))
                fields.Add((name, value));
        }

        return new CgiHeaders(status, fields, end);
    }
}
