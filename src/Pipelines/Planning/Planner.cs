using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Planning;

/// <summary>A clock that starts builds: a cron expression in UTC, and a branch; null means the project's default branch.</summary>
public sealed record ScheduleTrigger(string Cron, string? Branch);

/// <summary>Says what a pipeline means for an event. Pure and deterministic.</summary>
public static class Planner
{
    /// <summary>The jobs of a build, or null when none of the pipeline's triggers asks for this event.</summary>
    public static BuildPlan? Plan(PipelineDefinition pipeline, TriggerEvent trigger) =>
        TriggerMatch.Starts(pipeline, trigger) ? PlanBuilder.Build(pipeline, trigger) : null;

    /// <summary>Whether <see cref="Plan"/> looks at <see cref="TriggerEvent.ChangedPaths"/>; otherwise nobody has to find them out.</summary>
    public static bool UsesPaths(PipelineDefinition pipeline) =>
        (pipeline.Triggers ?? []).OfType<PushTrigger>().Any(p => p.Paths is not null || p.PathsIgnore is not null)
        || pipeline.Stages.Any(s => s.When?.Paths.Count > 0 || s.Jobs.Any(j => j.When?.Paths.Count > 0));

    /// <summary>The pipeline's schedules, each once, in the order of the file.</summary>
    public static IReadOnlyList<ScheduleTrigger> Schedules(PipelineDefinition pipeline) =>
        [.. (pipeline.Triggers ?? []).OfType<ScheduleTriggerDefinition>().Select(s => new ScheduleTrigger(s.Cron, s.Branch)).Distinct()];
}
