using System.Reflection;
using System.Text;
using System.Text.Json;
using PRTS.Pipelines;
using PRTS.Pipelines.Parsing;

namespace PRTS.Scenarios;

/// <summary>Each key of the parser has a scenario, an entry in the JSON Schema and a row in the reference; each error has a scenario.</summary>
public sealed class KeyCoverageTests
{
    private const string Mistakes = "Mistakes/";
    private static readonly Lazy<IReadOnlySet<string>> Used = new(FindUsed);

    public static TheoryData<string> Keys => [.. PipelineKeys.All.SelectMany(scope => scope.Keys.Select(key => $"{scope.SchemaName}.{key}"))];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Key_OfTheParser_HasScenarioSchemaAndReference(string key)
    {
        var (scope, name) = (key[..key.IndexOf('.', StringComparison.Ordinal)], key[(key.IndexOf('.', StringComparison.Ordinal) + 1)..]);
        using var schema = JsonDocument.Parse(PipelineSchema.Json);
        var part = scope.Length == 0 ? schema.RootElement : schema.RootElement.GetProperty("$defs").GetProperty(scope);
        Assert.True(part.GetProperty("properties").TryGetProperty(name, out _), $"docs/pipeline.schema.json lacks {key}.");
        Assert.Contains(Rows(scope.Length == 0 ? "pipeline" : scope), row => row.StartsWith($"| `{name}` |", StringComparison.Ordinal));
        Assert.True(Used.Value.Contains(key), $"No scenario uses {key}.");
    }

    [Fact]
    public void Codes_All_HaveAScenario()
    {
        var codes = typeof(DiagnosticCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
        var mistakes = ScenarioFiles.Names.Where(scenario => scenario.StartsWith(Mistakes, StringComparison.Ordinal)).Select(ScenarioFiles.Read).ToList();
        var seen = mistakes.SelectMany(scenario => scenario.Acts).SelectMany(act => act.Builds ?? [act])
            .SelectMany(build => (build.Diagnostics ?? []).Concat(build.DiagnosticsHave ?? [])).Concat(mistakes.SelectMany(scenario => scenario.Warnings)).Select(diagnostic => diagnostic.Code);
        Assert.Empty(codes.Except(seen, StringComparer.Ordinal));
    }

    [Fact]
    public void Scenarios_AreManyAndComplete()
    {
        Assert.True(ScenarioFiles.Names.Count >= 120, $"{ScenarioFiles.Names.Count} scenarios");
        Assert.Empty(ScenarioFiles.Alone);
    }

    private static HashSet<string> FindUsed()
    {
        using var schema = JsonDocument.Parse(PipelineSchema.Json);
        var use = new KeyUse(schema.RootElement);
        foreach (var (pipeline, template) in ScenarioFiles.Names.Where(scenario => !scenario.StartsWith(Mistakes, StringComparison.Ordinal)).SelectMany(Pipelines))
            use.Add(pipeline, template);
        return use.Used;
    }

    private static IEnumerable<(string Text, bool Template)> Pipelines(string scenario) => ScenarioFiles.Read(scenario).Acts.SelectMany(act => act.Files)
        .Where(file => file.Value is not null && file.Key.StartsWith(".prts/", StringComparison.Ordinal)).Select(file => (file.Value!, Template: file.Key.StartsWith(".prts/templates/", StringComparison.Ordinal)))
        .Append((Encoding.UTF8.GetString(ScenarioFiles.Yaml(scenario)), Template: false));

    private static IEnumerable<string> Rows(string heading) => File.ReadLines(Path.Combine(Installation.Checkout(), "docs", "pipeline.md"))
        .SkipWhile(line => !(line.StartsWith("##", StringComparison.Ordinal) && line.TrimStart('#').Trim().Equals(heading, StringComparison.OrdinalIgnoreCase)))
        .Skip(1).TakeWhile(line => !line.StartsWith('#')).Where(line => line.StartsWith("| `", StringComparison.Ordinal));
}
