using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Environments;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Storage.Builds;
using PRTS.Storage.Environments;

namespace PRTS.Grains.Builds;

/// <summary>
/// Brings a job's newest state to the read model, then to its build and the viewers: in this order, so that whoever hears of a
/// change can read it. Skips states that are overtaken.
/// </summary>
internal sealed class JobNews(IGrainFactory grains, BuildStream stream, BuildsReadModel builds, EnvironmentsStore environments, JobId id)
{
    private long projected;
    private (RunStatus Status, int Attempt)? told;

    /// <summary>The build asks anew: it may have forgotten what it was told.</summary>
    public void TellAgain() => told = null;

    /// <param name="deployment">Null: the job does not deploy.</param>
    public async Task<TimeSpan?> Tell(JobSummary job, DeploymentSummary? deployment)
    {
        if (projected < job.Version)
        {
            await builds.UpsertJob(id.Build, job);
            if (deployment is not null) await environments.Upsert(id.Build, deployment);
            projected = job.Version;
            stream.Publish(new() { Build = id.Build, Version = job.Version, Job = id.Name });
        }
        else if (told != (job.Status, job.Attempt))
        {
            await grains.Build(id.Build).JobChanged(job);
            told = (job.Status, job.Attempt);
        }
        else
        {
            return null;
        }

        return TimeSpan.Zero;
    }
}
