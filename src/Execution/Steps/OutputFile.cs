using System.Text;
using System.Text.RegularExpressions;
using PRTS.Supervisor.Masking;

namespace PRTS.Execution.Steps;

/// <summary>
/// The file that a step names its outputs in: lines <c>name=value</c>, or <c>name&lt;&lt;WORD</c>, lines, <c>WORD</c>.
/// The last value of a name counts. None may contain a secret: later steps and other jobs would get it, or a masked value that is wrong.
/// </summary>
internal static partial class OutputFile
{
    public const int MaximumBytes = 64 << 10;

    /// <summary>The outputs, or what is wrong with the file.</summary>
    public static (IReadOnlyDictionary<string, string> Outputs, string? Error) Parse(ReadOnlySpan<byte> bytes, Masks masks)
    {
        var outputs = new Dictionary<string, string>(StringComparer.Ordinal);
        if (bytes.Length > MaximumBytes)
            return (outputs, $"its outputs take {bytes.Length} bytes; at most {MaximumBytes} are allowed");
        string text;
        try
        {
            text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return (outputs, "its outputs are not UTF-8 text");
        }
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].TrimEnd('\r');
            if (line.Length == 0)
                continue;
            if (Entry().Match(line) is not { Success: true } match)
                return (outputs, $"line {i + 1} of its outputs is neither name=value nor name<<WORD (a name has letters, digits, - and _, and begins with a letter or _): '{Shorten(masks.Apply(line))}'");
            if (match.Groups["value"] is { Success: true } value)
            {
                outputs[match.Groups["name"].Value] = value.Value;
                continue;
            }
            var word = match.Groups["word"].Value;
            var end = Array.FindIndex(lines, i + 1, candidate => candidate.TrimEnd('\r') == word);
            if (end < 0)
                return (outputs, $"line {i + 1} of its outputs begins a value that no later line '{Shorten(masks.Apply(word))}' ends");
            outputs[match.Groups["name"].Value] = string.Join('\n', lines[(i + 1)..end].Select(inner => inner.TrimEnd('\r')));
            i = end;
        }
        foreach (var (name, value) in outputs)
        {
            if (masks.Contains(name) || masks.Contains(value))
                return (new Dictionary<string, string>(), $"its output '{masks.Apply(name)}' contains a secret, and outputs are kept where everybody reads them: pass the secret itself to the step that needs it");
        }
        return (outputs, null);
    }

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "…";

    [GeneratedRegex(@"\A(?<name>[A-Za-z_][A-Za-z0-9_-]*)(?:<<(?<word>.+)|=(?<value>.*))\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Entry();
}
