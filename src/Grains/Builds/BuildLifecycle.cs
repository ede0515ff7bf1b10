using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Concurrency;
using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Builds;

/// <summary>
/// Decides which jobs of a build start, and how the build ends. Each function returns the same instance when nothing changes, else
/// the next state with <see cref="BuildState.Version"/> one higher. What must be done follows from the state: jobs with the status
/// queued are to be started (or canceled, when the build or the job has a reason for that), and a build that has a concurrency group and
/// did not enter it is to ask for its turn.
/// </summary>
public static class BuildLifecycle
{
    public static BuildState Create(BuildState state, BuildRequest request, Blueprint? plan)
    {
        if (state.Version > 0) return state;
        var created = new BuildState
        {
            Status = RunStatus.Queued,
            Request = request with { Plan = null, Event = request.Event with { ChangedPaths = null } },
        };
        if (request.SkipReason is { } skip) return created with { Version = 1, Status = RunStatus.Skipped, FinishedAt = request.CreatedAt, Reason = skip };
        if (plan is not null) return Planned(state, created, plan);
        var count = request.Diagnostics.Count;
        return created with
        {
            Version = 1,
            Status = RunStatus.Invalid,
            FinishedAt = request.CreatedAt,
            Reason = $"{request.File} has {(count == 1 ? "an error" : $"{count} errors")}.",
        };
    }

    /// <summary>It is the build's turn in its concurrency group.</summary>
    public static BuildState Enter(BuildState state, Blueprint plan, DateTimeOffset now) => state.Entered || state.Group is null || state.Status.IsEnded()
        ? state
        : Advance(state, state with { Entered = true, Status = RunStatus.Queued, Reason = null, ExpectedStartAt = null }, plan, now);

    /// <summary>It has to wait for its turn.</summary>
    public static BuildState Wait(BuildState state, GroupAnswer answer) =>
        state.Entered || state.Status.IsEnded() || (state.Reason == answer.WaitReason && state.ExpectedStartAt == answer.ExpectedStartAt)
        ? state
        : state with { Version = state.Version + 1, Status = RunStatus.Waiting, Reason = answer.WaitReason, ExpectedStartAt = answer.ExpectedStartAt };

    public static BuildState Cancel(BuildState state, Blueprint plan, string reason, DateTimeOffset now) =>
        state.Version == 0 || state.Status.IsEnded() || state.CancelReason is not null
            ? state
            : Advance(state, state with { CancelReason = reason }, plan, now);

    /// <summary>What keeps these jobs from being run again, as the rest of a sentence; null: nothing.</summary>
    public static string? WhyNoRerun(BuildState state, Blueprint plan, IReadOnlyList<string>? jobs, bool fromFailedStep = false) =>
        !state.Status.IsEnded() ? "has not ended; jobs are run again when all of it has."
        : jobs?.FirstOrDefault(key => !plan.Jobs.Any(job => job.Key == key)) is { } unknown ? $"has no job '{unknown}'."
        : Again(state, jobs).Count == 0 ? "has no job that failed or was canceled."
        : fromFailedStep && Failed(state, jobs).Count == 0 ? "has no such job that failed in a step; run it again from its beginning."
        : null;

    /// <summary>These jobs, or those that failed or were canceled, wait anew, with all that needs them; what the others made stays.</summary>
    public static BuildState Rerun(BuildState state, Blueprint plan, IReadOnlyList<string>? jobs, string actor, DateTimeOffset now, bool fromFailedStep = false)
    {
        if (WhyNoRerun(state, plan, jobs, fromFailedStep) is not null) return state;
        var again = Again(state, jobs);
        // Until nobody is added: a job may stand before one that it needs.
        for (var before = 0; before < again.Count;)
        {
            before = again.Count;
            again.UnionWith(plan.Jobs.Where(job => job.Needs.Any(again.Contains)).Select(job => job.Key).ToList());
        }

        return Advance(state, state with
        {
            Status = RunStatus.Queued,
            Round = state.Round + 1,
            RerunBy = actor,
            Resumed = fromFailedStep ? Failed(state, jobs) : [],
            FinishedAt = null,
            Reason = null,
            CancelReason = null,
            Entered = false,
            Jobs = state.Jobs.Where(job => !again.Contains(job.Key)).ToDictionary(job => job.Key, job => job.Value, StringComparer.Ordinal),
        }, plan, now);
    }

