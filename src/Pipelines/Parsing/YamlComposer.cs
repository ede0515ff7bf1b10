using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace PRTS.Pipelines.Parsing;

/// <summary>The file cannot be read as YAML any further.</summary>
internal sealed class YamlStopException(string code, Place at, string message) : Exception(message)
{
    public string Code { get; } = code;
    public Place At { get; } = at;
}

/// <summary>
/// Makes a tree of YamlDotNet's events. Depth and the size of written-out aliases are checked while events arrive,
/// so hostile files cost no more than their limits.
/// </summary>
internal sealed class YamlComposer
{
    private readonly IParser events;
    private readonly string text;
    private readonly ErrorList errors;
    private readonly Dictionary<string, YamlNode?> anchors = [];
    private readonly MergeKeys merge;
    private string[]? lines;
    private long totalNodes;
    private long totalCharacters;

    private YamlComposer(string text, ErrorList errors)
    {
        this.text = text;
        this.errors = errors;
        events = new Parser(new StringReader(text));
        merge = new MergeKeys(errors);
    }

    /// <summary>Null when the file has no content.</summary>
    /// <exception cref="YamlStopException">It is not YAML, or beyond a limit.</exception>
    public static YamlNode? Compose(string text, ErrorList errors)
    {
        // A byte order mark is no part of the text, but YamlDotNet would make it part of the first key.
        return new YamlComposer(text.StartsWith('\uFEFF') ? text[1..] : text, errors).ComposeStream();
    }

    private YamlNode? ComposeStream()
    {
        Next();
        if (Next() is StreamEnd) return null;
        Next();
        var root = Node(1);
        Next();
        if (Next() is DocumentStart second)
            errors.Add(DiagnosticCodes.UnsupportedYaml, At(second),
                "A pipeline file holds one YAML document; remove `---` and what follows, or move it to another file in .prts/.");
        return root;
    }

