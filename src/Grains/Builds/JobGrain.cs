using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Environments;
using PRTS.Contracts;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Grains.Environments;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Builds;
using PRTS.Storage.Environments;

namespace PRTS.Grains.Builds;

/// <summary>One job: the shell around <see cref="JobLifecycle"/>. Its work with agents and its news to the build go on beside its calls.</summary>
[GrainType("job"), ServersOnly]
public sealed partial class JobGrain : Grain, IJobGrain
{
    private static readonly TimeSpan CancelAgain = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private readonly Cell<JobDefinition> definition;
    private readonly Cell<JobState> cell;
    private readonly JobDispatch dispatch;
    private readonly JobNews news;
    private readonly AttemptTokens tokens;
    private readonly EnvironmentsStore environments;
    private readonly TimeProvider time;
    private readonly ILogger<JobGrain> log;
    private readonly Pump work;
    private readonly Pump tell;
    private readonly JobId id;
    private JobMemory memory = new();

    public JobGrain(
        [PersistentState("definition", "prts")] IPersistentState<JobDefinition> definition,
        [PersistentState("state", "prts")] IPersistentState<JobState> state,
        BuildsReadModel builds,
        EnvironmentsStore environments,
        AttemptTokens tokens,
        GrainsOptions options,
        TimeProvider time,
        ILogger<JobGrain> log)
    {
        (this.environments, this.tokens, this.time, this.log) = (environments, tokens, time, log);
        id = JobId.FromKey(this.GetPrimaryKeyString());
        this.definition = new(definition);
        cell = new(state);
        dispatch = new(GrainFactory, tokens, options, id);
        news = new(GrainFactory, new BuildStream(this, id.Build.Project.Tenant, log), builds, environments, id);
        work = new(this, Work, (failure, pause) => LogWorkFailed(failure, id, pause));
        tell = new(this, () => news.Tell(Summary(), Deployments.Of(this.definition.Value.Start!, cell.Value, id.Build.Number)), (failure, pause) => LogTellFailed(failure, id, pause));
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        definition.Load();
        cell.Load();
        if (cell.Value.Version > 0) Continue();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.WhenAll(work.Stop(), tell.Stop());

    public async Task<JobSummary> Start(JobStart start)
    {
        await Define(start);
        if (await Change(state => JobLifecycle.Start(state, start, start.ReadyAt ?? time.GetUtcNow()))) return Summary();
        // A build that says it again was woken: whoever held our place in the queue may have forgotten it.
        if (!cell.Value.Status.IsEnded()) memory = memory with { Asked = false, AskedGroup = false, CheckedEnvironment = false };
        news.TellAgain();
        Continue();
        return Summary();
    }

    public async Task<JobSummary> Cancel(JobStart start, string reason)
    {
        await Define(start);
        if (await Change(state => JobLifecycle.Cancel(state, start, reason, time.GetUtcNow()))) return Summary();
        news.TellAgain();
        Continue();
        return Summary();
    }

    public async Task Placed(int attempt, Placement placement)
    {
        var changed = await Change(state => JobLifecycle.Placed(state, attempt, placement));
        if (changed || placement.Agent is not { } agent) return;
        if (!JobLifecycle.Holds(cell.Value, attempt, agent))
        {
            // The slot is kept for nothing: the job ended, or goes on elsewhere.
            memory = memory with { Releases = [.. memory.Releases.Append(attempt).Distinct()] };
        }
        else
        {
            memory = memory with { Delivered = false };
        }

        work.Kick();
    }

    public async Task<bool> Report(string token, IReadOnlyList<JobEvent> events)
    {
        if (tokens.Read(token) is not { } holder || holder.Attempt.Job != id || !JobLifecycle.Accepts(cell.Value, holder.Attempt.Number, holder.Agent, events))
        {
            LogFenced(id, cell.Value.Attempt, events.Count);
            return false;
        }

        // Whoever reports has got the assignment.
        memory = memory with { Delivered = true };
        await Change(state => JobLifecycle.Report(state, events, Job, time.GetUtcNow()));
        return true;
    }

    public Task AgentLost(int attempt, string agent, string reason) =>
        Change(state => JobLifecycle.AgentLost(state, attempt, agent, reason, Job, time.GetUtcNow()));

    public Task<bool> Holds(int attempt, string agent) => Task.FromResult(JobLifecycle.Holds(cell.Value, attempt, agent));

    public Task<JobStart?> Assigned(int attempt, string agent) => Task.FromResult(JobLifecycle.Holds(cell.Value, attempt, agent) ? definition.Value.Start : null);

    public async Task<string?> Decide(string actor, bool approves, string comment)
    {
        if (cell.Value.Gate is not { Admitted: false } gate || cell.Value.Status.IsEnded() || cell.Value.Environment is not { } environment)
            return $"{id} does not wait for an approval.";
        var settings = await environments.Settings(id.Build.Project, environment);
        if (EnvironmentRules.WhyNot(environment, settings, definition.Value.Start!, gate, actor) is { } problem) return problem;
        var word = new Approval { By = actor, At = time.GetUtcNow(), Comment = comment };
        memory = memory with { CheckedEnvironment = false };
        return await Change(state => approves ? JobLifecycle.Approve(state, word) : JobLifecycle.Reject(state, word)) ? null : $"{id} does not wait for an approval any more.";
    }

    public async Task<string?> Answer(string actor, int step, bool ran) =>
        cell.Value.Version > 0 && await Change(state => JobLifecycle.Answered(state, Job, step, ran, actor)) ? null : $"{id} does not ask about step {step}.";

    public async Task<bool> GroupTurn()
    {
        await Change(JobLifecycle.Enter);
        return await InGroup();
    }

    public Task<bool> InGroup() => Task.FromResult(cell.Value.Group is not null && !cell.Value.Status.IsEnded());

    public Task Supersede(string by) => cell.Value.Version == 0 ? Task.CompletedTask : Change(state =>
        JobLifecycle.Cancel(state, definition.Value.Start!, $"Canceled because {by} took its place in the concurrency group {state.Group}.", time.GetUtcNow()));

    private PlannedJob Job => definition.Value.Start!.Job;

    private JobSummary Summary() => Summaries.Of(definition.Value.Start!, cell.Value);

    private Task Define(JobStart start) => definition.Change(known => known.Start is null || known.Start.Round < start.Round ? new() { Start = start } : known);

    private async Task<bool> Change(Func<JobState, JobState> decide)
    {
        var before = cell.Value;
        if (!await cell.Change(decide)) return false;
        if (before.Attempt > 0 && before.Attempt != cell.Value.Attempt)
            memory = new() { Releases = [.. memory.Releases, before.Attempt] };
        Continue();
        return true;
    }

    private void Continue()
    {
        work.Kick();
        tell.Kick();
    }

    private async Task<TimeSpan?> Work()
    {
        var state = cell.Value;
        switch (JobWork.Next(state, memory))
        {
            case JobEffect.Release:
                var attempt = memory.Releases.Count > 0 ? memory.Releases[0] : state.Attempt;
                await dispatch.Release(attempt);
                memory = memory with { Releases = [.. memory.Releases.Where(over => over != attempt)], Released = state.Status.IsEnded() && attempt == state.Attempt };
                return TimeSpan.Zero;
            case JobEffect.CheckEnvironment:
                return await CheckEnvironment(state);
            case JobEffect.Enter:
                memory = memory with { AskedGroup = true };
                await Enter(state.Group!);
                return TimeSpan.Zero;
            case JobEffect.Leave:
                await dispatch.Leave(state.Group!);
                memory = memory with { LeftGroup = true };
                return TimeSpan.Zero;
            case JobEffect.Ask when state.NotBefore > time.GetUtcNow():
                return state.NotBefore - time.GetUtcNow();
            case JobEffect.Ask when memory.AskAt is { } at && at > time.GetUtcNow():
                return at - time.GetUtcNow();
            case JobEffect.Ask:
                memory = memory with { Asked = true, AskAt = null };
                await Ask(state);
                return TimeSpan.Zero;
            case JobEffect.Deliver:
                return await Deliver(state, state.Agent!);
            case JobEffect.Cancel:
                await dispatch.Cancel(state);
                return CancelAgain;
            default:
                return null;
        }
    }

    private async Task<TimeSpan?> CheckEnvironment(JobState state)
    {
        var settings = await environments.Settings(id.Build.Project, state.Environment!);
        var now = time.GetUtcNow();
        var verdict = EnvironmentRules.Decide(state.Environment!, settings, definition.Value.Start!, state.Gate ?? new() { Since = now }, now);
        memory = memory with { CheckedEnvironment = true };
        await Change(known => JobLifecycle.Decided(known, verdict, now));
        if (verdict.Waits?.NotBefore is not { } until) return TimeSpan.Zero;
        memory = memory with { CheckedEnvironment = false };
        return until - now;
    }

    private async Task Enter(string group)
    {
        try
        {
            var answer = await dispatch.Enter(definition.Value.Start!, group);
            await Change(now => answer.Entered ? JobLifecycle.Enter(now) : JobLifecycle.Wait(now, answer));
        }
        catch
        {
            memory = memory with { AskedGroup = false };
            throw;
        }
    }

    private async Task Ask(JobState state)
    {
        try
        {
            var placement = await dispatch.Ask(definition.Value.Start!, state);
            await Change(now => JobLifecycle.Placed(now, state.Attempt, placement));
        }
        catch
        {
            memory = memory with { Asked = false };
            throw;
        }
    }

    private async Task<TimeSpan?> Deliver(JobState state, string agent)
    {
        bool taken;
        try
        {
            taken = await dispatch.Deliver(definition.Value.Start!, state);
        }
        catch (Exception unknown) when (state.Status == RunStatus.Queued && memory.Unknown + 1 >= JobWork.MaxUnknown)
        {
            LogUnheard(unknown, id, state.Attempt, agent);
            await Change(now => JobLifecycle.Unheard(now, state.Attempt, agent));
            return TimeSpan.Zero;
        }
        catch
        {
            memory = memory with { Unknown = memory.Unknown + 1 };
            throw;
        }

        if (!JobLifecycle.Holds(cell.Value, state.Attempt, agent)) return TimeSpan.Zero;
        if (taken)
        {
            memory = memory with { Delivered = true, Unknown = 0, Refusals = 0 };
            return TimeSpan.Zero;
        }

        if (state.Status != RunStatus.Queued || memory.Refusals + 1 < JobWork.MaxRefusals)
        {
            // Our books are often a little ahead of an agent that is still clearing up after the job before.
            memory = memory with { Refusals = memory.Refusals + 1 };
            return TimeSpan.FromMilliseconds(Math.Min(2000, 10 << Math.Min(memory.Refusals, 8)));
        }

        await dispatch.Release(state.Attempt);
        memory = memory with { Asked = false, AskAt = time.GetUtcNow() + AskAgain, Unknown = 0, Refusals = 0 };
        await Change(now => JobLifecycle.NotTaken(now, state.Attempt, agent));
        return TimeSpan.Zero;
    }
}
