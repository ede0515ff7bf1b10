namespace PRTS.Pipelines.Parsing;

/// <summary>One mapping of the file, read against the keys that it may have.</summary>
internal sealed class MappingReader
{
    private readonly YamlMapping node;
    private readonly KeyScope scope;
    private readonly Dictionary<string, YamlEntry> entries = new(StringComparer.Ordinal);

    private MappingReader(YamlMapping node, KeyScope scope, ErrorList errors)
    {
        this.node = node;
        this.scope = scope;
        Errors = errors;
        foreach (var entry in node.Entries.Where(e => scope.Keys.Contains(e.Key.Value)))
            entries.Add(entry.Key.Value, entry);
        // Afterwards, because a key that is there already was not meant.
        foreach (var entry in Others.Where(_ => !scope.IsOpen))
            errors.Add(CodeOf(entry.Key.Value), entry.Key.Start, () => UnknownKey(entry.Key.Value));
    }

    public ErrorList Errors { get; }
    public Place Start => node.Start;

    /// <summary>What stands beside the scope's keys.</summary>
    public IEnumerable<YamlEntry> Others => node.Entries.Where(e => !scope.Keys.Contains(e.Key.Value));

    /// <summary>Null, with an error, when the node is no mapping.</summary>
    public static MappingReader? Of(YamlNode node, KeyScope scope, ErrorList errors)
    {
        if (node is YamlMapping mapping) return new MappingReader(mapping, scope, errors);
        errors.Add(DiagnosticCodes.WrongType, node.Start,
            $"{Upper(scope.Name)} is a mapping with keys such as {Words.Or(scope.Keys.Take(3).Select(k => $"`{k}`"))}, but this is {node.Kind}.");
        return null;
    }

    public bool Has(string key) => entries.ContainsKey(key);

    public Place PlaceOf(string key) => entries[key].Key.Start;

    /// <summary>The key's value; null when it is absent, and, with an error, when it has no value.</summary>
    public YamlNode? Get(string key)
    {
        if (!entries.TryGetValue(key, out var entry)) return null;
        if (entry.Value is not YamlScalar { IsNull: true }) return entry.Value;
        Errors.Add(DiagnosticCodes.EmptyValue, entry.Key.Start, $"`{key}` has no value; give it one or remove the key.");
        return null;
    }

    /// <summary>As <see cref="Get"/>; absence is an error, too.</summary>
    public YamlNode? Require(string key, string what)
    {
        if (!Has(key)) Errors.Add(DiagnosticCodes.MissingKey, Start, $"{Upper(scope.Name)} needs the key `{key}`: {what}.");
        return Get(key);
    }

    private static string CodeOf(string key) =>
        PipelineKeys.NotYet.Contains(Normal(key)) ? DiagnosticCodes.NotSupportedYet : DiagnosticCodes.UnknownKey;

    private string UnknownKey(string key)
    {
        var normal = Normal(key);
        var shown = Words.Short(key);
        if (PipelineKeys.NotYet.Contains(normal)) return $"`{shown}` is not supported yet.";
        if (PipelineKeys.Synonyms.TryGetValue(normal, out var ours) && scope.Keys.Contains(ours))
            return $"`{shown}` is not a key of {scope.Name}. Did you mean `{ours}`?";
        if (Suggestion.For(key, scope.Keys.Where(k => !Has(k))) is { } near)
            return $"`{shown}` is not a key of {scope.Name}. Did you mean `{near}`?";
        var elsewhere = PipelineKeys.All.Where(s => s.Keys.Contains(normal)).Select(s => s.Name).ToList();
        return elsewhere.Count > 0
            ? $"`{shown}` is not a key of {scope.Name}; it belongs to {Words.Or(elsewhere)}."
            : $"`{shown}` is not a key of {scope.Name}. Its keys are {Words.And(scope.Keys.Select(k => $"`{k}`"))}.";
    }

    private static string Normal(string key) => key.Replace('-', '_').ToLowerInvariant();

    private static string Upper(string name) => char.ToUpperInvariant(name[0]) + name[1..];
}
