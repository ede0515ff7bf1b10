namespace PRTS.Pipelines.Parsing;

/// <summary>Resolves <c>&lt;&lt;</c> and refuses keys that are given twice.</summary>
internal sealed class MergeKeys(ErrorList errors)
{
    /// <param name="entries">As written.</param>
    /// <param name="count">Called with what merging adds, so that it stays within the limits.</param>
    public IReadOnlyList<YamlEntry> Resolve(List<YamlEntry> entries, Action<Place, long, long> count)
    {
        var keys = new Dictionary<string, YamlScalar>(StringComparer.Ordinal);
        var own = new List<YamlEntry>(entries.Count);
        var merges = new List<YamlEntry>();
        foreach (var entry in entries)
        {
            if (entry.Key is { Plain: true, Value: "<<" })
                merges.Add(entry);
            else if (keys.TryAdd(entry.Key.Value, entry.Key))
                own.Add(entry);
            else
                errors.Add(DiagnosticCodes.DuplicateKey, entry.Key.Start,
                    $"`{entry.Key.Value}` is already given in line {keys[entry.Key.Value].Start.Line}; keep one of the two.");
        }

        foreach (var source in merges.SelectMany(Sources))
            foreach (var entry in source.Entries)
                if (keys.TryAdd(entry.Key.Value, entry.Key))
                {
                    count(source.Start, 1 + entry.Value.Nodes, entry.Key.Characters + entry.Value.Characters);
                    own.Add(entry);
                }
        return own;
    }

    private IEnumerable<YamlMapping> Sources(YamlEntry merge)
    {
        var values = merge.Value is YamlSequence list ? list.Items : [merge.Value];
        foreach (var value in values)
        {
            if (value is YamlMapping mapping)
                yield return mapping;
            else
                errors.Add(DiagnosticCodes.WrongType, value.Start, $"`<<` merges mappings, but this is {value.Kind}; write `<<: *anchor` of a mapping.");
        }
    }
}
