using PRTS.Pipelines;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Git;

namespace PRTS.Grains.Projects;

/// <summary>The pipeline language, as far as projects need it.</summary>
internal static class PipelineFiles
{
    /// <param name="Pipeline">Null if and only if there are diagnostics.</param>
    public sealed record Parsed(string Path, PipelineDefinition? Pipeline, IReadOnlyList<Diagnostic> Diagnostics);

    public static async Task<IReadOnlyList<Parsed>> Read(IReadOnlyList<PipelineFile> files, Templates templates)
    {
        var parsed = new List<Parsed>(files.Count);
        foreach (var file in files) parsed.Add(await Read(file, templates));
        return parsed;
    }

    private static async Task<Parsed> Read(PipelineFile file, Templates templates)
    {
        var result = await PipelineParser.Parse(file.Path, file.Content, templates.Load);
        return new(file.Path, result.Pipeline, result.Errors);
    }

    public static bool FiltersPaths(Parsed file) => file.Pipeline is not null && Planner.UsesPaths(file.Pipeline);

    public static BuildPlan? Plan(Parsed file, TriggerEvent happened) => file.Pipeline is null ? null : Planner.Plan(file.Pipeline, happened);

    /// <summary>Why a build that something other than a person would start is skipped, in a sentence; null when it is not.</summary>
    public static string? WhySkipped(Parsed file, TriggerEvent happened, bool starts, string message) =>
        !starts ? Planner.WhySkipped(file.Pipeline!, happened)
        : SkipMark.Stops(happened.Kind) && SkipMark.In(message) is { } mark ? $"The commit's message says {mark}."
        : null;

    /// <param name="defaultBranch">Where schedules without a branch run.</param>
    public static IEnumerable<(string File, string Cron, string Ref)> Schedules(Parsed file, string defaultBranch) => file.Pipeline is null
        ? []
        : Planner.Schedules(file.Pipeline).Select(schedule => (file.Path, schedule.Cron, $"refs/heads/{schedule.Branch ?? defaultBranch}"));
}
