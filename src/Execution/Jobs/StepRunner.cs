using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Steps;
using PRTS.Execution.Supervision;
using PRTS.Pipelines.Planning;
using PRTS.Supervisor.Masking;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Jobs;

/// <summary>How a step came out, before it is numbered and reported.</summary>
internal sealed record StepResult(RunStatus Status, string? Reason, int? ExitCode, long LogEnd, DateTimeOffset At)
{
    public IReadOnlyDictionary<string, string>? Outputs { get; init; }
}

/// <summary>Runs one step with a process: prepares it, hands it to the supervisor, or finds it running or ended there.</summary>
internal sealed class StepRunner(
    JobDirectory directory, JobHistory history, Reporter reporter, SupervisorClient supervisor, StepPreparation preparation,
    IStepHost host, JobCancellation cancellation, Masks masks, TimeProvider clock)
{
    private static readonly TimeSpan RepeatCommand = TimeSpan.FromSeconds(2);

    public async Task<StepResult> Run(PlannedStep step, StepScope scope, TimeSpan left, CancellationToken ct)
    {
        var jobTimesOutFirst = step.Timeout is not { } own || own > left;
        if (Find<ProcessStarted>(step) is null && Find<ProcessRefused>(step) is null)
        {
            if (host.Lost.IsCompleted)
                return await FailBeforeStart(step, step.Name, await host.Lost, ct);
            var (command, name, error) = preparation.Prepare(step, scope, jobTimesOutFirst ? left : step.Timeout!.Value);
            if (command is null)
                return await FailBeforeStart(step, name, error!, ct);
            if (step.Once)
                await Claim(step, ct);
            if (cancellation.IsRequested)
                directory.NoteBeganCanceled(step.Index);
            await Until(step, Frames.Run(command), () => Find<ProcessStarted>(step) is not null || Find<ProcessRefused>(step) is not null, ct);
            if (Find<ProcessRefused>(step) is { } refused)
                return await FailBeforeStart(step, name, Reasons.Refused(refused, command.Argv[0], command.WorkingDirectory), ct);
        }
        if (Find<ProcessStarted>(step) is { } started && history.StartOf(step.Index) is null)
            await Report(step, preparation.NameOf(step, scope), started.LogOffset, Time(started.At), ct);
        await WaitForEnd(step, ct);
        if (step.Parallel is null)
            host.Ended();
        else
            host.EndedBeside(step.Index);
        return Find<ProcessExited>(step) is { } exited ? ResultOf(step, exited, jobTimesOutFirst, await Explain(exited, ct)) : Abandoned(step);
    }

    /// <summary>Returns when it is known where later attempts are decided that the step may have run: a step that runs once begins no sooner.</summary>
    private async Task Claim(PlannedStep step, CancellationToken ct)
    {
        if (history.ClaimOf(step.Index) is null)
            await reporter.Add(sequence => new StepClaimed { Sequence = sequence, At = clock.GetUtcNow(), Index = step.Index }, ct);
        await reporter.Accepted(history.ClaimOf(step.Index)!.Sequence, ct);
    }

    public string NameOf(PlannedStep step, StepScope scope) => preparation.NameOf(step, scope);

    private async Task WaitForEnd(PlannedStep step, CancellationToken ct)
    {
        if (!directory.BeganCanceled(step.Index))
        {
            while (!cancellation.IsRequested && !HasEnded(step))
            {
                var changed = supervisor.Changed;
                if (!HasEnded(step))
                    await Task.WhenAny(changed, cancellation.Requested, host.Lost).WaitAsync(ct);
                if (host.Lost.IsCompleted)
                    break;
            }
            if (!HasEnded(step))
            {
                await Until(step, Frames.Cancel(step.Index), () => HasEnded(step), ct);
                return;
            }
        }
        await Until(step, null, () => HasEnded(step), ct);
    }

    /// <summary>Sends the command, again where a connection broke meanwhile (commands are idempotent), until the state is reached or the supervisor is gone.</summary>
    private async Task Until(PlannedStep step, byte[]? command, Func<bool> reached, CancellationToken ct)
    {
        var due = Task.CompletedTask;
        while (true)
        {
            var changed = supervisor.Changed;
            if (reached() || supervisor.IsGone)
                return;
            // By the time, not by silence: a step that writes all the while makes changes all the while.
            if (command is not null && due.IsCompleted)
            {
                await supervisor.Send(command);
                due = Task.Delay(RepeatCommand, clock, ct);
            }
            await (command is null ? changed : Task.WhenAny(changed, due)).WaitAsync(ct);
        }
    }

    private bool HasEnded(PlannedStep step) => Find<ProcessExited>(step) is not null || supervisor.IsGone;

    private Task<string?> Explain(ProcessExited exited, CancellationToken ct) =>
        exited is { Code: 0, Signal: 0 } ? Task.FromResult<string?>(null) : host.Explain(exited, ct);

    private StepResult ResultOf(PlannedStep step, ProcessExited exited, bool jobTimesOutFirst, string? explanation)
    {
        var (outputs, outputError) = OutputFile.Parse(preparation.ReadOutputs(step), masks);
        var reason = explanation ?? Reasons.Of(exited);
        var (status, why) = exited.Cause switch
        {
            EndCause.Canceled when explanation is not null && !cancellation.IsRequested => (RunStatus.Failed, explanation),
            EndCause.Canceled => (RunStatus.Canceled, $"canceled: {cancellation.Reason}"),
            EndCause.TimedOut when jobTimesOutFirst => (RunStatus.Failed, Reasons.JobTimedOut(directory.Job.Job.Timeout)),
            EndCause.TimedOut => (RunStatus.Failed, Reasons.StepTimedOut(step.Timeout!.Value)),
            EndCause.Stopped => (RunStatus.Failed, Reasons.SupervisorStopped),
            _ when reason is not null => (RunStatus.Failed, reason),
            _ => outputError is null ? (RunStatus.Succeeded, (string?)null) : (RunStatus.Failed, outputError),
        };
        if (exited.Leftovers > 0)
            why = $"{why ?? "succeeded"}; {exited.Leftovers} of its processes could not be killed";
        return new(status, why, exited.Signal == 0 ? exited.Code : null, exited.LogOffset, Time(exited.At)) { Outputs = outputError is null ? outputs : null };
    }

    /// <summary>The supervisor ended without journaling this step's end. Its processes must not live on unnoticed.</summary>
    private StepResult Abandoned(PlannedStep step)
    {
        Users.Processes.KillLeftovers(Find<ProcessStarted>(step) is { } started ? [started] : [], exclusiveUid: -1);
        return new(RunStatus.Failed, Reasons.SupervisorKilled, null, supervisor.LogLength, clock.GetUtcNow());
    }

    private async Task<StepResult> FailBeforeStart(PlannedStep step, string name, string error, CancellationToken ct)
    {
        if (history.StartOf(step.Index) is null)
            await Report(step, name, supervisor.LogLength, clock.GetUtcNow(), ct);
        return new(RunStatus.Failed, error, null, supervisor.LogLength, clock.GetUtcNow());
    }

    private Task Report(PlannedStep step, string name, long logStart, DateTimeOffset at, CancellationToken ct) => reporter.Add(
        sequence => new StepStarted { Sequence = sequence, At = at, Index = step.Index, LogStart = logStart, Name = name }, ct);

    private T? Find<T>(PlannedStep step) where T : JournalRecord => supervisor.Journal.OfType<T>().FirstOrDefault(record => record switch
    {
        ProcessStarted started => started.Index == step.Index,
        ProcessRefused refused => refused.Index == step.Index,
        ProcessExited exited => exited.Index == step.Index,
        _ => false,
    });

    private static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
