using System.Reflection;
using System.Text;
using System.Text.Json;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Parsing.Includes;

namespace PRTS.Pipelines.Tests;

/// <summary>The parser, the JSON Schema and docs/pipeline.md know the same keys and codes, and nothing more.</summary>
public class ReferenceTests
{
    public static TheoryData<string> Scopes => [.. PipelineKeys.All.Select(s => s.SchemaName)];

    [Theory]
    [MemberData(nameof(Scopes))]
    public void Keys_AreInSchemaAndReference(string scopeName)
    {
        var scope = PipelineKeys.All.Single(s => s.SchemaName == scopeName);
        using var schema = JsonDocument.Parse(PipelineSchema.Json);
        var part = scopeName.Length == 0 ? schema.RootElement : schema.RootElement.GetProperty("$defs").GetProperty(scopeName);
        Assert.Equal(scope.IsOpen, part.GetProperty("additionalProperties").ValueKind != JsonValueKind.False);
        Assert.Equal(scope.Keys.Order(), part.GetProperty("properties").EnumerateObject().Select(p => p.Name).Order());
        Assert.All(part.GetProperty("properties").EnumerateObject(), p => Assert.True(IsDescribed(p.Value, schema.RootElement), p.Name));
        Assert.Equal(scope.Keys.Order(), Rows(scopeName.Length == 0 ? "pipeline" : scopeName).Order());
    }

    [Theory]
    [MemberData(nameof(Scopes))]
    public void RequiredKeys_AreInSchemaAndReference(string scopeName)
    {
        using var schema = JsonDocument.Parse(PipelineSchema.Json);
        var part = scopeName.Length == 0 ? schema.RootElement : schema.RootElement.GetProperty("$defs").GetProperty(scopeName);
        var required = part.TryGetProperty("required", out var keys) ? keys.EnumerateArray().Select(key => key.GetString()!) : [];
        var documented = Lines(scopeName.Length == 0 ? "pipeline" : scopeName).Where(line => line.Split('|')[3].Trim() == "required").Select(line => line.Split('`')[1]);
        Assert.Equal(required.Order(), documented.Order());
    }

    [Theory]
    [InlineData("\"1.0\"", true)]
    [InlineData("1.0", true)]
    [InlineData("'1'", true)]
    [InlineData("1", true)]
    [InlineData("\"1.1\"", false)]
    [InlineData("1.1", false)]
    [InlineData("2", false)]
    [InlineData("'v1'", false)]
    [InlineData("true", false)]
    public void Version_ParserAndSchema_Agree(string yaml, bool valid)
    {
        using var schema = JsonDocument.Parse(PipelineSchema.Json);
        using var value = JsonDocument.Parse(yaml.Replace('\'', '"'));
        var inSchema = schema.RootElement.GetProperty("properties").GetProperty("version").GetProperty("enum").EnumerateArray().Any(allowed => IsSame(allowed, value.RootElement));
        var errors = PipelineParser.Parse("p.yaml", $"version: {yaml}\nstages: [{{name: A, jobs: [{{name: B, steps: [{{run: make}}]}}]}}]").Errors;
        Assert.Equal((valid, valid), (inSchema, errors.Count == 0));
    }

    [Fact]
    public void Codes_AreInReference()
    {
        var codes = typeof(DiagnosticCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!);
        Assert.Equal(codes.Order(), Rows("errors").Order());
    }

    [Fact]
    public void Schema_IsTheOneInDocs() => Assert.Equal(Text("pipeline.schema.json"), PipelineSchema.Json);

    [Fact]
    public async Task Reference_CompletePipelines_Parse()
    {
        var examples = Text("pipeline.md").Split("```yaml\n").Skip(1).Select(b => b[..b.IndexOf("```", StringComparison.Ordinal)]).ToList();
        var pipelines = examples.Where(b => b.Contains("stages:", StringComparison.Ordinal)).ToList();
        var template = Encoding.UTF8.GetBytes(examples.Single(b => b.StartsWith("# .prts/templates/test.yaml", StringComparison.Ordinal)));
        Assert.Equal(5, pipelines.Count);
        foreach (var pipeline in pipelines)
        {
            // The same template twice would make two jobs of one name; the second has another SDK.
            var result = await PipelineParser.Parse("p.yaml", Encoding.UTF8.GetBytes(pipeline), _ => Task.FromResult(new IncludedFile(template)));
            Assert.Empty(result.Errors);
            Assert.Empty(result.FindWarnings());
        }
    }

    /// <summary>The parser takes any single value for a text, such as <c>ref: 2.0</c> or <c>name: true</c>. What has a pattern is no such text.</summary>
    [Fact]
    public void Texts_InSchema_TakeNumbersAndBooleans()
    {
        using var schema = JsonDocument.Parse(PipelineSchema.Json);
        Assert.DoesNotContain(Objects(schema.RootElement), one => IsOnlyText(one) && !one.TryGetProperty("pattern", out _) && !one.GetRawText().Contains("Minute, hour", StringComparison.Ordinal));

        // A key of the language may be called `type`, too; then it stands for an object.
        static bool IsOnlyText(JsonElement one) => one.TryGetProperty("type", out var type) && type.ValueKind switch
        {
            JsonValueKind.String => type.GetString() == "string",
            JsonValueKind.Array => type.EnumerateArray().Count(name => name.GetString() is "number" or "boolean") == 1,
            _ => false,
        };
    }

    private static IEnumerable<JsonElement> Objects(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Objects(property.Value)).Prepend(element),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Objects),
        _ => [],
    };

    private static bool IsDescribed(JsonElement property, JsonElement root)
    {
        if (property.TryGetProperty("description", out _)) return true;
        var target = property.GetProperty("$ref").GetString()!["#/$defs/".Length..];
        return root.GetProperty("$defs").GetProperty(target).TryGetProperty("description", out _);
    }

    /// <summary>The words in the first column of the tables below a heading, up to the next heading.</summary>
    private static IEnumerable<string> Rows(string heading) => Lines(heading).Select(l => l.Split('`')[1]);

    private static IEnumerable<string> Lines(string heading) => Text("pipeline.md").Split('\n')
        .SkipWhile(l => !(l.StartsWith("##", StringComparison.Ordinal) && l.TrimStart('#').Trim().Equals(heading, StringComparison.OrdinalIgnoreCase)))
        .Skip(1).TakeWhile(l => !l.StartsWith('#'))
        .Where(l => l.StartsWith("| `", StringComparison.Ordinal));

    /// <summary>As JSON Schema compares: numbers by value, however they are written.</summary>
    private static bool IsSame(JsonElement one, JsonElement other) =>
        one.ValueKind == other.ValueKind && (one.ValueKind == JsonValueKind.Number ? one.GetDouble() == other.GetDouble() : one.GetRawText() == other.GetRawText());

    private static string Text(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", name));
}
