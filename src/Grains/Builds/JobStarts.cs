using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;
using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Builds;

/// <summary>What a build says to start a job. The same each time: what a job needs has ended and no longer changes.</summary>
internal static class JobStarts
{
    public static JobStart Of(BuildState state, Blueprint plan, string key)
    {
        var request = state.Request!;
        var position = plan.PositionOf(key);
        return new()
        {
            Job = Written(state, plan, plan.Jobs[position]),
            Event = request.Event,
            Needs = NeededJobs.Of(plan.Jobs, plan.Jobs[position], need => JobConditions.Ended(state.Jobs, need))
                .ToDictionary(need => need.Key, need => NeedResult.Of(need.Value), StringComparer.Ordinal),
            Actor = state.RerunBy ?? request.Actor,
            Position = position,
            DefaultBranch = request.DefaultBranch,
            PipelineName = plan.Plan.Name,
            Inputs = plan.Plan.Inputs,
            Resume = state.Resumed.Contains(key, StringComparer.Ordinal),
            Round = state.Jobs.GetValueOrDefault(key)?.Round ?? 0,
            TraceParent = BuildTrace.ContextOf(plan.Id, request),
        };
    }

    private static PlannedJob Written(BuildState state, Blueprint plan, PlannedJob job)
    {
        try
        {
            var written = JobConditions.Render(state.Request!, plan, job, state.Jobs);
            var placed = plan.Placed(written);
            // Once more, because what is written may be a variable of the environment, whose name is known now.
            return ReferenceEquals(placed, written) ? written
                : JobConditions.Render(state.Request!, plan, job with { Env = placed.Env }, state.Jobs) with { Environment = written.Environment };
        }
        catch (ExpressionException)
        {
            // A job that never runs, because of this or because it was canceled before its turn: shown as its author wrote it.
            return job;
        }
    }
}
