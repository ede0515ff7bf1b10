using System.Globalization;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Concurrency;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Builds;
using PRTS.Storage.Variables;

namespace PRTS.Grains.Builds;

/// <summary>One build: the shell around <see cref="BuildLifecycle"/>.</summary>
[GrainType("build"), ServersOnly]
public sealed partial class BuildGrain : Grain, IBuildGrain
{
    /// <summary>Commands to jobs under way at once.</summary>
    private const int Batch = 32;
    private readonly Cell<BuildState> cell;
    private readonly UsualTimes times;
    private readonly PlanStore plans;
    private readonly VariablesStore variables;
    private readonly BuildNews news;
    private readonly TimeProvider time;
    private readonly ILogger<BuildGrain> log;
    private readonly Pump work;
    private readonly Pump tell;
    private readonly BuildId id;

    /// <summary>Jobs that got their command, and whether it was a cancel. Forgotten at a crash, and when the build is woken.</summary>
    private readonly Dictionary<string, bool> commanded = new(StringComparer.Ordinal);
    private Blueprint? plan;

    /// <summary>How long jobs of this pipeline usually take, by key.</summary>
    private IReadOnlyDictionary<string, TimeSpan>? usual;

    /// <summary>The concurrency group was asked for a turn, or was left.</summary>
    private (bool Asked, bool Left) group;

