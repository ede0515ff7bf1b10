using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Builds;

/// <summary>The read copy of a build.</summary>
internal static class BuildSummaries
{
    /// <summary>Without stages, as lists have it.</summary>
    public static BuildSummary Of(BuildId id, BuildState state)
    {
        var request = state.Request!;
        return new()
        {
            Org = id.Project.Org,
            Project = id.Project.Name,
            Number = id.Number,
            Status = state.Status,
            Name = request.Name,
            File = request.File,
            Event = request.Event.Kind,
            Ref = request.Event.Ref,
            Commit = request.Event.Commit,
            Message = request.Message,
            Author = request.Author,
            Actor = request.Actor,
            CreatedAt = request.CreatedAt,
            StartedAt = state.StartedAt,
            FinishedAt = state.FinishedAt,
            Reason = state.Reason,
            Diagnostics = request.Diagnostics,
            RetryOf = request.RetryOf,
            Inputs = request.Event.Inputs,
            Version = state.Version,
            ExpectedStartAt = state.Status == RunStatus.Waiting ? state.ExpectedStartAt : null,
        };
    }

    /// <summary>With its stages and those of their jobs that <paramref name="include"/> names.</summary>
    public static BuildSummary Of(BuildId id, BuildState state, BuildPlan plan, Func<string, bool> include)
    {
        var jobs = plan.Jobs.Select((job, position) => Of(job, position, state.Jobs.GetValueOrDefault(job.Key), state)).ToLookup(job => job.Stage, StringComparer.Ordinal);
        return Of(id, state) with
        {
            Stages = [.. plan.Stages.Select(stage => new StageSummary
            {
                Name = stage.Name, Status = StageStatus.Of([.. jobs[stage.Name]]), Needs = stage.Needs, Jobs = [.. jobs[stage.Name].Where(job => include(job.Key))],
            })],
        };
    }

    /// <summary>The version is less than any of the job's own; the first one of the round is for a job that the build ended without a start.</summary>
    private static JobSummary Of(PlannedJob job, int position, BuildJob? known, BuildState state)
    {
        var round = known?.Round ?? state.Round;
        var planned = Summaries.Planned(job, position) with { Round = round, Version = JobLifecycle.PlannedVersion(round, state.Generation) };
        if (known is null) return planned;
        return known.Unstarted
            ? planned with { Status = known.Status, Reason = known.Reason, Version = JobLifecycle.FirstVersion(round) + 1, Steps = [.. planned.Steps.Select(step => step with { Status = RunStatus.Skipped })] }
            : planned with { Status = known.Status, Reason = known.Reason, Outputs = known.Outputs };
    }
}
