using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Containers;
using PRTS.Execution.Native;
using PRTS.Execution.Users;
using PRTS.Execution.Workspaces;

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
public sealed class JobRunner(ExecutionOptions options, IJobSink sink, TimeProvider clock, ILogger<JobRunner> log) : IAsyncDisposable
{
    private static readonly TimeSpan BetweenRemovals = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, Running> running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> deletions = new(StringComparer.Ordinal);
    private readonly UserClaims claims = new(options);
    private readonly EndedAttempts ended = new(options);
    private readonly CancellationTokenSource leaving = new();
    private bool hasWarned;
    private long begun;

    /// <param name="number">Of those that began here, in their order.</param>
    /// <param name="workspace">The attempt whose workspace it is: that of an attempt that goes on is the first one's.</param>
    private sealed class Running(long number, string workspace)
    {
        public long Number => number;

        public string Workspace => workspace;

        public TaskCompletionSource<RunResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private readonly Lock gate = new();
        private JobRun? run;
        private string? cancelReason;

        /// <summary>A cancellation may come while the run is being made.</summary>
        public void Begin(JobRun begins)
        {
            lock (gate)
            {
                run = begins;
                if (cancelReason is not null)
                    begins.Cancellation.Request(cancelReason);
            }
        }

        public void Cancel(string reason)
        {
            lock (gate)
            {
                cancelReason ??= reason;
                run?.Cancellation.Request(reason);
            }
        }
    }

    /// <summary>Whether the attempt ended here, now or under an earlier agent process: it is not run again.</summary>
    public bool HasEnded(string attempt) => ended.Contains(attempt);

    /// <summary>
    /// Runs the attempt to its end and reports it. An attempt that an earlier agent process began is adopted: nothing runs twice.
    /// A second call for an attempt that runs here joins the first. Cancel <paramref name="detach"/> when the agent shuts down.
    /// </summary>
    /// <param name="secrets">What is masked in log and reports; where there is more than can be, the job fails before its first step. Null: what it asks for.</param>
    public async Task<RunResult> Run(JobAssignment job, JobSecrets? secrets, CancellationToken detach)
    {
        var mine = new Running(Interlocked.Increment(ref begun), job.Resume ?? job.Attempt);
        var first = running.GetOrAdd(job.Attempt, mine);
        if (first != mine)
            return await first.Result.Task;
        try
        {
            var result = await RunHere(job, secrets, mine, detach);
            mine.Result.SetResult(result);
            return result;
        }
        catch (Exception e)
        {
            mine.Result.SetException(e);
            throw;
        }
        finally
        {
            running.TryRemove(job.Attempt, out _);
        }
    }

    /// <summary>With the secrets that it asks for.</summary>
    public Task<RunResult> Run(JobAssignment job, CancellationToken detach) => Run(job, null, detach);

    /// <summary>Cancels the attempt: the running step gets SIGTERM, after the grace time SIGKILL. Harmless when it has ended or is unknown.</summary>
    public Task Cancel(string attempt, string reason)
    {
        JobDirectory.KeepCancellation(options, attempt, reason);
        if (running.TryGetValue(attempt, out var run))
            run.Cancel(reason);
        return Task.CompletedTask;
    }

    /// <summary>Attempts that an earlier agent process left here; pass each to <see cref="Run"/>. Clears away what was never begun or already ended.</summary>
    public static IReadOnlyList<JobAssignment> FindOrphans(ExecutionOptions options)
    {
        if (!Directory.Exists(options.JobsDirectory))
            return [];
        var orphans = new List<JobAssignment>();
        foreach (var path in Directory.EnumerateDirectories(options.JobsDirectory))
        {
            if (JobDirectory.Open(path) is { } taken)
                orphans.Add(taken.Job);
            else
                Directory.Delete(path, recursive: true);
        }
        return orphans;
    }

    /// <summary>Begins to delete what an earlier agent process discarded but did not come to delete.</summary>
    public void EmptyTrash()
    {
        TrimKept();
        foreach (var directory in Trash.Left(options))
            DeleteLater(directory);
        if (options.Engine is { } engine)
            RemoveLater(engine, "earlier jobs", async () =>
            {
                await Removal.OfTheDead(engine, CancellationToken.None);
                await Removal.Of(engine, options, name => !Directory.Exists(Path.Combine(options.JobsDirectory, name)), CancellationToken.None);
            });
    }

    private void TrimKept()
    {
        foreach (var directory in new KeptWorkspaces(options, clock).Trim())
            DeleteLater(directory);
    }

