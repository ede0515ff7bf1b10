using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;

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
            Job = plan.Jobs[position],
            Event = request.Event,
            Needs = plan.Jobs[position].Needs.Distinct(StringComparer.Ordinal)
                .ToDictionary(need => need, need => Result(state.Jobs.GetValueOrDefault(need)), StringComparer.Ordinal),
            Actor = request.Actor,
            Position = position,
            DefaultBranch = request.DefaultBranch,
            PipelineName = plan.Plan.Name,
            TraceParent = request.TraceParent,
        };
    }

    /// <summary>A job that is canceled before its turn has needs that never ended.</summary>
    private static NeedResult Result(BuildJob? need) => need is null
        ? new() { Status = RunStatus.Canceled }
        : new() { Status = need.Status, Outputs = need.Outputs ?? new Dictionary<string, string>(StringComparer.Ordinal) };
}
