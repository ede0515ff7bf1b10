using Microsoft.Extensions.Logging;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Caches;
using PRTS.Execution.Containers;
using PRTS.Execution.Steps;
using PRTS.Execution.Supervision;
using PRTS.Execution.Users;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;
using PRTS.Supervisor.Masking;

namespace PRTS.Execution.Jobs;

/// <summary>One attempt, from where it is (not begun, or left by an earlier agent process) to its end.</summary>
internal sealed class JobRun : IDisposable
{
    private readonly ExecutionOptions options;
    private readonly IJobSink sink;
    private readonly JobDirectory directory;
    private readonly UserClaims claims;
    private readonly EndedAttempts endedAttempts;
    private readonly TimeProvider clock;
    private readonly ILogger log;
    private readonly JobHistory history;
    private readonly Retry retry;
    private readonly Reporter reporter;
    private readonly Workspace workspace;
    private readonly JobTrace trace;
    private readonly JobContainers? containers;
    private readonly JobSecrets secrets;
    private readonly Masks masks;

    /// <summary>Why the job has no secrets, or they cannot be masked: no step may run then.</summary>
    private readonly string? unmasked;

    public JobRun(ExecutionOptions options, IJobSink sink, JobDirectory directory, JobSecrets secrets, UserClaims claims, EndedAttempts endedAttempts, TimeProvider clock, ILogger log)
    {
        (this.options, this.sink, this.directory, this.claims, this.endedAttempts, this.clock, this.log) = (options, sink, directory, claims, endedAttempts, clock, log);
        Cancellation = new(directory);
        history = new(directory);
        retry = new(Job.Attempt, clock, log);
        (this.secrets, masks, unmasked) = MasksOf(secrets);
        reporter = new(Job, sink, history, retry, masks);
        workspace = new(options, Job, directory.Ticket.User, clock);
        trace = new(directory, history);
        steps = new MachineSteps(workspace, new Dictionary<string, string>());
        if (NeedsContainers)
            containers = options.Engine is { } engine ? new(engine, options, Job, workspace, clock) : null;
    }

    private static (JobSecrets Sent, Masks Masks, string? Error) MasksOf(JobSecrets secrets)
    {
        try
        {
            return (secrets, Masks.Of(secrets.Values), secrets.Problem);
        }
        catch (MaskLimitException e)
        {
            return (JobSecrets.None, Masks.None, $"the job's secrets cannot be masked: {e.Message}");
        }
    }

    public JobCancellation Cancellation { get; }

    private IStepHost steps;

    /// <summary>By an earlier agent process.</summary>
    private bool wasBegun;

    private bool NeedsContainers => Job.Job.Container is not null || Job.Job.ServiceContainers.Count > 0;

    private JobAssignment Job => directory.Job;

