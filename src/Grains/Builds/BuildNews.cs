using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Builds;

namespace PRTS.Grains.Builds;

/// <summary>
/// Brings a build's newest state to the read model, then to the viewers. The first time, and when jobs are run again or added, it has the whole plan with it; later only
/// those jobs that the build itself ended, because the others have their own grains.
/// </summary>
internal sealed class BuildNews(BuildsReadModel builds, BuildStream stream, BuildId id)
{
    private readonly HashSet<string> unstarted = new(StringComparer.Ordinal);
    private long projected;
    private (int Round, int Generation) told;

    public async Task<TimeSpan?> Tell(BuildState state, BuildPlan? plan)
    {
        if (projected >= state.Version) return null;
        var anew = projected == 0 || told != (state.Round, state.Generation);
        if (anew) unstarted.Clear();
        var ended = state.Jobs.Where(job => job.Value.Unstarted && !unstarted.Contains(job.Key)).Select(job => job.Key).ToHashSet(StringComparer.Ordinal);
        var summary = plan is null || (!anew && ended.Count == 0) ? BuildSummaries.Of(id, state)
            : BuildSummaries.Of(id, state, plan, key => anew || ended.Contains(key));
        await builds.Upsert(id, summary);
        if (anew && state.Generation > 0) await builds.KeepJobs(id, [.. plan!.Jobs.Select(job => job.Key)]);
        (projected, told) = (state.Version, (state.Round, state.Generation));
        unstarted.UnionWith(ended);
        stream.Publish(new() { Build = id, Version = state.Version });
        return TimeSpan.Zero;
    }
}
