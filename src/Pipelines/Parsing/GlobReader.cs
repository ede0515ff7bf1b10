using PRTS.Pipelines.Planning;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads the filters of triggers and <c>when</c>.</summary>
internal static class GlobReader
{
    private static readonly string[] Events = ["push", "tag", "pull_request", "schedule", "manual"];

    /// <summary>Well-formed globs; null when the key is absent or wrong.</summary>
    public static IReadOnlyList<string>? Globs(this MappingReader reader, string key, bool negations = true)
    {
        if (reader.List(key) is not { } list) return null;
        if (list.Count == 0)
            reader.Errors.Add(DiagnosticCodes.EmptyValue, reader.PlaceOf(key), $"`{key}` is an empty list, which nothing matches; give a pattern or remove the key.");
        var negative = 0;
        foreach (var item in list)
        {
            if (!ExpressionCheck.Absent(item, key, reader.Errors)) continue;
            negative += Check(item, key, negations, reader.Errors) ? 1 : 0;
        }

        if (negative > 0 && negative == list.Count)
            reader.Errors.Add(DiagnosticCodes.BadGlob, list[0].Start, $"`{key}` has only patterns that begin with `!`, so nothing matches; put a positive pattern such as `\"**\"` before them.");
        return [.. list.Select(i => i.Value)];
    }

    public static WhenDefinition? When(this MappingReader reader)
    {
        if (reader.Get("when") is not { } node || MappingReader.Of(node, PipelineKeys.When, reader.Errors) is not { } when) return null;
        if (((YamlMapping)node).Entries.Count == 0)
            reader.Errors.Add(DiagnosticCodes.EmptyValue, node.Start, "`when` asks nothing; give `branch`, `tag`, `event` or `paths`, or remove it.");
        var events = when.Globs("event");
        if (events is not null)
            foreach (var item in when.List("event")!)
                CheckEvent(item, reader.Errors);
        return new WhenDefinition
        {
            Branch = when.Globs("branch") ?? [],
            Tag = when.Globs("tag") ?? [],
            Event = events ?? [],
            Paths = when.Globs("paths") ?? [],
        };
    }

    /// <summary>True when the pattern is a negation.</summary>
    private static bool Check(YamlScalar item, string key, bool negations, ErrorList errors)
    {
        try
        {
            var glob = Glob.Parse(item.Value);
            if (glob.IsNegated && !negations)
                errors.Add(DiagnosticCodes.BadGlob, item.Start, $"`{key}` already excludes, so its patterns do not begin with `!`.");
            return glob.IsNegated && negations;
        }
        catch (FormatException malformed)
        {
            errors.Add(DiagnosticCodes.BadGlob, item.Start, $"This pattern is malformed: {malformed.Message}");
            return false;
        }
    }

    private static void CheckEvent(YamlScalar item, ErrorList errors)
    {
        var name = item.Value.TrimStart('!');
        if (name.AsSpan().ContainsAny("*?+[\\") || Events.Contains(name, StringComparer.Ordinal)) return;
        errors.Add(DiagnosticCodes.BadValue, item.Start,
            $"There is no event `{Words.Short(name)}`.{Suggestion.Text(name, Events)} The events are {Words.And(Events.Select(e => $"`{e}`"))}.");
    }
}