    public async Task<RunResult> Run(CancellationToken detach)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(detach);
        var reporting = Report(stop);
        SupervisorClient? supervisor = null;
        try
        {
            if (history.Ended is null)
            {
                wasBegun = history.Started is not null;
                if (!wasBegun && await Unchanged(stop.Token) is { } unchanged)
                {
                    await Pass(unchanged, stop.Token);
                    return await Over(null, reporting, detach);
                }
                if (!wasBegun)
                    await reporter.Add(sequence => new JobStarted { Sequence = sequence, At = clock.GetUtcNow() }, stop.Token);
                var (client, failure) = await Prepare(stop.Token);
                supervisor = client;
                await RunSteps(client, failure, stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            log.LogDebug("{Attempt}: let go", Job.Attempt);
        }
        return await Over(supervisor, reporting, detach);
    }

    /// <summary>When the end is reported, or it has come to nothing.</summary>
    private async Task<RunResult> Over(SupervisorClient? supervisor, Task<bool?> reporting, CancellationToken detach)
    {
        if (await reporting is not { } accepted)
        {
            if (supervisor is not null)
                await supervisor.DisposeAsync();
            return RunResult.Detached;
        }
        if (history.Ended is { } end)
            trace.Record(end);
        try
        {
            await CleanUp(supervisor, accepted, accepted ? detach : CancellationToken.None);
        }
        catch (OperationCanceledException) when (accepted && detach.IsCancellationRequested)
        {
            return RunResult.Detached;
        }
        return accepted ? RunResult.Ended : RunResult.Fenced;
    }

    public void Dispose()
    {
        history.Dispose();
        Cancellation.Dispose();
    }

    /// <summary>True: the end is accepted. False: another attempt has taken over, and all else stops. Null: detached.</summary>
    private async Task<bool?> Report(CancellationTokenSource stop)
    {
        try
        {
            var accepted = await reporter.Run(stop.Token);
            if (!accepted)
                await stop.CancelAsync();
            return accepted;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<PassedStep>?> Unchanged(CancellationToken ct)
    {
        if (unmasked is not null || Cancellation.IsRequested || !Job.Job.Steps.All(step => step.Memo is not null) || (Job.Job.Container is null ? steps : await LookForHost(ct)) is not { } host)
            return null;
        return await new UnchangedJob(options, Job, history, workspace, new CacheStore(Job, sink, workspace, retry), secrets, masks, clock).Find(host, ct);
    }

    /// <summary>Null when the image has to be got first.</summary>
    private async Task<IStepHost?> LookForHost(CancellationToken ct)
    {
        try
        {
            return containers is null ? null : await containers.Look(ct);
        }
        catch (EngineException)
        {
            return null; // The usual way meets it and says so.
        }
    }

    /// <summary>A job of which nothing has to run: told all at once.</summary>
    private async Task Pass(IReadOnlyList<PassedStep> unchanged, CancellationToken ct)
    {
        await retry.Forever("close the log", token => sink.CloseLog(Job, 0, token), ct);
        var now = clock.GetUtcNow();
        var outputs = unchanged.Where(step => step.Step.Id is not null).SelectMany(step => step.Outputs).GroupBy(output => output.Key, StringComparer.Ordinal)
            .ToDictionary(output => output.Key, output => output.Last().Value, StringComparer.Ordinal);
        await reporter.Add(sequence => [
            new(new JobStarted { Sequence = sequence++, At = now }, null),
            .. unchanged.SelectMany(step => (HistoryEntry[])[
                new(new StepStarted { Sequence = sequence++, At = now, Index = step.Step.Index, LogStart = 0, Name = step.Name }, null),
                new(new StepEnded { Sequence = sequence++, At = now, Index = step.Step.Index, Status = RunStatus.Succeeded, LogEnd = 0, Reason = step.Reason }, step.Outputs)]),
            new(new JobEnded { Sequence = sequence, At = now, Status = RunStatus.Succeeded, LogLength = 0, Outputs = outputs }, null),
        ], ct);
    }

    /// <summary>The supervisor and the checkout, both at once. A failure is what the job fails with.</summary>
    private async Task<(SupervisorClient Supervisor, string? Failure)> Prepare(CancellationToken ct)
    {
        var restarted = directory.MachineRestarted;
        var launching = restarted || directory.HasSupervisor ? Task.FromResult<string?>(null) : Launch(ct);
        var connecting = Connect(launching, ct);
        try
        {
            var failure = restarted ? Reasons.MachineRestarted : await CheckOut(ct);
            return (await connecting, unmasked ?? await launching ?? failure);
        }
        catch (OperationCanceledException)
        {
            await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (connecting.IsCompletedSuccessfully)
                await (await connecting).DisposeAsync();
            throw;
        }
    }

    private async Task<SupervisorClient> Connect(Task launching, CancellationToken ct)
    {
        await launching;
        return await SupervisorClient.Connect(directory, secrets, clock, ct);
    }

    private async Task<string?> Launch(CancellationToken ct)
    {
        try
        {
            await SupervisorLauncher.Launch(options, directory, ct);
            return null;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return $"the supervisor could not be started: {e.Message}";
        }
    }

    private async Task<string?> CheckOut(CancellationToken ct)
    {
        if (Cancellation.IsRequested && !directory.IsWorkspaceReady)
            return null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, Cancellation.Token);
        limit.CancelAfter(TimeLeft());
        try
        {
            if (NeedsContainers && containers is null)
                return "the job needs containers, and this agent has no container engine (PRTS_CONTAINERS=none)";
            if (directory.IsWorkspaceReady)
            {
                await FindHost(adopt: true, limit.Token);
                return null;
            }
            await All(limit, workspace.Prepare(limit.Token), containers?.Prepare(wasBegun, limit.Token) ?? Task.CompletedTask);
            await FindHost(adopt: false, limit.Token);
            secrets.Write(Job, workspace);
            directory.IsWorkspaceReady = true;
            return null;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Cancellation.IsRequested ? null : Reasons.JobTimedOut(Job.Job.Timeout) + ", during its checkout";
        }
        catch (EngineException e)
        {
            return e.Message;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return $"{(Job.Resume is null ? "checkout failed" : "the job cannot go on")}: {e.Message}";
        }
    }

    /// <summary>Where the steps run, once checkout and services are there.</summary>
    private async Task FindHost(bool adopt, CancellationToken ct)
    {
        if (Job.Job.Container is not null)
            steps = adopt ? await containers!.Adopt(ct) : await containers!.Start(ct);
        else if (containers is not null)
        {
            var services = await containers.Addresses(ct);
            directory.WriteHosts(services);
            steps = new MachineSteps(workspace, services);
        }
    }

    /// <summary>The first failure ends the others, and is the failure of all.</summary>
    private static async Task All(CancellationTokenSource limit, params Task[] tasks)
    {
        await foreach (var ended in Task.WhenEach(tasks))
        {
            if (ended.IsCompletedSuccessfully)
                continue;
            await limit.CancelAsync();
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ended;
        }
    }

    private async Task RunSteps(SupervisorClient supervisor, string? failure, CancellationToken ct)
    {
        var sender = new LogSender(Job, sink, directory, supervisor, options, retry, clock);
        var sending = sender.Run(ct);
        var preparation = new StepPreparation(options, Job, workspace, steps, directory.Path, trace.ContextOf, masks);
        var runner = new StepRunner(directory, history, reporter, supervisor, preparation, steps, Cancellation, masks, clock);
        var store = new CacheStore(Job, sink, workspace, retry);
        var artifacts = new ArtifactStep(Job, history, reporter, sink, store, workspace, retry, masks, clock);
        var cached = new CachedStep(reporter, new StepCache(Job, store, workspace), new WorkspaceFiles(workspace), runner, steps, Cancellation, clock);
        failure ??= JobFailure();
        if (Job.Resume is { } resume && directory.IsWorkspaceReady)
            await TakeOver(resume, ct);
        foreach (var together in Together(Job.Job.Steps).Where(steps => steps.Any(step => history.EndOf(step.Index) is null)))
        {
            // What a step knows of those before it is the same for all that run together.
            var outcome = JobOutcome.Of(Job.Job, history, Cancellation.Reason, before: together[0].Index);
            await Task.WhenAll(together.Where(step => history.EndOf(step.Index) is null).Select(async step =>
            {
                var result = await Guard(step, supervisor, () => RunStep(step, outcome, supervisor, failure, cached, artifacts, ct), ct);
                await reporter.Add(sequence => Ended(step, result, sequence), ct, result.Outputs);
            }));
            if (together.Count > 1)
                steps.Ended();
            failure ??= JobFailure() ?? (supervisor.IsGone ? Gone(supervisor) : null);
        }
        // Before the log is closed: a cancellation that comes now is too late.
        await Finish(sender, sending, JobOutcome.Of(Job.Job, history, Cancellation.Reason), failure, ct);
    }

    /// <summary>What an earlier attempt's steps did counts for this one, up to the step that failed.</summary>
    private async Task TakeOver(string resume, CancellationToken ct)
    {
        var attempt = resume[(resume.LastIndexOf('/') + 1)..];
        foreach (var done in KeptWorkspaces.DoneBefore(workspace, Job).Where(done => history.EndOf(((StepEnded)done.Event).Index) is null))
            await reporter.Add(sequence => (StepEnded)done.Event with { Sequence = sequence, At = clock.GetUtcNow(), LogEnd = null, Reason = $"in attempt {attempt}" }, ct, done.Outputs);
    }

    /// <summary>The steps in their order, those of a group as one.</summary>
    private static List<List<PlannedStep>> Together(IReadOnlyList<PlannedStep> steps)
    {
        var together = new List<List<PlannedStep>>();
        foreach (var step in steps)
        {
            if (step.Parallel is { } group && together is [.., [.., { Parallel: { } last }] before] && last == group)
                before.Add(step);
            else
                together.Add([step]);
        }
        return together;
    }

    /// <summary>What goes wrong on this machine (a full disk, a bug) fails the step, and is said.</summary>
    private async Task<StepResult> Guard(PlannedStep step, SupervisorClient supervisor, Func<Task<StepResult>> run, CancellationToken ct)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.LogError("{Attempt}: step {Step} failed in the agent: {Error}", Job.Attempt, step.Index, masks.Apply(e.ToString()));
            await supervisor.Send(Supervisor.Protocol.Frames.Cancel(step.Index));
            return new(RunStatus.Failed, $"the agent could not run it: {e.Message}", null, supervisor.LogLength, clock.GetUtcNow());
        }
    }

