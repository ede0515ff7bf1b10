using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Environments;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Concurrency;
using PRTS.Grains.Environments;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Builds;

/// <summary>
/// Decides what becomes of a job. Each function returns the same instance when nothing changes, else the next state with
/// <see cref="JobState.Version"/> one higher. What must be done about a state follows from the state (<see cref="JobWork"/>), so
/// after a crash the same effects come out of it again.
/// </summary>
public static class JobLifecycle
{
    /// <summary>Larger outputs would make every write of the state slow. Characters of names and values together.</summary>
    public const int MaxOutputs = 32 * 1024;

    private const int MaxReason = 2000;

    /// <summary>Versions of a round are higher than all of the rounds before: also those that the build gives to jobs which it does not start.</summary>
    public static long FirstVersion(int round) => round * 1_000_000L;

    /// <summary>Of a job that was not started, as the plan has it; a plan with other jobs has higher ones.</summary>
    public static long PlannedVersion(int round, int generation) => FirstVersion(round) - Generations + Math.Min(generation, Generations);

    private const int Generations = 100_000;

    /// <summary>The first start, or a start anew of a job that has ended, by another attempt.</summary>
    public static JobState Start(JobState state, JobStart start, DateTimeOffset now) => state.Version > 0 && (!state.Status.IsEnded() || start.Round <= state.Round)
        ? state
        : Questioned(new()
        {
            Version = Math.Max(state.Version, FirstVersion(start.Round)) + 1,
            Status = RunStatus.Queued,
            Attempt = state.Attempt + 1,
            QueuedAt = now,
            Steps = Fresh(start.Job.Steps.Count),
            Group = start.Job.Concurrency?.Group,
            Environment = start.Job.Environment,
            Round = start.Round,
            Resume = start.Resume && state is { Status: RunStatus.Failed, Agent: { } agent } ? new() { Workspace = state.Resume?.Workspace ?? state.Attempt, Agent = agent } : null,
            Once = state.Status == RunStatus.Succeeded ? OnceSteps.Anew(state).Once : state.Once,
        }, start.Job);

    /// <summary>A person's word on a step that runs once; the same instance when nobody asks for it.</summary>
    public static JobState Answered(JobState state, PlannedJob job, int step, bool ran, string actor)
    {
        if (state.Status.IsEnded() || OnceSteps.Question(state, job)?.Step != step) return state;
        var next = OnceSteps.Answered(state, step, ran, actor);
        return Next(state, OnceSteps.Asks(next) ? Questioned(next, job) : next with { Status = RunStatus.Queued, Reason = null });
    }

    private static JobState Questioned(JobState state, PlannedJob job) =>
        OnceSteps.Question(state, job) is { } question ? state with { Status = RunStatus.Waiting, Reason = question.Reason } : state;

    /// <summary>The environment's word: the job goes on, waits, or ends because it never may.</summary>
    public static JobState Decided(JobState state, EnvironmentVerdict verdict, DateTimeOffset now)
    {
        if (state.Status.IsEnded() || state.Environment is null || state.Gate?.Admitted == true) return state;
        var gate = state.Gate ?? new() { Since = now };
        if (verdict.Refusal is { } refusal) return Next(state, End(state with { Gate = gate }, RunStatus.Failed, refusal, now));
        if (verdict.Admitted) return Next(state, state with { Gate = gate with { Admitted = true, Waits = null }, Status = RunStatus.Queued, Reason = null, ExpectedStartAt = null });
        return state.Gate is not null && state.Status == RunStatus.Waiting && state.Reason == verdict.WaitReason
            ? state
            : Next(state, state with { Gate = gate with { Waits = verdict.Waits }, Status = RunStatus.Waiting, Reason = verdict.WaitReason, ExpectedStartAt = verdict.ExpectedAt });
    }

    public static JobState Approve(JobState state, Approval approval) => state.Gate is not { Admitted: false } gate || state.Status.IsEnded()
        ? state
        : Next(state, state with { Gate = gate with { Approvals = [.. gate.Approvals, approval] } });

    public static JobState Reject(JobState state, Approval rejection) => state.Gate is not { Admitted: false } || state.Status.IsEnded()
        ? state
        : Next(state, End(state, RunStatus.Failed, $"{rejection.By} rejected the deployment to {state.Environment}{(rejection.Comment.Length > 0 ? $": {rejection.Comment.TrimEnd('.')}" : "")}.", rejection.At));

    /// <summary>It is the job's turn in its concurrency group.</summary>
    public static JobState Enter(JobState state) => state.Entered || state.Group is null || state.Status.IsEnded()
        ? state
        : Next(state, state with { Entered = true, Status = RunStatus.Queued, Reason = null, ExpectedStartAt = null });

