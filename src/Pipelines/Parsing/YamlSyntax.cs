using YamlDotNet.Core;

namespace PRTS.Pipelines.Parsing;

/// <summary>Says in plain words why text is not YAML.</summary>
internal static class YamlSyntax
{
    public static Place PlaceOf(in Mark mark) => new((int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));

    public static YamlStopException Explain(string problem, in Mark mark, string text)
    {
        var lines = text.Split('\n');
        // What is missing at the end is reported after the last line, where nobody can look.
        var at = mark.Line > lines.Length ? new Place(lines.Length, lines[^1].Length + 1) : PlaceOf(mark);
        // The scanner complains about a tab where it stumbles, which may be the line of the tab or the one before.
        for (var line = at.Line; line <= Math.Min(at.Line + 1, lines.Length); line++)
        {
            var indent = lines[line - 1].AsSpan();
            indent = indent[..(indent.Length - indent.TrimStart(" \t").Length)];
            if (indent.IndexOf('\t') is >= 0 and var tab)
                return new YamlStopException(DiagnosticCodes.TabIndent, new Place(line, tab + 1),
                    "A tab cannot indent YAML; use two spaces for each level.");
        }

        return new YamlStopException(DiagnosticCodes.YamlSyntax, at, Sentence(problem));
    }

    private static string Sentence(string message)
    {
        var text = message.Trim().TrimEnd('.');
        if (text.Length == 0) text = "the text cannot be read";
        return $"This is not valid YAML: {char.ToLowerInvariant(text[0])}{text[1..]}.";
    }
}
