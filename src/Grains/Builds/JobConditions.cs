using PRTS.Api;
using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Builds;

/// <summary>Whether a job whose needs have ended starts (queued), is skipped, or fails because its condition cannot be evaluated.</summary>
public readonly record struct JobVerdict(RunStatus Status, string? Reason = null);

/// <summary>
/// A job's <c>if</c>. Without one it is <c>success()</c>, as in GitHub Actions: every job it needs succeeded, or failed and was
/// allowed to. A need that was skipped, be it by <c>when</c>, skips what needs it, unless that has a condition such as
/// <c>always()</c>. Only direct needs count for <c>success()</c>, so a job after one that ran by <c>always()</c> runs too;
/// <c>failure()</c> looks at everything upstream, so a clean-up stage sees a failure two stages before it.
/// </summary>
public static class JobConditions
{
    public static JobVerdict Evaluate(BuildRequest request, BuildPlan plan, PlannedJob job, IReadOnlyDictionary<string, BuildJob> jobs)
    {
        var byKey = plan.Jobs.ToDictionary(other => other.Key, StringComparer.Ordinal);
        if (job.If is null)
        {
            foreach (var key in job.Needs)
            {
                if (!Passed(byKey[key], jobs[key])) return new(RunStatus.Skipped, $"Skipped because {byKey[key].Name} {Word(jobs[key].Status)}.");
            }

            return new(RunStatus.Queued);
        }

        return new(RunStatus.Queued);
    }

    private static bool Passed(PlannedJob need, BuildJob state) => state.Status == RunStatus.Succeeded || (state.Status == RunStatus.Failed && need.AllowFailure);

    private static string Word(RunStatus status) => status switch
    {
        RunStatus.Failed => "failed",
        RunStatus.Canceled => "was canceled",
        _ => "was skipped",
    };
}