    /// <summary>It has to wait for its turn.</summary>
    public static JobState Wait(JobState state, GroupAnswer answer) =>
        state.Entered || state.Status.IsEnded() || (state.Status == RunStatus.Waiting && state.Reason == answer.WaitReason && state.ExpectedStartAt == answer.ExpectedStartAt)
        ? state
        : Next(state, state with { Status = RunStatus.Waiting, Reason = answer.WaitReason, ExpectedStartAt = answer.ExpectedStartAt });

    /// <summary>Ends at once what no agent reports about; a running job goes on until its agent says that it stopped.</summary>
    public static JobState Cancel(JobState state, JobStart start, string reason, DateTimeOffset now)
    {
        var known = Start(state, start, now);
        if (known.Status.IsEnded() || known.CancelReason is not null) return state;
        var next = known.Status == RunStatus.Running ? known with { CancelReason = reason } : End(known, RunStatus.Canceled, reason, now);
        return next with { Version = Math.Max(known.Version, state.Version + 1) };
    }

    public static JobState Placed(JobState state, int attempt, Placement placement)
    {
        if (attempt != state.Attempt || state.Status is not (RunStatus.Queued or RunStatus.Waiting) || state.Agent is not null) return state;
        if (placement.Agent is { } agent) return Next(state, state with { Agent = agent, Status = RunStatus.Queued, Reason = null, NotBefore = null, ExpectedStartAt = null });
        // Nothing is decided yet; word follows within the second.
        if (placement.WaitReason is null) return state;
        return state.Status == RunStatus.Waiting && state.Reason == placement.WaitReason && state.ExpectedStartAt == placement.ExpectedStartAt
            ? state
            : Next(state, state with { Status = RunStatus.Waiting, Reason = placement.WaitReason, ExpectedStartAt = placement.ExpectedStartAt });
    }

    /// <summary>The agent said that it does not take the attempt: it never started there, so the same attempt may go elsewhere.</summary>
    public static JobState NotTaken(JobState state, int attempt, string agent) =>
        Holds(state, attempt, agent) && state.Status == RunStatus.Queued ? Next(state, state with { Agent = null }) : state;

    /// <summary>
    /// Nobody knows whether the agent got the start, and nothing was heard of the attempt: another number fences it off, so that it
    /// cannot report if it does run.
    /// </summary>
    public static JobState Unheard(JobState state, int attempt, string agent) =>
        Holds(state, attempt, agent) && state.Status == RunStatus.Queued
            ? Next(state, Again(state))
            : state;

    public static JobState AgentLost(JobState state, int attempt, string agent, string reason, PlannedJob job, DateTimeOffset now)
    {
        if (!Holds(state, attempt, agent)) return state;
        if (state.Status != RunStatus.Running) return Unheard(state, attempt, agent);
        return Next(state, state.CancelReason is { } canceled ? End(state, RunStatus.Canceled, canceled, now)
            : Retried(state, job, FailureCause.AgentLost, null, reason, now) ?? End(state, RunStatus.Failed, reason, now));
    }

    /// <summary>Applies what is new of the events, all at once. Those that were seen are dropped.</summary>
    /// <exception cref="InvalidOperationException">An event before these was never seen: the sender has to send it first.</exception>
    public static JobState Report(JobState state, IReadOnlyList<JobEvent> events, PlannedJob job, DateTimeOffset now)
    {
        var next = state;
        foreach (var happened in events)
        {
            if (happened.Sequence <= next.LastSequence || next.Status.IsEnded()) continue;
            if (next.Attempt != state.Attempt) break;
            if (happened.Sequence != next.LastSequence + 1)
                throw new InvalidOperationException($"Event {happened.Sequence} came before event {next.LastSequence + 1} was seen; send the events in order.");
            next = happened is JobEnded { Status: RunStatus.Failed } failed && state.CancelReason is null && Retried(next, job, failed.Cause, failed.ExitCode, failed.Reason, now) is { } again
                ? again
                : Apply(next, happened) with { LastSequence = happened.Sequence };
        }

        return ReferenceEquals(next, state) ? state : Next(state, next);
    }

    /// <summary>Whether reports of these events are still welcome: of the present attempt, or seen already.</summary>
    public static bool Accepts(JobState state, int attempt, string agent, IReadOnlyList<JobEvent> events) =>
        state.Version > 0 && state.Attempt == attempt && state.Agent == agent
        && (!state.Status.IsEnded() || events.All(happened => happened.Sequence <= state.LastSequence));

