using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PRTS.Agents.Configuration;
using PRTS.Api.Builds;
using PRTS.Contracts.Agents;
using PRTS.Execution;
using PRTS.Execution.Jobs;

namespace PRTS.Agents.Jobs;

/// <summary>The attempts that this agent holds, each run by a <see cref="JobRunner"/> until it ended or the agent leaves.</summary>
public sealed class AgentJobs(
    JobRunner runner, ExecutionOptions execution, AgentOptions options, IHostApplicationLifetime lifetime, ILogger<AgentJobs> logger) : IAgentJobs
{
    private readonly ConcurrentDictionary<string, Task> running = new(StringComparer.Ordinal);
    private IReadOnlyList<JobAssignment> orphans = [];

    public IReadOnlyList<string> Running => [.. running.Keys];

    public bool Start(JobAssignment assignment)
    {
        // In this order: an attempt is noted as ended before it is no longer running. A late second order is answered, and not obeyed.
        if (running.ContainsKey(assignment.Attempt) || runner.HasEnded(assignment.Attempt))
            return true;
        if (running.Count >= options.Slots || lifetime.ApplicationStopping.IsCancellationRequested)
            return false;
        // Servers know themselves by their public address; this machine may reach them by another.
        Run(assignment with { ServerUrl = options.Url });
        return true;
    }

    public void Cancel(string attempt, string reason) => _ = Observe(runner.Cancel(attempt, reason), attempt);

    /// <summary>The control plane says that this attempt is not ours any more. Its events would be refused, so nothing is lost.</summary>
    public void Abandon(string attempt) => Cancel(attempt, "another attempt has taken over");

    /// <summary>Looks for what an earlier process of this agent left, before an order can come: a directory that is just being made looks like a left one.</summary>
    public void FindOrphans()
    {
        orphans = JobRunner.FindOrphans(execution);
        runner.EmptyTrash();
    }

    /// <summary>Goes on with what was found.</summary>
    public void Adopt()
    {
        foreach (var orphan in orphans)
        {
            logger.LogInformation("Adopting {Attempt}, which an earlier agent process began", orphan.Attempt);
            Run(orphan with { ServerUrl = options.Url });
        }
    }

    /// <summary>Waits until every runner has let go of its job: at shutdown, after which the supervisors are on their own.</summary>
    public Task Detached() => Task.WhenAll(running.Values);

    private void Run(JobAssignment assignment)
    {
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (running.TryAdd(assignment.Attempt, Job(start.Task)))
            start.SetResult();

        async Task Job(Task registered)
        {
            await registered;
            try
            {
                var result = await runner.Run(assignment, lifetime.ApplicationStopping);
                logger.LogInformation("{Attempt}: {Result}", assignment.Attempt, result);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                // A bug in the runner: its job directory stays and is adopted at the next start; the lease ends what nobody reports.
                logger.LogError(failure, "{Attempt}: the runner failed", assignment.Attempt);
            }
            finally
            {
                running.TryRemove(assignment.Attempt, out _);
            }
        }
    }

    private async Task Observe(Task cancellation, string attempt)
    {
        try
        {
            await cancellation;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The job grain repeats its order until the attempt has ended.
            logger.LogError(failure, "{Attempt}: could not be canceled", attempt);
        }
    }
}
