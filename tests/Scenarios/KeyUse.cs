using System.Text.Json;
using PRTS.Pipelines;
using PRTS.Pipelines.Parsing;

namespace PRTS.Scenarios;

/// <summary>Finds which keys a pipeline uses at which level, by walking its YAML along the JSON Schema.</summary>
internal sealed class KeyUse(JsonElement schema)
{
    private const string Definition = "#/$defs/";

    /// <summary>Such as <c>step.run</c>; keys of the file itself begin with a dot.</summary>
    public HashSet<string> Used { get; } = new(StringComparer.Ordinal);

    public void Add(string text, bool template)
    {
        if (YamlComposer.Compose(text, new ErrorList("pipeline.yaml")) is { } root)
            Walk(root, template ? schema.GetProperty("$defs").GetProperty("template") : schema, template ? "template" : "");
    }

    private void Walk(YamlNode node, JsonElement part, string scope)
    {
        if (part.TryGetProperty("$ref", out var reference))
        {
            var name = reference.GetString()![Definition.Length..];
            Walk(node, schema.GetProperty("$defs").GetProperty(name), name);
        }
        foreach (var choice in (string[])["anyOf", "oneOf", "allOf"])
            if (part.TryGetProperty(choice, out var parts))
                foreach (var one in parts.EnumerateArray())
                    Walk(node, one, scope);
        if (node is YamlSequence list && part.TryGetProperty("items", out var items))
            foreach (var item in list.Items)
                Walk(item, items, scope);
        if (node is YamlMapping mapping)
            Walk(mapping, part, scope);
    }

    private void Walk(YamlMapping mapping, JsonElement part, string scope)
    {
        var known = part.TryGetProperty("properties", out var properties);
        var others = part.TryGetProperty("additionalProperties", out var additional) && additional.ValueKind == JsonValueKind.Object;
        foreach (var (key, value) in mapping.Entries)
        {
            if (known && properties.TryGetProperty(key.Value, out var property))
            {
                Used.Add($"{scope}.{key.Value}");
                Walk(value, property, scope);
            }
            else if (others)
            {
                Walk(value, additional, scope);
            }
        }
    }
}
