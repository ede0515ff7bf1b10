using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Planning;

/// <summary>Decides whether an event starts a pipeline, with GitHub's rules for filters.</summary>
internal static class TriggerMatch
{
    public static bool Starts(PipelineDefinition pipeline, TriggerEvent trigger)
    {
        if (trigger.Kind == "manual") return true;
        if (pipeline.Triggers is null) return trigger.Kind == "push" && trigger.Branch is not null;
        return pipeline.Triggers.Any(t => t switch
        {
            PushTrigger push => trigger.Kind is "push" or "tag" && Matches(push, trigger),
            PullRequestTrigger pull => trigger.Kind == "pull_request" && Matches(pull, trigger),
            ScheduleTriggerDefinition schedule => trigger.Kind == "schedule" && Matches(schedule, trigger),
            _ => false,
        });
    }

    private static bool Matches(PushTrigger push, TriggerEvent trigger)
    {
        var branches = push.Branches is not null || push.BranchesIgnore is not null;
        var tags = push.Tags is not null || push.TagsIgnore is not null;
        // Filters for tags alone mean no branches, and the other way round.
        if (trigger.Tag is { } tag) return (tags || !branches) && Passes(push.Tags, push.TagsIgnore, tag);
        if (trigger.Branch is not { } branch) return false;
        return (branches || !tags) && Passes(push.Branches, push.BranchesIgnore, branch) && PathsPass(push, trigger.ChangedPaths);
    }

    private static bool Matches(PullRequestTrigger pull, TriggerEvent trigger) =>
        (trigger.Activity is null || pull.Types.Contains(trigger.Activity, StringComparer.Ordinal))
        && (pull.Branches is null || trigger.Branch is not { } branch || Filters.Match(pull.Branches, branch));

    private static bool Matches(ScheduleTriggerDefinition schedule, TriggerEvent trigger) =>
        (trigger.Cron is null || trigger.Cron == schedule.Cron) && (schedule.Branch is null || schedule.Branch == trigger.Branch);

    private static bool Passes(IReadOnlyList<string>? wanted, IReadOnlyList<string>? ignored, string name) =>
        (wanted is null || Filters.Match(wanted, name)) && (ignored is null || !Filters.Match(ignored, name));

    private static bool PathsPass(PushTrigger push, IReadOnlyList<string>? changed)
    {
        if (changed is null) return true;
        return (push.Paths is null || Filters.MatchSome(push.Paths, changed)) && (push.PathsIgnore is null || !Filters.MatchAll(push.PathsIgnore, changed));
    }
}
