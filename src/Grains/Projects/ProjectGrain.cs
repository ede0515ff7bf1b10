using System.Diagnostics;
using Cronos;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using PRTS.Api.Builds;
using PRTS.Api.Projects;
using PRTS.Contracts;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Audit;
using PRTS.Storage.Git;
using PRTS.Storage.Projects;
using PRTS.Storage.Schedules;

namespace PRTS.Grains.Projects;

/// <summary>One project: the shell around <see cref="ProjectLifecycle"/>.</summary>
[GrainType("project"), ServersOnly]
public sealed partial class ProjectGrain : Grain, IProjectGrain
{
    private readonly Cell<ProjectState> cell;
    private readonly ProjectsReadModel projects;
    private readonly Repositories repositories;
    private readonly SchedulesStore schedules;
    private readonly AuditLog audit;
    private readonly TimeProvider time;
    private readonly ILogger<ProjectGrain> log;
    private readonly BuildComposer composer;
    private readonly Pump work;
    private readonly ProjectId id;

    /// <summary>Builds of <see cref="ProjectState.Pending"/> that this activation has made.</summary>
    private readonly HashSet<int> made = [];
    private bool projected;

    public ProjectGrain(
        [PersistentState("state", "prts")] IPersistentState<ProjectState> state,
        ProjectsReadModel projects,
        Repositories repositories,
        SchedulesStore schedules,
        AuditLog audit,
        TimeProvider time,
        ILogger<ProjectGrain> log)
    {
        (this.projects, this.repositories, this.schedules, this.audit, this.time, this.log) = (projects, repositories, schedules, audit, time, log);
        id = ProjectId.FromKey(this.GetPrimaryKeyString());
        cell = new(state);
        composer = new(repositories, id, () => cell.Value.DefaultBranch);
        work = new(this, Work, (failure, pause) => LogWorkFailed(failure, id, pause));
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        cell.Load();
        if (cell.Value.Version > 0) work.Kick();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => work.Stop();

    public async Task<bool> Create(CreateProject definition)
    {
        ProjectRules.Check(id, definition);
        var created = await cell.Change(state => ProjectLifecycle.Create(state, definition, time.GetUtcNow()));
        // Also for one that is there: a crash may have come between its state and its repository.
        await Establish();
        return created;
    }

    public Task<ProjectSummary?> Get() => Task.FromResult(cell.Value.Version == 0 ? null : Summary());

    public async Task<ProjectSummary?> Protect(RefProtection protection)
    {
        ProjectRules.Check(protection);
        await cell.Change(state => ProjectLifecycle.Protect(state, protection));
        if (cell.Value.Version == 0) return null;
        await projects.Upsert(id, Summary());
        return Summary();
    }

    public async Task<IReadOnlyList<BuildId>> SyncRefs(string? actor)
    {
        if (cell.Value.Version == 0) return [];
        var refs = await repositories.Refs(id);
        var known = cell.Value.Triggered;
        if (!RefChanges.Differ(known, refs)) return [];
        var now = time.GetUtcNow();
        var chosen = RefChanges.ToTrigger(RefChanges.Between(known, refs), cell.Value.DefaultBranch, first: known.Count == 0);
        var composed = await Task.WhenAll(chosen.Select(change => composer.Compose(ProjectRules.Pushed(change), change.Before, actor ?? "", now)));
        return await Make([.. composed.SelectMany(one => one.Drafts)], (state, drafts) => ProjectLifecycle.Trigger(state, refs, drafts));
    }

    public Task<StartResult> Start(StartBuild request, string actor) => Start(request, actor, ProjectLifecycle.Start);

    public async Task<StartResult> Deliver(StartBuild request, string actor, string delivery) =>
        cell.Value.Deliveries.FirstOrDefault(one => one.Key == delivery) is { } before
            ? new() { Builds = [.. Enumerable.Range(before.First, before.Count).Select(number => new BuildId(id, number))] }
            : await Start(request, actor, (state, drafts) => ProjectLifecycle.Deliver(state, delivery, drafts));

    private async Task<StartResult> Start(StartBuild request, string actor, Func<ProjectState, IReadOnlyList<Draft>, ProjectState> decide)
    {
        if (cell.Value.Version == 0) return new() { Problem = $"There is no project {id}." };
        var name = request.Ref ?? cell.Value.DefaultBranch;
        var found = await repositories.Resolve(id, name);
        if (found?.FullRef is not { } fullRef)
        {
            return new() { Problem = (await repositories.Refs(id)).Count == 0 ? $"{id} has no commits yet: push some first." : $"There is no branch or tag '{name}' in {id}." };
        }

        var commit = request.Commit is null ? found.Sha : (await repositories.Resolve(id, request.Commit))?.Sha;
        if (commit is null) return new() { Problem = $"There is no commit '{request.Commit}' in {id}." };
        // A branch's rights (its secrets, its environments) are for what is in it.
        if (commit != found.Sha && !await repositories.IsIn(id, commit, found.Sha)) return new() { Problem = $"The commit {commit} is not in {fullRef}. Start the branch that it is in." };
        var composition = await composer.Compose(new() { Kind = "manual", Ref = fullRef, Commit = commit, Inputs = request.Inputs }, null, actor, time.GetUtcNow());
        var drafts = composition.Drafts.Where(draft => request.File is null || draft.Request.File == request.File).ToList();
        return (ProjectRules.WhyNothing(composition, drafts, request.File, commit)
            ?? ProjectRules.WrongInputs(composition.Files.Where(file => drafts.Exists(draft => draft.Request.File == file.Path)), request.Inputs)) is { } problem
            ? new() { Problem = problem }
            : new() { Builds = await Make(drafts, decide) };
    }

    public async Task<StartResult> Retry(int number, string actor)
    {
        if (await Again(number, actor, time.GetUtcNow()) is not { } request) return new() { Problem = $"There is no build {id}#{number}." };
        if (request.SkipReason is not null) return new() { Problem = $"{id}#{number} was skipped, so there is nothing to run again: start the pipeline by hand instead." };
        return new() { Builds = await Make([new(request)], ProjectLifecycle.Start) };
    }

    public async Task Occur(ScheduleOccurrence occurrence)
    {
        if (cell.Value.Version == 0 || cell.Value.Occurrences.Contains(occurrence.Key, StringComparer.Ordinal)) return;
        var drafts = new List<Draft>();
        if (await repositories.Resolve(id, occurrence.Ref) is { FullRef: { } fullRef } at)
        {
            var happened = new TriggerEvent { Kind = "schedule", Ref = fullRef, Commit = at.Sha, Cron = occurrence.Cron };
            var composition = await composer.Compose(happened, null, "schedule", time.GetUtcNow());
            drafts.AddRange(composition.Drafts.Where(draft => draft.Request.File == occurrence.File));
            // Whoever holds the schedule does not advance it when this throws: it occurs again.
            if (drafts.Count > 0) await audit.Record(ProjectRules.Scheduled(id, occurrence, happened));
        }

        await Make(drafts, (state, numbered) => ProjectLifecycle.Occur(state, occurrence.Key, numbered));
    }

    private ProjectSummary Summary() => new()
    {
        Org = id.Org,
        Name = id.Name,
        Description = cell.Value.Description,
        DefaultBranch = cell.Value.DefaultBranch,
        CreatedAt = cell.Value.CreatedAt,
        Version = cell.Value.Version,
        Protection = cell.Value.Protection,
    };

    private async Task Establish()
    {
        await GrainFactory.Organization(id.Tenant, id.Org).Create("");
        await repositories.Create(id, cell.Value.DefaultBranch);
        await projects.Upsert(id, Summary());
        projected = true;
    }

    /// <summary>Numbers the drafts in one write with what caused them, then makes the builds. What fails is made by the pump.</summary>
    private async Task<IReadOnlyList<BuildId>> Make(IReadOnlyList<Draft> drafts, Func<ProjectState, IReadOnlyList<Draft>, ProjectState> decide)
    {
        var first = 0;
        await cell.Change(state =>
        {
            first = state.NextNumber;
            return decide(state, drafts);
        });
        var builds = drafts.Select((draft, at) => (Id: new BuildId(id, first + at), draft.Request)).ToList();
        try
        {
            await Task.WhenAll(builds.Select(build => Make(build.Id, build.Request)));
        }
        finally
        {
            work.Kick();
        }

        return [.. builds.Select(build => build.Id)];
    }

    private async Task Make(BuildId build, BuildRequest request)
    {
        await GrainFactory.Build(build).Create(request);
        made.Add(build.Number);
    }

    private async Task<TimeSpan?> Work()
    {
        var state = cell.Value;
        if (!projected)
        {
            await Establish();
            return TimeSpan.Zero;
        }

        if (state.Pending.FirstOrDefault(build => !made.Contains(build.Number)) is { } lost)
        {
            await Make(new(id, lost.Number), await Recompose(lost));
            return TimeSpan.Zero;
        }

        if (state.Pending.Count > 0)
        {
            await cell.Change(now => ProjectLifecycle.Created(now, made));
            return TimeSpan.Zero;
        }

        if (state.Triggered.GetValueOrDefault($"refs/heads/{state.DefaultBranch}") is not { } commit || commit == state.ScheduledCommit) return null;
        await Schedule(commit);
        return TimeSpan.Zero;
    }

    private async Task<BuildRequest> Recompose(PendingBuild pending)
    {
        if (pending.RetryOf is { } number && await Again(number, pending.Actor, pending.CreatedAt) is { } again) return again;
        var composition = await composer.Compose(pending.Event, pending.Before, pending.Actor, pending.CreatedAt);
        return composition.Drafts.FirstOrDefault(draft => draft.Request.File == pending.File)?.Request
            ?? ProjectRules.Vanished(pending, id, cell.Value.DefaultBranch);
    }

    private async Task<BuildRequest?> Again(int number, string actor, DateTimeOffset now) =>
        await GrainFactory.Build(new(id, number)).Definition() is { } request
            ? request with { Actor = actor, CreatedAt = now, RetryOf = number, TraceParent = Activity.Current?.Id }
            : null;

    private async Task Schedule(string commit)
    {
        var files = await PipelineFiles.Read((await repositories.Snapshot(id, commit))?.Files ?? [], new(repositories, id, commit));
        var now = time.GetUtcNow();
        var definitions = files.SelectMany(file => PipelineFiles.Schedules(file, cell.Value.DefaultBranch)).Distinct().Select(schedule => new ScheduleDefinition(
            schedule.File, schedule.Cron, schedule.Ref, CronExpression.Parse(schedule.Cron).GetNextOccurrence(now, TimeZoneInfo.Utc)));
        await schedules.Replace(id, [.. definitions]);
        await cell.Change(state => ProjectLifecycle.Scheduled(state, commit));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Project {Project}: not everything that was decided is done; again in {Pause}")]
    private partial void LogWorkFailed(Exception failure, ProjectId project, TimeSpan pause);
}
