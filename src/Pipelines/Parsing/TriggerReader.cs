using Cronos;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads <c>triggers</c>: a list of <c>- push</c> or <c>- push: { … }</c>.</summary>
internal static class TriggerReader
{
    private static readonly string[] Types =
    [
        "opened", "synchronize", "reopened", "closed", "edited", "labeled", "unlabeled", "assigned", "unassigned", "ready_for_review", "converted_to_draft",
        "review_requested", "review_request_removed", "locked", "unlocked", "milestoned", "demilestoned", "enqueued", "dequeued", "auto_merge_enabled", "auto_merge_disabled",
    ];

    /// <summary>Without <c>types</c>, as in GitHub Actions.</summary>
    private static readonly string[] DefaultTypes = ["opened", "synchronize", "reopened"];

    public static IReadOnlyList<TriggerDefinition>? Triggers(this MappingReader pipeline)
    {
        if (pipeline.Items("triggers", pipeline.Get("triggers"), "triggers") is not { } items) return null;
        var triggers = new List<TriggerDefinition>();
        foreach (var item in items)
        {
            if (item is YamlScalar { IsNull: false } bare)
                Add(triggers, bare, null, pipeline.Errors);
            else if (item is YamlMapping mapping && MappingReader.Of(mapping, PipelineKeys.Trigger, pipeline.Errors) is not null)
                foreach (var entry in mapping.Entries.Where(e => PipelineKeys.Trigger.Keys.Contains(e.Key.Value)))
                    Add(triggers, entry.Key, entry.Value is YamlScalar { IsNull: true } ? null : entry.Value, pipeline.Errors);
            else if (item is not YamlMapping)
                pipeline.Errors.Add(DiagnosticCodes.WrongType, item.Start, $"A trigger is a word such as `push`, or a mapping such as `push:` with filters, but this is {item.Kind}.");
        }

        return triggers;
    }

    private static void Add(List<TriggerDefinition> triggers, YamlScalar kind, YamlNode? filters, ErrorList errors)
    {
        switch (kind.Value)
        {
            case "push":
                if (filters is null) triggers.Add(new PushTrigger());
                else if (MappingReader.Of(filters, PipelineKeys.Push, errors) is { } push) triggers.Add(Push(push));
                break;
            case "pull_request":
                if (filters is null) triggers.Add(new PullRequestTrigger(DefaultTypes, null));
                else if (MappingReader.Of(filters, PipelineKeys.PullRequest, errors) is { } pull) triggers.Add(PullRequest(pull));
                break;
            case "schedule":
                if (filters is null)
                    errors.Add(DiagnosticCodes.MissingKey, kind.Start, "`schedule` needs the key `cron`, for example `cron: \"0 2 * * *\"`.");
                else if (MappingReader.Of(filters, PipelineKeys.Schedule, errors) is { } schedule && Schedule(schedule) is { } timed) triggers.Add(timed);
                break;
            case "manual":
                if (filters is not null)
                    errors.Add(DiagnosticCodes.WrongType, filters.Start, "`manual` has no filters; write `- manual`.");
                triggers.Add(new ManualTrigger());
                break;
            default:
                errors.Add(DiagnosticCodes.BadValue, kind.Start,
                    $"There is no trigger `{Words.Short(kind.Value)}`.{Suggestion.Text(kind.Value, PipelineKeys.Trigger.Keys)} The triggers are {Words.And(PipelineKeys.Trigger.Keys.Select(k => $"`{k}`"))}.");
                break;
        }
    }

    private static PushTrigger Push(MappingReader push)
    {
        foreach (var key in (string[])["branches", "tags", "paths"])
            if (push.Has(key) && push.Has(key + "_ignore"))
                push.Errors.Add(DiagnosticCodes.ConflictingKeys, push.PlaceOf(key + "_ignore"),
                    $"`{key}` and `{key}_ignore` cannot be used together; put patterns that begin with `!` into `{key}` instead.");
        return new PushTrigger
        {
            Branches = push.Globs("branches"),
            BranchesIgnore = push.Globs("branches_ignore", negations: false),
            Tags = push.Globs("tags"),
            TagsIgnore = push.Globs("tags_ignore", negations: false),
            Paths = push.Globs("paths"),
            PathsIgnore = push.Globs("paths_ignore", negations: false),
        };
    }

    private static PullRequestTrigger PullRequest(MappingReader pull)
    {
        var types = pull.List("types");
        foreach (var type in types ?? [])
            if (!Types.Contains(type.Value, StringComparer.Ordinal))
                pull.Errors.Add(DiagnosticCodes.BadValue, type.Start,
                    $"There is no pull request activity `{Words.Short(type.Value)}`.{Suggestion.Text(type.Value, Types)} Usual ones are `opened`, `synchronize`, `reopened` and `closed`.");
        return new PullRequestTrigger(types is null ? DefaultTypes : [.. types.Select(t => t.Value)], pull.Globs("branches"));
    }

    private static ScheduleTriggerDefinition? Schedule(MappingReader schedule)
    {
        var cron = Values.AsScalar(schedule.Require("cron", "when it starts, for example `\"0 2 * * *\"` for 2 o'clock UTC every day"), "cron", schedule.Errors);
        var branch = schedule.Fixed("branch");
        if (cron is null) return null;
        if (WrongWith(cron.Value) is not { } wrong) return new ScheduleTriggerDefinition(cron.Value, branch?.Value);
        schedule.Errors.Add(DiagnosticCodes.BadCron, cron.Start,
            $"`{Words.Short(cron.Value)}` is not a cron expression: {wrong.TrimEnd('.')}. It has five fields (minute hour day month weekday), for example `0 2 * * *`.");
        return null;
    }

    private static string? WrongWith(string cron)
    {
        if (cron.Trim().Equals("@every_second", StringComparison.OrdinalIgnoreCase)) return "builds start once a minute at most";
        try
        {
            // The calendar repeats within 400 years, so what does not come due from any day on never does.
            return CronExpression.Parse(cron).GetNextOccurrence(new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc), inclusive: true) is null
                ? "no day of the calendar is like that"
                : null;
        }
        catch (CronFormatException malformed)
        {
            return malformed.Message;
        }
    }
}
