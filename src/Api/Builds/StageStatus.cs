namespace PRTS.Api.Builds;

public static class StageStatus
{
    /// <summary>What a stage's jobs say together; a stage without jobs was skipped.</summary>
    public static RunStatus Of(IReadOnlyCollection<JobSummary> jobs)
    {
        if (jobs.Any(job => !job.Status.IsEnded()))
        {
            return jobs.Any(job => job.Status == RunStatus.Running || (job.Status.IsEnded() && job.Status != RunStatus.Skipped)) ? RunStatus.Running
                : jobs.Any(job => job.Status == RunStatus.Waiting) ? RunStatus.Waiting
                : RunStatus.Queued;
        }

        return jobs.Any(job => job.Status == RunStatus.Failed && !job.AllowFailure) ? RunStatus.Failed
            : jobs.Any(job => job.Status == RunStatus.Canceled) ? RunStatus.Canceled
            : jobs.All(job => job.Status == RunStatus.Skipped) ? RunStatus.Skipped
            : RunStatus.Succeeded;
    }
}
