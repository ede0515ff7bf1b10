namespace PRTS.Pipelines.Parsing;

/// <summary>A place in a file; line and column count from 1.</summary>
/// <param name="File">A template; null: the pipeline file.</param>
internal readonly record struct Place(int Line, int Column, string? File = null);

internal abstract class YamlNode(Place start)
{
    public Place Start { get; } = start;

    /// <summary>Nodes below and including this one when every alias is written out.</summary>
    public long Nodes { get; protected init; } = 1;

    /// <summary>Characters of all scalars below when every alias is written out.</summary>
    public long Characters { get; protected init; }

    /// <summary>Levels of lists and mappings below and including this one.</summary>
    public int Height { get; protected init; }

    public abstract string Kind { get; }
}

internal sealed class YamlScalar : YamlNode
{
    public YamlScalar(string value, bool plain, Place start, Place? content) : base(start)
    {
        Value = value;
        Plain = plain;
        Content = content;
        Characters = value.Length;
    }

    public string Value { get; }

    /// <summary>Neither quoted nor a block: may mean null, a number or a boolean.</summary>
    public bool Plain { get; }

    /// <summary>Where the first character of <see cref="Value"/> is; null when offsets cannot be mapped to the file (escapes, folding).</summary>
    public Place? Content { get; }

    public bool IsNull => Plain && Value is "" or "~" or "null" or "Null" or "NULL";

    public override string Kind => IsNull ? "nothing" : "a single value";

    /// <summary>The place of a character of the value, as exact as the style allows.</summary>
    public Place PlaceOf(int offset)
    {
        if (Content is not { } content) return Start;
        var before = Value.AsSpan(0, Math.Clamp(offset, 0, Value.Length));
        var lines = before.Count('\n');
        return content with { Line = content.Line + lines, Column = content.Column + before.Length - (before.LastIndexOf('\n') + 1) };
    }
}

internal sealed class YamlSequence : YamlNode
{
    public YamlSequence(IReadOnlyList<YamlNode> items, Place start) : base(start)
    {
        Items = items;
        Nodes = 1 + items.Sum(i => i.Nodes);
        Characters = items.Sum(i => i.Characters);
        Height = 1 + items.Select(i => i.Height).DefaultIfEmpty().Max();
    }

    public IReadOnlyList<YamlNode> Items { get; }

    public override string Kind => "a list";
}

internal sealed record YamlEntry(YamlScalar Key, YamlNode Value);

internal sealed class YamlMapping : YamlNode
{
    public YamlMapping(IReadOnlyList<YamlEntry> entries, Place start) : base(start)
    {
        Entries = entries;
        Nodes = 1 + entries.Sum(e => 1 + e.Value.Nodes);
        Characters = entries.Sum(e => e.Key.Characters + e.Value.Characters);
        Height = 1 + entries.Select(e => e.Value.Height).DefaultIfEmpty().Max();
    }

    /// <summary>Merge keys are resolved and keys are unique.</summary>
    public IReadOnlyList<YamlEntry> Entries { get; }

    public override string Kind => "a mapping";
}
