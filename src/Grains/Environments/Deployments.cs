using PRTS.Api.Environments;
using PRTS.Contracts.Builds;
using PRTS.Grains.Builds;

namespace PRTS.Grains.Environments;

/// <summary>The read copies of deployments.</summary>
internal static class Deployments
{
    /// <summary>Null when the job does not deploy.</summary>
    public static DeploymentSummary? Of(JobStart start, JobState state, int number) => state.Environment is not { } environment ? null : new()
    {
        Environment = environment,
        Number = number,
        Job = start.Job.Key,
        JobName = start.Job.Name,
        Status = state.Status,
        Ref = start.Event.Ref,
        Commit = start.Event.Commit,
        Actor = start.Actor,
        Approvals = state.Gate?.Approvals ?? [],
        Url = start.Job.EnvironmentUrl,
        QueuedAt = state.QueuedAt,
        StartedAt = state.StartedAt,
        FinishedAt = state.FinishedAt,
        Reason = state.Reason,
        Version = state.Version,
        Round = state.Round,
    };
}