    private async Task<StepResult> RunStep(
        PlannedStep step, JobOutcome outcome, SupervisorClient supervisor, string? failure, CachedStep cached, ArtifactStep artifacts, CancellationToken ct)
    {
        var begun = history.StartOf(step.Index) is not null;
        if (failure is not null && !begun)
            return Unrun(failure);
        var scope = new StepScope(Job, history, step.Index, outcome, workspace, steps, options) { Secrets = secrets };
        var left = TimeLeft();
        bool began;
        try
        {
            began = begun || supervisor.Journal.OfType<Supervisor.Protocol.ProcessStarted>().Any(started => started.Index == step.Index);
            if (!began && supervisor.IsGone)
                return Unrun(Gone(supervisor));
            if (!began && left <= TimeSpan.Zero)
                return Skipped(Reasons.JobTimedOut(Job.Job.Timeout));
            if (!began && !scope.ShouldRun(step))
                return Skipped(outcome.Canceled ? "the job was canceled" : step.If is null ? "an earlier step failed" : $"its condition is not met: {step.If}");
            if (!began && Job.Done.TryGetValue(step.Index, out var done))
                return Skipped(done.Reason) with { Outputs = done.Outputs };
            if (!began && !directory.IsWorkspaceReady)
                return Skipped("the job was canceled before its checkout");
        }
        catch (ScopeException e)
        {
            return new(RunStatus.Failed, e.Message, null, supervisor.LogLength, clock.GetUtcNow());
        }
        return !step.HasProcess
            ? await artifacts.Run(step, scope, step.Timeout is { } own && own < left ? own : left, Cancellation, supervisor.LogLength, ct)
            : await cached.Run(step, scope, left, began, supervisor.LogLength, ct);

        // What was claimed and then lost may have run.
        StepResult Unrun(string why) => history.ClaimOf(step.Index) is null ? Skipped(why) : Skipped(why) with { Status = RunStatus.Failed };

        StepResult Skipped(string why) => new(RunStatus.Skipped, why, null, supervisor.LogLength, clock.GetUtcNow());
    }

