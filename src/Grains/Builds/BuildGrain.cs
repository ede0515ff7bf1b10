using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Storage.Builds;

namespace PRTS.Grains.Builds;

/// <summary>One build: the shell around <see cref="BuildLifecycle"/>.</summary>
[GrainType("build"), ServersOnly]
public sealed partial class BuildGrain : Grain, IBuildGrain
{
    /// <summary>Commands to jobs under way at once.</summary>
    private const int Batch = 32;
    private readonly Cell<BuildState> cell;
    private readonly PlanStore plans;
    private readonly BuildNews news;
    private readonly TimeProvider time;
    private readonly ILogger<BuildGrain> log;
    private readonly Pump work;
    private readonly Pump tell;
    private readonly BuildId id;

    /// <summary>Jobs that got their command, and whether it was a cancel. Forgotten at a crash, and when the build is woken.</summary>
    private readonly Dictionary<string, bool> commanded = new(StringComparer.Ordinal);
    private Blueprint? plan;

    public BuildGrain(
        [PersistentState("state", "prts")] IPersistentState<BuildState> state, BuildsReadModel builds, PlanStore plans, TimeProvider time, ILogger<BuildGrain> log)
    {
        (this.plans, this.time, this.log) = (plans, time, log);
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
        if (request.Plan is not null) await plans.Save(id, request.Plan);
        plan = request.Plan is null ? null : new(id, request.Plan);
        await Change(state => BuildLifecycle.Create(state, request, plan));
    }

    public Task Wake()
    {
        if (cell.Value.Version == 0 || cell.Value.Status.IsEnded()) return Task.CompletedTask;
        commanded.Clear();
        Continue();
        return Task.CompletedTask;
    }

    public async Task Cancel(string actor, string reason)
    {
        if (await Plan() is not { } known) return;
        var why = string.IsNullOrWhiteSpace(reason) ? $"Canceled by {actor}." : $"Canceled by {actor}: {reason.TrimEnd('.')}.";
        await Change(state => BuildLifecycle.Cancel(state, known, why, time.GetUtcNow()));
    }

    public async Task JobChanged(JobSummary job)
    {
        if (await Plan() is { } known) await Change(state => BuildLifecycle.JobChanged(state, known, job, time.GetUtcNow()));
    }

    public async Task<BuildSummary?> Get() => cell.Value.Version == 0 ? null
        : await Plan() is { } known ? BuildSummaries.Of(id, cell.Value, known.Plan, _ => true)
        : BuildSummaries.Of(id, cell.Value);

    public async Task<BuildRequest?> Definition() => cell.Value.Request is { } request ? request with { Plan = (await Plan())?.Plan } : null;

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
        if (plan is not null || cell.Value.Version == 0 || cell.Value.Status == RunStatus.Invalid) return plan;
        return plan = new(id, await plans.Load(id) ?? throw new InvalidOperationException($"The plan of {id} is not in the plan store."));
    }

    private async Task<TimeSpan?> Work()
    {
        var state = cell.Value;
        if (state.Status.IsEnded()) return null;
        var cancel = state.CancelReason is not null;
        var due = state.Jobs.Where(job => !job.Value.Status.IsEnded() && !(commanded.TryGetValue(job.Key, out var canceled) && canceled == cancel))
            .Select(job => job.Key).Take(Batch).ToList();
        if (due.Count == 0) return null;
        var known = await Plan();
        await Task.WhenAll(due.Select(key => Command(state, known!, key)));
        return TimeSpan.Zero;
    }

    private async Task Command(BuildState state, Blueprint known, string key)
    {
        var start = JobStarts.Of(state, known, key);
        var job = GrainFactory.Job(new(id, key));
        var answer = state.CancelReason is { } reason ? await job.Cancel(start, reason) : await job.Start(start);
        commanded[key] = state.CancelReason is not null;
        await Change(now => BuildLifecycle.JobChanged(now, known, answer, time.GetUtcNow()));
    }
}