    private ParsingEvent Next()
    {
        var before = events.Current?.End ?? Mark.Empty;
        try
        {
            if (events.MoveNext() && events.Current is { } current) return current;
        }
        catch (YamlException e)
        {
            throw YamlSyntax.Explain(e.Message, e.Start, text);
        }
        catch (InvalidOperationException)
        {
            // YamlDotNet throws this, without a place, for some unfinished lists and mappings.
            throw YamlSyntax.Explain("a list or mapping that begins with `[` or `{` is not closed", before, text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            // And these for some unfinished directives, tags and escapes.
            throw YamlSyntax.Explain("a directive, tag or escape is not complete", before, text);
        }

        throw YamlSyntax.Explain("the text ends unexpectedly", before, text);
    }

    /// <summary>Composes the node that the current event begins.</summary>
    private YamlNode Node(int depth)
    {
        var current = events.Current!;
        if (depth > YamlLimits.Depth && current is (SequenceStart or MappingStart)) throw TooDeep(At(current));
        if (current is AnchorAlias alias) return Alias(alias, depth);
        // YamlDotNet lets a mapping end between a key and its value in some malformed texts.
        if (current is not NodeEvent begin) throw YamlSyntax.Explain("a value is missing here", current.Start, text);
        CheckTag(begin);
        var anchor = begin.Anchor.IsEmpty ? null : begin.Anchor.Value;
        if (anchor is not null) anchors[anchor] = null;
        Count(At(current), 1, (current as Scalar)?.Value.Length ?? 0);
        YamlNode node = current switch
        {
            Scalar scalar => ScalarNode(scalar),
            SequenceStart => Sequence(depth),
            _ => Mapping(depth),
        };
        if (anchor is not null) anchors[anchor] = node;
        return node;
    }

    private YamlSequence Sequence(int depth)
    {
        var start = At(events.Current!);
        var items = new List<YamlNode>();
        while (Next() is not SequenceEnd) items.Add(Node(depth + 1));
        return new YamlSequence(items, start);
    }

    private YamlMapping Mapping(int depth)
    {
        var start = At(events.Current!);
        var entries = new List<YamlEntry>();
        while (Next() is not MappingEnd)
        {
            var key = Node(depth + 1);
            Next();
            var value = Node(depth + 1);
            if (key is YamlScalar scalar)
                entries.Add(new YamlEntry(scalar, value));
            else
                errors.Add(DiagnosticCodes.UnsupportedYaml, key.Start, $"A key must be a single word, but this is {key.Kind}.");
        }

        return new YamlMapping(merge.Resolve(entries, Count), start);
    }

    private YamlNode Alias(AnchorAlias alias, int depth)
    {
        var name = alias.Value.Value;
        if (!anchors.TryGetValue(name, out var node) || node is null)
        {
            errors.Add(DiagnosticCodes.UnknownAlias, At(alias), anchors.ContainsKey(name)
                ? $"`*{name}` is inside `&{name}` itself; a value cannot contain itself."
                : $"`*{name}` refers to an anchor that is not defined above; write `&{name}` before the value that it shall repeat.");
            return new YamlScalar($"*{name}", plain: true, At(alias), content: null);
        }

        if (depth + node.Height - 1 > YamlLimits.Depth) throw TooDeep(At(alias));
        Count(At(alias), node.Nodes, node.Characters);
        return node;
    }

    private YamlScalar ScalarNode(Scalar scalar)
    {
        if (scalar.Value.Contains('\0'))
            errors.Add(DiagnosticCodes.UnsupportedYaml, At(scalar), "A value cannot contain the character NUL.");
        var plain = scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty;
        return new YamlScalar(scalar.Value, plain, At(scalar), ContentPlace(scalar));
    }

    private Place? ContentPlace(Scalar scalar)
    {
        var start = At(scalar);
        if (scalar.Style == ScalarStyle.Literal)
        {
            lines ??= text.Split('\n');
            var written = lines.ElementAtOrDefault(start.Line)?.TrimEnd('\r');
            var first = scalar.Value.AsSpan();
            if (first.IndexOf('\n') is >= 0 and var end) first = first[..end];
            return written is not null && written.EndsWith(first, StringComparison.Ordinal)
                ? new Place(start.Line + 1, written.Length - first.Length + 1)
                : null;
        }

        var width = scalar.End.Column - scalar.Start.Column;
        if (scalar.Start.Line != scalar.End.Line) return null;
        return scalar.Style switch
        {
            ScalarStyle.Plain when width == scalar.Value.Length => start,
            ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted when width == scalar.Value.Length + 2 => start with { Column = start.Column + 1 },
            _ => null,
        };
    }

    private void Count(Place at, long nodes, long characters)
    {
        totalNodes += nodes;
        totalCharacters += characters;
        if (totalNodes > YamlLimits.Nodes)
            throw new YamlStopException(DiagnosticCodes.TooManyNodes, at,
                $"With its aliases written out the file has more than {YamlLimits.Nodes:N0} values; use fewer aliases or a smaller file.");
        if (totalCharacters > YamlLimits.Characters)
            throw new YamlStopException(DiagnosticCodes.TooManyNodes, at,
                $"With its aliases written out the file has more than {YamlLimits.Characters:N0} characters; move long scripts into files of the repository.");
    }

    private static YamlStopException TooDeep(Place at) =>
        new(DiagnosticCodes.TooDeep, at, $"This is nested more than {YamlLimits.Depth} levels deep; a pipeline needs fewer than ten.");

    private void CheckTag(NodeEvent node)
    {
        if (node.Tag.IsEmpty || node.Tag.IsNonSpecific) return;
        var tag = node.Tag.Value;
        if (tag == "tag:yaml.org,2002:str" && node is Scalar) return;
        errors.Add(DiagnosticCodes.UnsupportedYaml, At(node),
            $"`{tag}` is a YAML tag, which pipelines do not use. If the value shall begin with `!`, put it in quotes.");
    }

    private static Place At(ParsingEvent e) => YamlSyntax.PlaceOf(e.Start);
}