    private async Task Finish(LogSender sender, Task<long> sending, JobOutcome outcome, string? failure, CancellationToken ct)
    {
        sender.Complete();
        long length;
        try
        {
            length = await sending;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.LogError(e, "{Attempt}: the log could not be sent", Job.Attempt);
            failure ??= $"the log is incomplete: {e.Message}";
            length = await sender.CloseIncomplete(ct);
        }
        var ended = outcome with { Failed = outcome.Failed || failure is not null, Reason = outcome.Canceled ? outcome.Reason : failure ?? outcome.Reason };
        var (cause, exitCode) = ended.Status == RunStatus.Failed ? JobOutcome.CauseOf(Job.Job, history, failure) : default;
        await reporter.Add(sequence => new JobEnded
        {
            Sequence = sequence,
            At = clock.GetUtcNow(),
            Status = ended.Status,
            Reason = ended.Status == RunStatus.Succeeded ? null : ended.Reason,
            LogLength = length,
            Outputs = JobOutcome.Outputs(Job.Job, history),
            Cause = cause,
            ExitCode = exitCode,
        }, ct);
    }

    /// <summary>Off the critical path: all is reported. A crash in here is made good by the next agent process, because the job's directory goes last.</summary>
    private async Task CleanUp(SupervisorClient? supervisor, bool accepted, CancellationToken ct)
    {
        var user = directory.Ticket.User;
        if (supervisor is not null || directory.HasSupervisor)
        {
            supervisor ??= await SupervisorClient.Connect(directory, JobSecrets.None, clock, ct);
            await using (supervisor)
                await Leaving.Of(supervisor, clock, log, Job.Attempt);
            Processes.KillLeftovers(Leaving.Unfinished(supervisor), claims.IsExclusive(user) ? user.Uid : -1);
        }
        if (accepted && options.KeepFailed > TimeSpan.Zero && history.Ended is { Status: RunStatus.Failed } && directory.IsWorkspaceReady)
        {
            // Scripts and files of secrets: a job that goes on has its own.
            Trash.Delete(workspace.Steps);
            new KeptWorkspaces(options, clock).Keep(workspace, directory);
        }
        else if (Job.Resume is not null && !directory.IsWorkspaceReady)
            KeptWorkspaces.Restore(workspace);
        else if (Trash.Discard(options, workspace.Root) is { } discarded)
            Discarded = discarded;
        // While the directory is still there: one of the two always tells that the attempt was here.
        endedAttempts.Add(Job.Attempt);
        directory.Delete();
        // Not before: a clean-up that is repeated kills what runs as this user, which must not be another job's by then.
        claims.Release(user, directory.Path);
    }

