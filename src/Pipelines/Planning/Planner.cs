using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Planning;

/// <summary>A clock that starts builds: a cron expression in UTC, and a branch; null means the project's default branch.</summary>
public sealed record ScheduleTrigger(string Cron, string? Branch);

/// <summary>Says what a pipeline means for an event. Pure and deterministic.</summary>
public static class Planner
{
    /// <summary>Characters of patterns times characters of changed paths.</summary>
    private const long MostPathWork = 1_000_000_000;

    /// <summary>
    /// The jobs of a build, or null when none of the pipeline's triggers asks for this event.
    /// Where a push changed more than can be compared in seconds, its paths count as unknown, so that path filters match.
    /// </summary>
    public static BuildPlan? Plan(PipelineDefinition pipeline, TriggerEvent trigger)
    {
        if (PathWork(pipeline, trigger) > MostPathWork) trigger = trigger with { ChangedPaths = null };
        return TriggerMatch.Starts(pipeline, trigger) ? PlanBuilder.Build(pipeline, trigger) : null;
    }

    /// <summary>
    /// Why a push that the pipeline would react to starts nothing: its path filters do not match. Null when it starts, or does not
    /// react to such an event at all. Such a build counts as skipped, so that nobody waits for a check that never comes.
    /// </summary>
    public static string? WhySkipped(PipelineDefinition pipeline, TriggerEvent trigger)
    {
        if (trigger.ChangedPaths is not { } changed || PathWork(pipeline, trigger) > MostPathWork || TriggerMatch.Starts(pipeline, trigger)) return null;
        return !TriggerMatch.Starts(pipeline, trigger with { ChangedPaths = null }) ? null
            : changed.Count == 0 ? "The push changed no files, and the pipeline's path filters ask for some."
            : $"The push changed {(changed.Count <= 3 ? $"only {Words.And(changed.Select(Words.Short))}" : $"{changed.Count} files")}, which the pipeline's path filters leave out.";
    }

    /// <summary>Whether <see cref="Plan"/> looks at <see cref="TriggerEvent.ChangedPaths"/>; otherwise nobody has to find them out.</summary>
    public static bool UsesPaths(PipelineDefinition pipeline) => PathPatterns(pipeline).Any();

    /// <summary>The pipeline's schedules, each once, in the order of the file.</summary>
    public static IReadOnlyList<ScheduleTrigger> Schedules(PipelineDefinition pipeline) =>
        [.. (pipeline.Triggers ?? []).OfType<ScheduleTriggerDefinition>().Select(s => new ScheduleTrigger(s.Cron, s.Branch)).Distinct()];

    private static IEnumerable<string> PathPatterns(PipelineDefinition pipeline)
    {
        var ofTriggers = (pipeline.Triggers ?? []).OfType<PushTrigger>().SelectMany(p => (p.Paths ?? []).Concat(p.PathsIgnore ?? []));
        var ofJobs = pipeline.Stages.SelectMany(s => s.Jobs.Select(j => j.When).Prepend(s.When)).SelectMany(w => w?.Paths ?? []);
        return ofTriggers.Concat(ofJobs);
    }

    private static long PathWork(PipelineDefinition pipeline, TriggerEvent trigger) => trigger.ChangedPaths is not { } changed ? 0
        : PathPatterns(pipeline).Sum(p => (long)p.Length) * changed.Sum(p => p.Length + 1L);
}