    private static List<string> Failed(BuildState state, IReadOnlyList<string>? jobs) =>
        [.. Again(state, jobs).Where(key => state.Jobs.GetValueOrDefault(key) is { Status: RunStatus.Failed, Unstarted: false })];

    private static HashSet<string> Again(BuildState state, IReadOnlyList<string>? jobs) =>
        (jobs ?? [.. state.Jobs.Where(job => job.Value.Status is RunStatus.Failed or RunStatus.Canceled).Select(job => job.Key)]).ToHashSet(StringComparer.Ordinal);

    /// <summary>The plan has other jobs than before. Those that are gone did not start in this round: they wait for the job that generates.</summary>
    public static BuildState Replanned(BuildState state, Blueprint plan, DateTimeOffset now) => state.Status.IsEnded() ? state : Advance(state, state with
    {
        Generation = state.Generation + 1,
        Jobs = state.Jobs.Where(job => plan.Has(job.Key)).ToDictionary(job => job.Key, job => job.Value, StringComparer.Ordinal),
    }, plan, now);

    public static BuildState JobChanged(BuildState state, Blueprint plan, JobSummary job, DateTimeOffset now)
    {
        if (state.Status.IsEnded() || !state.Jobs.TryGetValue(job.Key, out var known) || known.Status.IsEnded() || job.Round != known.Round) return state;
        if (job.Status.IsEnded())
        {
            var ended = new BuildJob { Status = job.Status, Reason = job.Reason, Outputs = job.Outputs, Round = known.Round };
            var next = state with
            {
                Jobs = new Dictionary<string, BuildJob>(state.Jobs, StringComparer.Ordinal) { [job.Key] = ended },
                StartedAt = Earlier(state.StartedAt, job.StartedAt),
            };
            return Advance(state, FailFast(next, plan, job.Key), plan, now);
        }

        // Written only when it changes what the build shows: progress of single jobs is in the read model.
        return job.Status switch
        {
            RunStatus.Running when state.Status != RunStatus.Running =>
                state with { Version = state.Version + 1, Status = RunStatus.Running, StartedAt = Earlier(state.StartedAt, job.StartedAt ?? now) },
            RunStatus.Waiting when state.Status == RunStatus.Queued => state with { Version = state.Version + 1, Status = RunStatus.Waiting },
            _ => state,
        };
    }

    private static BuildState Planned(BuildState before, BuildState created, Blueprint plan)
    {
        var now = created.Request!.CreatedAt;
        if (plan.Plan.Concurrency is not { } concurrency) return Advance(before, created, plan, now);
        try
        {
            return Advance(before, created with { Group = JobConditions.GroupOf(created.Request!, plan, concurrency) }, plan, now);
        }
        catch (ExpressionException wrong)
        {
            var reason = $"The build cannot start: {wrong.Message}.";
            var jobs = plan.Jobs.ToDictionary(job => job.Key, _ => new BuildJob { Status = RunStatus.Skipped, Unstarted = true, Reason = reason }, StringComparer.Ordinal);
            return created with { Version = 1, Status = RunStatus.Failed, Jobs = jobs, Reason = reason, FinishedAt = now };
        }
    }

    /// <summary>A job of a matrix that failed ends the others of its matrix that have not.</summary>
    private static BuildState FailFast(BuildState state, Blueprint plan, string key)
    {
        var failed = plan[key];
        if (state.Jobs[key].Status != RunStatus.Failed || failed is not { AllowFailure: false, Matrix: { FailFast: true, Group: var group } }) return state;
        var jobs = new Dictionary<string, BuildJob>(state.Jobs, StringComparer.Ordinal);
        var reason = $"Canceled because {failed.Name} failed, and the matrix is fail_fast.";
        foreach (var other in plan.Jobs.Where(job => job.Matrix?.Group == group && job.Stage == failed.Stage))
        {
            if (!jobs.TryGetValue(other.Key, out var known)) jobs.Add(other.Key, new() { Status = RunStatus.Canceled, Unstarted = true, Reason = reason, Round = state.Round });
            else if (!known.Status.IsEnded()) jobs[other.Key] = known with { CancelReason = known.CancelReason ?? reason };
        }

        return state with { Jobs = jobs };
    }