    /// <summary>Something may be left to remove from the engine, at leisure.</summary>
    public bool HasUsedEngine => containers is { HasPrepared: true } || (containers is not null && wasBegun) || Job.Job.Steps.Any(step => step.Image is not null && history.StartOf(step.Index) is not null);

    /// <summary>What is left to delete, at leisure.</summary>
    public string? Discarded { get; private set; }

    private static StepEnded Ended(PlannedStep step, StepResult result, long sequence) => new()
    {
        Sequence = sequence,
        At = result.At,
        Index = step.Index,
        Status = result.Status,
        ExitCode = result.ExitCode,
        LogEnd = result.Status == RunStatus.Skipped ? null : result.LogEnd,
        Reason = result.Reason,
        Outputs = step.Once ? result.Outputs : null,
    };

    private static string Gone(SupervisorClient supervisor) =>
        supervisor.Journal is [.., Supervisor.Protocol.SupervisorStopped] ? Reasons.SupervisorStopped : Reasons.SupervisorKilled;

    private TimeSpan TimeLeft()
    {
        var left = (history.Started?.At ?? clock.GetUtcNow()) + Job.Job.Timeout - clock.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>What a step met that ends the whole job.</summary>
    private string? JobFailure() => Job.Job.Steps.Select(step => history.EndOf(step.Index)?.Reason)
        .FirstOrDefault(reason => reason is Reasons.SupervisorStopped or Reasons.SupervisorKilled || reason == Reasons.JobTimedOut(Job.Job.Timeout));
}
