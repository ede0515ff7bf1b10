using PRTS.Api;
using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Builds;

/// <summary>Whether a job whose needs have ended starts (queued), is skipped, or fails because its condition cannot be evaluated.</summary>
public readonly record struct JobVerdict(RunStatus Status, string? Reason = null);

/// <summary>The rules of <see cref="JobAdmission"/> and the expressions of <see cref="JobScope"/>, on a build's state.</summary>
public static class JobConditions
{
    public static JobVerdict Evaluate(BuildRequest request, Blueprint plan, PlannedJob job, IReadOnlyDictionary<string, BuildJob> jobs)
    {
        var (instead, reason) = JobAdmission.Decide(Facts(request, plan), key => plan[key], job, key => Ended(jobs, key));
        return new(instead switch { null => RunStatus.Queued, JobResult.Skipped => RunStatus.Skipped, _ => RunStatus.Failed }, reason);
    }

    /// <summary>Labels, concurrency group, image, services and environment written out.</summary>
    /// <exception cref="PRTS.Pipelines.Expressions.ExpressionException">The message says which cannot be.</exception>
    public static PlannedJob Render(BuildRequest request, Blueprint plan, PlannedJob job, IReadOnlyDictionary<string, BuildJob> jobs) =>
        JobScope.HasTemplates(job) ? JobScope.Render(job, JobScope.Of(Facts(request, plan), job, key => Ended(jobs, key))) : job;

    /// <summary>The build's concurrency group, written out.</summary>
    /// <exception cref="PRTS.Pipelines.Expressions.ExpressionException">It cannot be.</exception>
    public static string GroupOf(BuildRequest request, Blueprint plan, PlannedConcurrency concurrency) => JobScope.GroupOf(Facts(request, plan), concurrency);

    private static BuildFacts Facts(BuildRequest request, Blueprint plan) => new()
    {
        Org = plan.Id.Project.Org,
        Project = plan.Id.Project.Name,
        Number = plan.Id.Number,
        Event = request.Event,
        Actor = request.Actor,
        Jobs = plan.Jobs,
        Inputs = plan.Plan.Inputs,
    };

    /// <summary>A job that is canceled before its turn has needs that never ended.</summary>
    internal static EndedJob Ended(IReadOnlyDictionary<string, BuildJob> jobs, string key) => jobs.GetValueOrDefault(key) is { } job
        ? new(
            job.Status switch
            {
                RunStatus.Succeeded => JobResult.Success,
                RunStatus.Failed => JobResult.Failure,
                RunStatus.Canceled => JobResult.Cancelled,
                _ => JobResult.Skipped,
            },
            job.Outputs)
        : new(JobResult.Cancelled);
}