    public BuildGrain(
        [PersistentState("state", "prts")] IPersistentState<BuildState> state, BuildsReadModel builds, UsualTimes times, PlanStore plans, VariablesStore variables,
        TimeProvider time, ILogger<BuildGrain> log)
    {
        (this.times, this.plans, this.variables, this.time, this.log) = (times, plans, variables, time, log);
        id = BuildId.FromKey(this.GetPrimaryKeyString());
        cell = new(state);
        news = new(builds, new BuildStream(this, id.Project.Tenant, log), id);
        work = new(this, Work, (failure, pause) => LogWorkFailed(failure, id, pause));
        tell = new(this, async () => await news.Tell(cell.Value, (await Plan())?.Plan), (failure, pause) => LogTellFailed(failure, id, pause));
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        cell.Load();
        if (cell.Value.Version > 0) Continue();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.WhenAll(work.Stop(), tell.Stop());

    public async Task Create(BuildRequest request)
    {
        if (cell.Value.Version > 0) return;
        if (request.Plan is not null)
        {
            var given = ProjectVariables.OfBuild(await variables.Reaching(id.Project), request.Event.Branch);
            await plans.Save(id, request.Plan, given);
            plan = new(id, request.Plan, given);
        }

        await Change(state => BuildLifecycle.Create(state, request, plan));
    }

    public Task Wake()
    {
        if (cell.Value.Version == 0 || cell.Value.Status.IsEnded()) return Task.CompletedTask;
        commanded.Clear();
        group = default;
        Continue();
        return Task.CompletedTask;
    }

    public async Task Cancel(string actor, string reason)
    {
        if (await Plan() is not { } known) return;
        var why = string.IsNullOrWhiteSpace(reason) ? $"Canceled by {actor}." : $"Canceled by {actor}: {reason.TrimEnd('.')}.";
        await Change(state => BuildLifecycle.Cancel(state, known, why, time.GetUtcNow()));
    }

    public async Task<string?> Rerun(string actor, IReadOnlyList<string>? jobs, bool fromFailedStep)
    {
        if (await Plan() is not { } known) return $"{id} has no jobs.";
        if (BuildLifecycle.WhyNoRerun(cell.Value, known, jobs, fromFailedStep) is { } problem) return $"{id} {problem}";
        commanded.Clear();
        await Change(state => BuildLifecycle.Rerun(state, known, jobs, actor, time.GetUtcNow(), fromFailedStep));
        // Who asked looks at the read model next, and must not find that the build has ended.
        await tell.Settled();
        return null;
    }

    public async Task<bool> GroupTurn()
    {
        if (await Plan() is { } known) await Change(state => BuildLifecycle.Enter(state, known, time.GetUtcNow()));
        return await InGroup();
    }

    public Task<bool> InGroup() => Task.FromResult(cell.Value.Group is not null && !cell.Value.Status.IsEnded());

    public async Task Supersede(string by)
    {
        if (await Plan() is { } known)
            await Change(state => BuildLifecycle.Cancel(state, known, $"Canceled because {by} took its place in the concurrency group {state.Group}.", time.GetUtcNow()));
    }

    public async Task<GenerateResult> Generate(GenerateJobs request)
    {
        if (await Plan() is not { } known || !known.Has(request.Origin.Job)) return new() { Problem = $"{id} has no job '{request.Origin.Job}'." };
        if (cell.Value.Jobs.GetValueOrDefault(request.Origin.Job) is not { } job || job.Status.IsEnded()) return new() { Problem = $"{request.Origin.Job} does not run." };
        var (changed, errors) = GeneratedJobs.Add(known.Plan, request.Origin, request.File, request.Content, cell.Value.Request!.Event);
        if (errors.Count > 0) return new() { Errors = errors };
        await Replan(changed);
        return new() { Jobs = [.. changed.Jobs.Where(one => one.Origin == request.Origin).Select(one => one.Name)] };
    }

    /// <summary>The plan first: what the state tells of is in it.</summary>
    private async Task Replan(BuildPlan changed)
    {
        await plans.Replace(id, changed);
        plan = new(id, changed, await plans.Variables(id));
        await Change(state => BuildLifecycle.Replanned(state, plan, time.GetUtcNow()));
    }

    public async Task JobChanged(JobSummary job)
    {
        // Before its end counts: what an earlier attempt generated must not follow it.
        if (job.Status.IsEnded() && await Plan() is { } before && GeneratedJobs.OfAttempt(before.Plan, job.Key, job.Attempt) is var own && !ReferenceEquals(own, before.Plan))
            await Replan(own);
        if (await Plan() is { } known) await Change(state => BuildLifecycle.JobChanged(state, known, job, time.GetUtcNow()));
    }

    public async Task<BuildSummary?> Get() => cell.Value.Version == 0 ? null
        : await Plan() is { } known ? BuildSummaries.Of(id, cell.Value, known.Plan, _ => true)
        : BuildSummaries.Of(id, cell.Value);

    public async Task<BuildRequest?> Definition() => cell.Value.Request is { } request ? request with { Plan = await Plan() is { } known ? GeneratedJobs.Strip(known.Plan) : null } : null;

    private void Continue()
    {
        work.Kick();
        tell.Kick();
    }

    private async Task Change(Func<BuildState, BuildState> decide)
    {
        var ended = cell.Value.Status.IsEnded();
        if (!await cell.Change(decide)) return;
        if (!ended && cell.Value.Status.IsEnded()) BuildTrace.Record(id, cell.Value);
        Continue();
    }

    /// <summary>Null when the build does not exist or is invalid.</summary>
    private async ValueTask<Blueprint?> Plan()
    {
        if (plan is not null || cell.Value.Version == 0 || cell.Value.Status == RunStatus.Invalid || cell.Value.Request?.SkipReason is not null) return plan;
        var loaded = await plans.Load(id) ?? throw new InvalidOperationException($"The plan of {id} is not in the plan store.");
        return plan = new(id, loaded, await plans.Variables(id));
    }

    private async Task<TimeSpan?> Work()
    {
        var state = cell.Value;
        if (state.Group is not null && await GroupWork(state)) return TimeSpan.Zero;
        if (state.Status.IsEnded()) return null;
        var due = state.Jobs.Where(job => !job.Value.Status.IsEnded() && !(commanded.TryGetValue(job.Key, out var canceled) && canceled == IsCanceled(state, job.Value)))
            .Select(job => job.Key).ToList();
        if (due.Count == 0) return null;
        var known = (await Plan())!;
        usual ??= await times.OfJobs(id.Project, state.Request!.File);
        var now = time.GetUtcNow();
        var starts = due.OrderByDescending(key => known[key].Priority).ThenBy(known.PositionOf).Take(Batch).Select(key => Start(state, known, key, now)).ToList();
        var together = starts.Count(start => Asks(state, start));
        await Task.WhenAll(starts.Select(start => Command(state, known, Asks(state, start) ? start with { Together = together } : start)));
        return TimeSpan.Zero;
    }

    /// <summary>Whether the job asks for a slot at once: nothing else keeps it.</summary>
    private static bool Asks(BuildState state, JobStart start) =>
        !IsCanceled(state, state.Jobs[start.Job.Key]) && start.Job is { Concurrency: null, Environment: null } && !start.Job.Steps.Any(step => step.Once);

    /// <summary>Asks the concurrency group for a turn, or leaves it; false when there is nothing to say.</summary>
    private async Task<bool> GroupWork(BuildState state)
    {
        var grain = GrainFactory.ConcurrencyGroup(GroupKeys.OfBuilds(id.Project, state.Group!));
        if (state.Status.IsEnded())
        {
            if (group.Left) return false;
            await grain.Leave(id.Key);
            group.Left = true;
            return true;
        }

        if (state.Entered || group.Asked) return false;
        group = (Asked: true, Left: false);
        try
        {
            var known = (await Plan())!;
            var answer = await grain.Enter(new()
            {
                Member = id.Key,
                Name = $"build #{id.Number.ToString(CultureInfo.InvariantCulture)}",
                CancelInProgress = known.Plan.Concurrency!.CancelInProgress,
                Usual = await times.OfBuild(id.Project, state.Request!.File),
            });
            await Change(now => answer.Entered ? BuildLifecycle.Enter(now, known, time.GetUtcNow()) : BuildLifecycle.Wait(now, answer));
            return true;
        }
        catch
        {
            group.Asked = false;
            throw;
        }
    }

    private static bool IsCanceled(BuildState state, BuildJob job) => (state.CancelReason ?? job.CancelReason) is not null;

    private JobStart Start(BuildState state, Blueprint known, string key, DateTimeOffset ready) =>
        JobStarts.Of(state, known, key) with { Usual = usual!.TryGetValue(key, out var took) ? took : null, ReadyAt = ready };

    private async Task Command(BuildState state, Blueprint known, JobStart start)
    {
        var key = start.Job.Key;
        var job = GrainFactory.Job(new(id, key));
        var reason = state.CancelReason ?? state.Jobs[key].CancelReason;
        var answer = reason is not null ? await job.Cancel(start, reason) : await job.Start(start);
        commanded[key] = reason is not null;
        // Of its end the job tells when that can be read: a build that ends sooner would leave it behind if it died just then.
        if (!answer.Status.IsEnded()) await Change(now => BuildLifecycle.JobChanged(now, known, answer, time.GetUtcNow()));
    }
}
