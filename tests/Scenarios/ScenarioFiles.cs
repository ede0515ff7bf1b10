using System.Text.Json;
using System.Text.Json.Serialization;
using PRTS.Api;

namespace PRTS.Scenarios;

/// <summary>The scenarios of this folder. They are read where they lie, so that a changed one needs no build.</summary>
internal static class ScenarioFiles
{
    private static readonly string Folder = Path.Combine(Installation.Checkout(), "tests", "Scenarios");

    private static readonly JsonSerializerOptions Strict = new(ApiJson.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        Converters = { new JsonStringEnumConverter<Deed>(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Such as <c>Steps/outputs</c>.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Files(".yaml").Order(StringComparer.Ordinal)];

    /// <summary>Files without their partner.</summary>
    public static IEnumerable<string> Alone => Files(".json").Except(Names, StringComparer.Ordinal).Concat(Names.Except(Files(".json"), StringComparer.Ordinal));

    public static byte[] Yaml(string name) => File.ReadAllBytes(Path.Combine(Folder, name + ".yaml"));

    public static Scenario Read(string name)
    {
        var scenario = JsonSerializer.Deserialize<Scenario>(File.ReadAllText(Path.Combine(Folder, name + ".json")), Strict)!;
        foreach (var act in scenario.Acts)
            if (new[] { act.Status is not null, act.Builds is not null, act.Problem is not null, !act.Started }.Count(said => said) != 1)
                throw new JsonException($"{name}: each act says one of `status`, `builds`, `problem` and `\"started\": false`.");
        return scenario;
    }

    private static IEnumerable<string> Files(string extension) =>
        from folder in Directory.EnumerateDirectories(Folder)
        where Path.GetFileName(folder) is not ("bin" or "obj")
        from file in Directory.EnumerateFiles(folder, "*" + extension)
        select $"{Path.GetFileName(folder)}/{Path.GetFileNameWithoutExtension(file)}";
}
