using System.CommandLine;

namespace PRTS.Cli.Builds;

/// <summary><c>--input name=value</c>, which may be repeated.</summary>
internal static class InputOption
{
    public static Option<string[]> Create() => new("--input") { Description = "A value of one of the pipeline's inputs; may be repeated", HelpName = "name=value" };

    /// <summary>Null when none was given.</summary>
    public static IReadOnlyDictionary<string, string>? Read(string[]? given)
    {
        if (given is null or [])
        {
            return null;
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in given)
        {
            var cut = text.IndexOf('=', StringComparison.Ordinal);
            if (cut <= 0)
            {
                throw new UserError($"'--input {text}' has no name and value: write --input name=value.", ExitCodes.Invalid);
            }

            if (!values.TryAdd(text[..cut], text[(cut + 1)..]))
            {
                throw new UserError($"The input '{text[..cut]}' is given twice.", ExitCodes.Invalid);
            }
        }

        return values;
    }
}
