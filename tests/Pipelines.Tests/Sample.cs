using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

/// <summary>Short ways to a pipeline, an event and a plan.</summary>
internal static class Sample
{
    public const string File = ".prts/pipeline.yaml";

    public static string Example => System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Examples", "example.yaml"));

    public static PipelineDefinition Parse(string text)
    {
        var result = PipelineParser.Parse(File, text);
        Assert.Empty(result.Errors);
        return result.Pipeline!;
    }

    public static IReadOnlyList<Diagnostic> Errors(string text)
    {
        var result = PipelineParser.Parse(File, text);
        Assert.Equal(result.Errors.Count > 0, result.Pipeline is null);
        return result.Errors;
    }

    public static BuildPlan Plan(string text, TriggerEvent? trigger = null)
    {
        var plan = Planner.Plan(Parse(text), trigger ?? Push());
        Assert.NotNull(plan);
        return plan;
    }

    public static bool Starts(string triggers, TriggerEvent trigger) =>
        Planner.Plan(Parse($"{triggers}\nstages: [{{name: S, jobs: [{{name: J, steps: [{{run: 'true'}}]}}]}}]"), trigger) is not null;

    public static TriggerEvent Push(string branch = "main", params string[]? paths) => Event("push", $"refs/heads/{branch}") with { ChangedPaths = paths };

    public static TriggerEvent Tag(string tag) => Event("tag", $"refs/tags/{tag}");

    public static TriggerEvent Event(string kind, string name = "refs/heads/main") =>
        new() { Kind = kind, Ref = name, Commit = new string('a', 40) };
}