    public static bool Holds(JobState state, int attempt, string agent) =>
        state.Version > 0 && state.Attempt == attempt && state.Agent == agent && !state.Status.IsEnded();

    /// <summary>The next try; null when the rule has none.</summary>
    private static JobState? Retried(JobState state, PlannedJob job, FailureCause cause, int? exitCode, string? reason, DateTimeOffset now)
    {
        if (cause == FailureCause.AgentLost && OnceSteps.Lost(state, reason) is var lost && OnceSteps.IsUnknown(lost)) return Questioned(Again(lost), job);
        if (OnceSteps.Stops(state) || job.Retry is not { } retry || retry.Next(state.Retries, cause, exitCode) is not { } wait) return null;
        var when = wait > TimeSpan.Zero ? $"in {(wait < TimeSpan.FromMinutes(2) ? $"{wait.TotalSeconds:0} s" : $"{wait.TotalMinutes:0} min")}" : "now";
        return Again(state) with
        {
            Status = wait > TimeSpan.Zero ? RunStatus.Waiting : RunStatus.Queued,
            Retries = state.Retries + 1,
            NotBefore = wait > TimeSpan.Zero ? now + wait : null,
            ExpectedStartAt = wait > TimeSpan.Zero ? now + wait : null,
            Reason = Short($"Attempt {state.Attempt} failed{(reason is null ? "" : $" ({reason.TrimEnd('.')})")}; tried again {when}, retry {state.Retries + 1} of {retry.Count}."),
        };
    }

    /// <summary>The same job under another number, which fences off what the last one may still say.</summary>
    private static JobState Again(JobState state) =>
        state with { Attempt = state.Attempt + 1, Agent = null, Resume = null, LastSequence = 0, StartedAt = null, Steps = Fresh(state.Steps.Count) };

    private static JobState Apply(JobState state, JobEvent happened) => happened switch
    {
        JobStarted => Running(state, happened.At),
        StepClaimed claim => OnceSteps.Claimed(Running(state, claim.At), claim.Index),
        StepStarted step => WithStep(Running(state, step.At), step.Index, before => before with
        {
            Status = RunStatus.Running,
            StartedAt = step.At,
            LogStart = step.LogStart,
            Name = step.Name,
        }),
        StepEnded step => WithStep(OnceSteps.Ended(Running(state, step.At), step), step.Index, before => before with
        {
            Status = step.Status,
            FinishedAt = step.At,
            ExitCode = step.ExitCode,
            LogEnd = step.LogEnd,
            Reason = Short(step.Reason),
        }),
        JobEnded end => Ended(state, end),
        _ => state,
    };

    private static JobState Running(JobState state, DateTimeOffset at) => state.Status == RunStatus.Running
        ? state
        : state with { Status = RunStatus.Running, StartedAt = at, Reason = null };

    private static JobState Ended(JobState state, JobEnded end)
    {
        var size = end.Outputs?.Sum(output => output.Key.Length + output.Value.Length) ?? 0;
        var (status, reason) = (end.Status, Short(end.Reason));
        if (!status.IsEnded()) (status, reason) = (RunStatus.Failed, $"The agent ended the job with the status {status}, which is no end.");
        if (size > MaxOutputs && status == RunStatus.Succeeded)
            (status, reason) = (RunStatus.Failed, $"The job's outputs have {size} characters; the limit is {MaxOutputs}. Keep large results as an artifact.");
        if (status == RunStatus.Canceled) reason ??= state.CancelReason;
        return End(state, status, reason, end.At) with { Outputs = size <= MaxOutputs ? end.Outputs : null, LogLength = end.LogLength };
    }

    private static JobState End(JobState state, RunStatus status, string? reason, DateTimeOffset at) => state with
    {
        Status = status,
        Reason = reason,
        FinishedAt = at,
        CancelReason = null,
        Steps = [.. state.Steps.Select(step => step.Status.IsEnded() ? step
            : step.Status == RunStatus.Running ? step with { Status = status == RunStatus.Canceled ? RunStatus.Canceled : RunStatus.Failed, FinishedAt = at }
            : step with { Status = RunStatus.Skipped })],
    };

    private static JobState WithStep(JobState state, int index, Func<StepState, StepState> change) => index < 0 || index >= state.Steps.Count
        ? state
        : state with { Steps = [.. state.Steps.Select((step, at) => at == index ? change(step) : step)] };

    private static StepState[] Fresh(int count) => [.. Enumerable.Range(0, count).Select(_ => new StepState())];

    private static JobState Next(JobState before, JobState after) => after with { Version = before.Version + 1 };

    private static string? Short(string? reason) => reason is { Length: > MaxReason } ? reason[..MaxReason] + "…" : reason;
}