    /// <summary>Waits for the deletion of ended jobs' files. It ends no job: cancel what was given to <see cref="Run"/> for that.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!leaving.IsCancellationRequested)
            await leaving.CancelAsync();
        await Task.WhenAll(deletions.Values);
        leaving.Dispose();
    }

    private async Task<RunResult> RunHere(JobAssignment job, JobSecrets? secrets, Running entry, CancellationToken detach)
    {
        // With a directory its clean-up was cut short, and is to be completed.
        if (ended.Contains(job.Attempt) && !Directory.Exists(JobDirectory.PathOf(options, job.Attempt)))
            return RunResult.Ended;
        // The attempt that this one goes on from has told its end, and may still be putting the workspace away.
        foreach (var before in running.Values.Where(one => one.Workspace == entry.Workspace && one.Number < entry.Number))
            await ((Task)before.Result.Task).WaitAsync(detach).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        JobDirectory directory;
        try
        {
            directory = JobDirectory.Take(options, job, claims);
            KeepFromLinkLocal();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or FormatException)
        {
            return await Refuse(job, e, detach);
        }
        try
        {
            secrets ??= await Secrets(job, detach);
        }
        catch (OperationCanceledException) when (detach.IsCancellationRequested)
        {
            return RunResult.Detached;
        }
        using var run = new JobRun(options, sink, directory, secrets, claims, ended, clock, log);
        entry.Begin(run);
        var result = await run.Run(detach);
        if (options.Engine is { } engine && run.HasUsedEngine && result != RunResult.Detached)
            RemoveLater(engine, job.Attempt, () => Removal.Of(engine, options, name => name == JobDirectory.NameOf(job.Attempt), CancellationToken.None));
        if (run.Discarded is { } discarded)
            DeleteLater(discarded);
        else if (result != RunResult.Detached)
            TrimKept();
        return result;
    }

    /// <summary>An adopted job's too: they were in the earlier process' memory.</summary>
    private async Task<JobSecrets> Secrets(JobAssignment job, CancellationToken detach)
    {
        if (!job.Job.IsGivenSecrets)
            return JobSecrets.None;
        try
        {
            return await new Retry(job.Attempt, clock, log).Forever("get the job's secrets", ct => sink.Secrets(job, ct), detach);
        }
        catch (ArtifactRefusedException refused)
        {
            return JobSecrets.Refused(refused.Message);
        }
    }

    /// <summary>
    /// Clouds give a machine its credentials at a link-local address, and steps shall not have them. The rule stays until the machine starts again:
    /// other agents of this machine have the same users. Made for each job, because those who manage the machine's network may drop it.
    /// </summary>
    private void KeepFromLinkLocal()
    {
        if (!Linux.IsRoot)
            return; // Steps are this process' own user, which no rule can tell from the agent.
        var (first, last) = JobUserRange.Parse(options.JobUser).Uids;
        try
        {
            RoutingRules.ProhibitLinkLocal(first, last);
        }
        catch (IOException e) when (!hasWarned)
        {
            hasWarned = true;
            log.LogWarning(e, "Steps that run on this machine itself can reach its link-local addresses (169.254.0.0/16), where clouds give a machine its credentials: a routing rule could not be made");
        }
        catch (IOException)
        {
            // It was said.
        }
    }

    /// <summary>Without a directory there is nothing to keep: should the agent die now, the job is offered again.</summary>
    private async Task<RunResult> Refuse(JobAssignment job, Exception cause, CancellationToken detach)
    {
        log.LogError(cause, "{Attempt}: the job could not be taken", job.Attempt);
        var now = clock.GetUtcNow();
        var reason = $"the agent could not take the job: {cause.Message}";
        JobEvent[] events =
        [
            new JobStarted { Sequence = 1, At = now },
            new JobEnded { Sequence = 2, At = now, Status = RunStatus.Failed, Reason = reason, LogLength = 0 },
        ];
        var retry = new Retry(job.Attempt, clock, log);
        await retry.Forever("close the log", ct => sink.CloseLog(job, 0, ct), detach);
        var accepted = await retry.Forever("report events", ct => sink.Report(job, events, ct), detach);
        ended.Add(job.Attempt);
        return accepted ? RunResult.Ended : RunResult.Fenced;
    }

    /// <summary>Off the critical path of the job and of the next one.</summary>
    private void DeleteLater(string directory) => Later(directory, () =>
    {
        Trash.Delete(directory);
        return Task.CompletedTask;
    });

    /// <summary>Whatever the engine cannot do now, because it is gone or only starts, it is asked again for as long as the agent runs.</summary>
    private void RemoveLater(ContainerEngine engine, string what, Func<Task> remove) => Later($"the containers of {what}", async () =>
    {
        var mayBeThere = File.Exists(engine.Path);
        for (var tries = 0; ; tries++)
        {
            try
            {
                if (mayBeThere)
                {
                    await remove();
                    return;
                }
            }
            catch (EngineException e) when (!leaving.IsCancellationRequested)
            {
                if (tries == 0)
                    log.LogWarning(e, "The containers of {What} could not be removed yet; it is tried again", what);
            }
            try
            {
                await Task.Delay(BetweenRemovals, clock, leaving.Token);
                mayBeThere = await engine.IsReady(leaving.Token);
            }
            catch (OperationCanceledException)
            {
                return; // The next start of the agent looks for them.
            }
        }
    });

    private void Later(string what, Func<Task> remove)
    {
        foreach (var (done, _) in deletions.Where(deletion => deletion.Value.IsCompleted))
            deletions.TryRemove(done, out _);
        deletions[what] = Task.Run(async () =>
        {
            try
            {
                await remove();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or EngineException)
            {
                log.LogWarning(e, "What is left of {What} could not be removed; the next start of the agent tries again", what);
            }
        });
    }
}
