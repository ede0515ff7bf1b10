using Microsoft.Extensions.Logging;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Builds;

public sealed partial class JobGrain
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job}: its agents could not be reached; again in {Pause}")]
    private partial void LogWorkFailed(Exception failure, JobId job, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job}: its build or the read model does not know its newest state yet; again in {Pause}")]
    private partial void LogTellFailed(Exception failure, JobId job, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Job}: refused {Count} events of an attempt that is not the valid one (attempt {Attempt})")]
    private partial void LogFenced(JobId job, int attempt, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job}: nobody knows whether {Agent} got attempt {Attempt}; a new attempt takes its place")]
    private partial void LogUnheard(Exception failure, JobId job, int attempt, string agent);
}