    /// <summary>Lets everything follow that can follow now: jobs that may start or that are skipped, and the end of the build.</summary>
    private static BuildState Advance(BuildState before, BuildState state, Blueprint plan, DateTimeOffset now)
    {
        var jobs = new Dictionary<string, BuildJob>(state.Jobs, StringComparer.Ordinal);
        var moved = true;
        while (moved)
        {
            moved = false;
            foreach (var job in plan.Jobs)
            {
                if (jobs.ContainsKey(job.Key)) continue;
                if (Decide(state, plan, job, jobs) is not { } decided) continue;
                jobs.Add(job.Key, decided with { Round = state.Round });
                // Only what ended at once can let others follow in this round.
                moved |= decided.Status.IsEnded();
            }
        }

        var next = state with { Version = before.Version + 1, Jobs = jobs };
        return jobs.Count == plan.Jobs.Count && jobs.Values.All(job => job.Status.IsEnded()) ? Finish(next, plan, now) : next;
    }

    /// <summary>Null while something that it needs has not ended.</summary>
    private static BuildJob? Decide(BuildState state, Blueprint plan, PlannedJob job, Dictionary<string, BuildJob> jobs)
    {
        if (state.CancelReason is { } canceled) return new() { Status = RunStatus.Canceled, Unstarted = true, Reason = canceled };
        if (state.Group is not null && !state.Entered) return null;
        if (job.Matrix is { MaxParallel: > 0 } matrix && UnderWay(plan, job, jobs) >= matrix.MaxParallel) return null;
        // From the last: of jobs in a row, the nearest one is the one that has not ended.
        for (var at = job.Needs.Count - 1; at >= 0; at--)
        {
            if (!jobs.TryGetValue(job.Needs[at], out var need) || !need.Status.IsEnded()) return null;
        }

        var verdict = JobConditions.Evaluate(state.Request!, plan, job, jobs);
        return verdict.Status == RunStatus.Queued ? new() { Status = RunStatus.Queued } : new() { Status = verdict.Status, Unstarted = true, Reason = verdict.Reason };
    }

    private static int UnderWay(Blueprint plan, PlannedJob job, Dictionary<string, BuildJob> jobs) => plan.Jobs.Count(other =>
        other.Matrix?.Group == job.Matrix!.Group && other.Stage == job.Stage && jobs.TryGetValue(other.Key, out var known) && !known.Status.IsEnded());

    /// <summary>
    /// Canceled when someone canceled it in time to stop a job, else failed when a job that may not fail did, else succeeded. A build
    /// whose jobs were all skipped succeeded: nothing was to be done and nothing went wrong, which is what scripts that wait for it ask.
    /// </summary>
    private static BuildState Finish(BuildState state, Blueprint plan, DateTimeOffset now)
    {
        var failed = plan.Jobs.Where(job => state.Jobs[job.Key].Status == RunStatus.Failed && !job.AllowFailure).ToList();
        var canceled = state.Jobs.Values.Any(job => job.Status == RunStatus.Canceled);
        var (status, reason) =
            canceled && (state.CancelReason is not null || failed.Count == 0) ? (RunStatus.Canceled, state.CancelReason ?? "A job was canceled.")
            : failed.Count > 0 ? (RunStatus.Failed, WhyFailed(state, failed))
            : state.Jobs.Values.All(job => job.Status == RunStatus.Skipped) ? (RunStatus.Succeeded, "No job had to run: all of them were skipped.")
            : (RunStatus.Succeeded, null);
        return state with { Status = status, Reason = reason, FinishedAt = now };
    }

    private static string WhyFailed(BuildState state, List<PlannedJob> failed)
    {
        var why = state.Jobs[failed[0].Key].Reason is { } reason ? $": {reason}" : ".";
        return failed.Count == 1 ? $"{failed[0].Name} failed{why}" : $"{failed.Count} jobs failed, first of them {failed[0].Name}{why}";
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? known, DateTimeOffset? other) => known is null || other < known ? other ?? known : known;
}
