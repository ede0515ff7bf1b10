namespace PRTS.Pipelines.Parsing;

/// <summary>English for messages.</summary>
internal static class Words
{
    public static string And(IEnumerable<string> items) => Join(items.ToList(), "and");

    public static string Or(IEnumerable<string> items) => Join(items.ToList(), "or");

    /// <summary>What someone wrote, on one line and never long.</summary>
    public static string Short(string text)
    {
        var line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        if (line.Length <= 60) return line;
        var end = char.IsHighSurrogate(line[58]) ? 58 : 59;
        return line[..end] + "…";
    }

    private static string Join(List<string> items, string word) => items.Count switch
    {
        0 => "",
        1 => items[0],
        _ => $"{string.Join(", ", items.Take(items.Count - 1))} {word} {items[^1]}",
    };
}
