using Microsoft.Extensions.Logging;
using PRTS.Api.Builds;

namespace PRTS.Execution.Jobs;

/// <summary>How <see cref="JobRunner.Run"/> came to an end.</summary>
public enum RunResult
{
    /// <summary>The job ended, all of it is reported and cleaned up.</summary>
    Ended,

    /// <summary>The agent shuts down: the job goes on under its supervisor, for the next agent to adopt.</summary>
    Detached,

    /// <summary>Another attempt has taken over: the job was killed and cleaned up.</summary>
    Fenced,
}

/// <summary>Runs job attempts on this machine.</summary>
public sealed class JobRunner(ExecutionOptions options, IJobSink sink, TimeProvider clock, ILogger<JobRunner> log)
{
    /// <summary>
    /// Runs the attempt to its end and reports it. An attempt that an earlier agent process began is adopted: nothing runs twice.
    /// Cancel <paramref name="detach"/> when the agent shuts down.
    /// </summary>
    public Task<RunResult> Run(JobAssignment job, CancellationToken detach)
    {
        log.LogDebug("Running {Attempt} in {Directory} for {Sink} at {Time}", job.Attempt, options.JobsDirectory, sink, clock.GetUtcNow());
        throw new NotSupportedException();
    }

    /// <summary>Cancels the attempt: the running step gets SIGTERM, after the grace time SIGKILL. Harmless when it has ended or is unknown.</summary>
    public Task Cancel(string attempt, string reason) => throw new NotSupportedException();

    /// <summary>Attempts that an earlier agent process left here; pass each to <see cref="Run"/>.</summary>
    public static IReadOnlyList<JobAssignment> FindOrphans(ExecutionOptions options) => throw new NotSupportedException();
}
