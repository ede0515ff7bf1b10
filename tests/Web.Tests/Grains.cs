using System.Collections.Concurrent;
using System.Threading.Channels;
using Orleans.Concurrency;
using PRTS.Api;
using PRTS.Api.Access;
using PRTS.Api.Agents;
using PRTS.Api.Builds;
using PRTS.Api.Logs;
using PRTS.Api.Projects;
using PRTS.Contracts.Access;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Access;
using PRTS.Storage.Builds;
using PRTS.Storage.Git;
using PRTS.Storage.Projects;
using PRTS.Storage.Users;

namespace PRTS.Web.Tests;

/// <summary>What the stand-ins were told, and what they hold.</summary>
public sealed class Recorder
{
    /// <summary>Project and actor of each comparison of refs.</summary>
    public Channel<(ProjectId Project, string? Actor)> Syncs { get; } = Channel.CreateUnbounded<(ProjectId, string?)>();
    public ConcurrentDictionary<string, LogTail> Tails { get; } = new(StringComparer.Ordinal);

    /// <summary>Who runs what, by the job's key.</summary>
    public ConcurrentDictionary<string, (int Attempt, string Agent, JobStart Start)> Jobs { get; } = new(StringComparer.Ordinal);

    /// <summary>What deliveries of webhooks asked for, in their order; each key starts one build.</summary>
    public ConcurrentQueue<(ProjectId Project, StartBuild Request, string Actor, string Delivery)> Deliveries { get; } = new();

    public ConcurrentDictionary<string, AgentSummary> Agents { get; } = new(StringComparer.Ordinal);

    public int Delivered(ProjectId project, StartBuild request, string actor, string delivery)
    {
        var ofProject = Deliveries.Where(one => one.Project == project).ToList();
        if (ofProject.FindIndex(one => one.Delivery == delivery) is >= 0 and var known) return known + 1;
        Deliveries.Enqueue((project, request, actor, delivery));
        return ofProject.Count + 1;
    }

    /// <summary>From now on the agent runs the attempt, of a push to main.</summary>
    public void Runs(AttemptId attempt, string agent, string? environment = null, string[]? secrets = null, PlannedIdToken[]? tokens = null) => Jobs[attempt.Job.Key] = (attempt.Number, agent, new()
    {
        Job = new()
        {
            Key = attempt.Job.Name,
            Name = "Build",
            Stage = "Main",
            Needs = [],
            Steps = [],
            Environment = environment,
            Secrets = [.. (secrets ?? []).Select(name => new PlannedSecret { Name = name, Variable = name })],
            IdTokens = tokens ?? [],
        },
        Event = new() { Kind = "push", Ref = "refs/heads/main", Commit = new string('a', 40) },
        Needs = new Dictionary<string, NeedResult>(StringComparer.Ordinal),
    });
}

public sealed class ProjectGrain(Repositories repositories, ProjectsReadModel projects, Recorder recorder, TimeProvider time) : Grain, IProjectGrain
{
    private ProjectId Id => ProjectId.FromKey(this.GetPrimaryKeyString());

    public async Task<bool> Create(CreateProject definition)
    {
        if (repositories.Exists(Id)) return false;
        await repositories.Create(Id, definition.DefaultBranch);
        await projects.Upsert(Id, new() { Org = Id.Org, Name = Id.Name, CreatedAt = time.GetUtcNow(), Version = 1 });
        return true;
    }

    public Task<ProjectSummary?> Get() => projects.Get(Id);

    public async Task<ProjectSummary?> Protect(RefProtection protection)
    {
        var project = (await projects.Get(Id))!;
        await projects.Upsert(Id, project = project with { Protection = protection, Version = project.Version + 1 });
        return project;
    }

    public async Task<IReadOnlyList<BuildId>> SyncRefs(string? actor)
    {
        await recorder.Syncs.Writer.WriteAsync((Id, actor));
        return [];
    }

    public Task<StartResult> Start(StartBuild request, string actor) =>
        Task.FromResult(request.Ref == "nowhere" ? new StartResult { Problem = "There is no ref 'nowhere'." } : new StartResult { Builds = [new(Id, 1)] });

    public Task<StartResult> Deliver(StartBuild request, string actor, string delivery) =>
        request.Ref == "refs/heads/nowhere" ? Start(new() { Ref = "nowhere" }, actor) : Task.FromResult(new StartResult { Builds = [new(Id, recorder.Delivered(Id, request, actor, delivery))] });

    public Task<StartResult> Retry(int number, string actor) => Task.FromResult(new StartResult { Builds = [new(Id, number)] });

    public Task Occur(ScheduleOccurrence occurrence) => Task.CompletedTask;
}

public sealed class BuildGrain(BuildsReadModel builds) : Grain, IBuildGrain
{
    private BuildId Id => BuildId.FromKey(this.GetPrimaryKeyString());

    public Task Create(BuildRequest request) => Task.CompletedTask;

    public Task Wake() => Task.CompletedTask;

    public async Task Cancel(string actor, string reason)
    {
        var build = (await builds.Get(Id))!;
        await builds.Upsert(Id, build with { Status = RunStatus.Canceled, Reason = $"Canceled by {actor}.", Version = build.Version + 1 });
    }

    public Task<GenerateResult> Generate(GenerateJobs request) => Task.FromResult(new GenerateResult());

    public Task<string?> Rerun(string actor, IReadOnlyList<string>? jobs, bool fromFailedStep) => Task.FromResult<string?>(null);

    public Task JobChanged(JobSummary job) => Task.CompletedTask;

    public Task<BuildSummary?> Get() => builds.Get(Id);

    public Task<bool> GroupTurn() => Task.FromResult(false);

    public Task<bool> InGroup() => Task.FromResult(false);

    public Task Supersede(string by) => Task.CompletedTask;

    public Task<BuildRequest?> Definition() => Task.FromResult<BuildRequest?>(null);
}

public sealed class JobGrain(Recorder recorder) : Grain, IJobGrain
{
    public Task<JobStart?> Assigned(int attempt, string agent) => Task.FromResult(
        recorder.Jobs.TryGetValue(this.GetPrimaryKeyString(), out var job) && (job.Attempt, job.Agent) == (attempt, agent) ? job.Start : null);

    public Task<JobSummary> Start(JobStart start) => throw new NotSupportedException();

    public Task<JobSummary> Cancel(JobStart start, string reason) => throw new NotSupportedException();

    public Task Placed(int attempt, Placement placement) => throw new NotSupportedException();

    public Task<bool> Report(string token, IReadOnlyList<JobEvent> events) => throw new NotSupportedException();

    public Task<string?> Decide(string actor, bool approves, string comment) => throw new NotSupportedException();

    public Task<string?> Answer(string actor, int step, bool ran) => Task.FromResult<string?>(null);

    public Task AgentLost(int attempt, string agent, string reason) => throw new NotSupportedException();

    public async Task<bool> Holds(int attempt, string agent) => await Assigned(attempt, agent) is not null;

    public Task<bool> GroupTurn() => throw new NotSupportedException();

    public Task<bool> InGroup() => throw new NotSupportedException();

    public Task Supersede(string by) => throw new NotSupportedException();
}

public sealed class LogGrain(Recorder recorder) : Grain, ILogGrain
{
    public Task<LogAck> Append(string token, long offset, long atMs, Immutable<byte[]> chunk) => throw new NotSupportedException();

    public Task<LogAck> Close(string token, long length) => throw new NotSupportedException();

    public Task Open() => Task.CompletedTask;

    public Task<LogTail> Tail() =>
        Task.FromResult(recorder.Tails.GetValueOrDefault(this.GetPrimaryKeyString()) ?? new LogTail { Offset = 0, Bytes = [], NewLines = 0 });
}

public sealed class AgentsGrain(Recorder recorder) : Grain, IAgentsGrain
{
    public Task<Placement> Request(SlotRequest request) => throw new NotSupportedException();

    public Task Release(AttemptId attempt) => throw new NotSupportedException();

    public Task Hello(AgentHello hello) => throw new NotSupportedException();

    public Task<AgentOrders> Beat(AgentBeat beat) => throw new NotSupportedException();

    public Task<bool> Drain(string agent) => Task.FromResult(Set(agent, AgentStatus.Draining));

    public Task<bool> Resume(string agent) => Task.FromResult(Set(agent, AgentStatus.Online));

    public Task<IReadOnlyList<AgentSummary>> List() => Task.FromResult<IReadOnlyList<AgentSummary>>([.. recorder.Agents.Values]);

    private bool Set(string agent, AgentStatus status)
    {
        if (!recorder.Agents.TryGetValue(agent, out var known)) return false;
        recorder.Agents[agent] = known with { Status = status };
        return true;
    }
}

public sealed class UserGrain(UsersStore users) : Grain, IUserGrain
{
    private UserProfile? shown;
    private long version;

    private (string Tenant, Guid User) Id => this.GetPrimaryKeyString().Split('/') is var parts ? (parts[0], Guid.Parse(parts[1])) : default;

    public async Task<bool> Create(UserProfile profile) => await users.Claim(Id.Tenant, Id.User, profile) && await Set(profile);

    public Task<bool> Update(UserProfile profile) => Set(profile);

    public async Task<bool> SetEnabled(bool enabled) => await users.Get(Id.User) is { } known
        && await Set((shown ?? new() { Name = known.Name, CreatedAt = known.CreatedAt }) with { Enabled = enabled });

    public async Task<bool> Link(string provider, string subject)
    {
        await users.Project(Id.Tenant, Id.User, ++version, shown!, [(provider, subject)]);
        return true;
    }

    public Task<UserProfile?> Get() => Task.FromResult(shown);

    private async Task<bool> Set(UserProfile next)
    {
        shown = next;
        await users.Project(Id.Tenant, Id.User, ++version, next, []);
        return true;
    }
}

public sealed class GrantsGrain(DirectoryReadModel directory) : Grain, IGrantsGrain
{
    private long version;

    private (string Tenant, AccessScope Scope) Id => this.GetPrimaryKeyString().Split('/', 2) is var parts ? (parts[0], AccessScope.Parse(parts.Length > 1 ? parts[1] : "")!.Value) : default;

    public async Task Give(string subject, string role) => await Set([.. await Known(), (GrantSubject.Parse(subject), role)]);

    public async Task Take(string subject, string role) => await Set([.. (await Known()).Where(grant => grant != (GrantSubject.Parse(subject), role))]);

    public async Task Replace(string subject, string? role) =>
        await Set([.. (await Known()).Where(grant => grant.Subject != GrantSubject.Parse(subject)), .. role is null ? Array.Empty<(GrantSubject, string)>() : [(GrantSubject.Parse(subject), role)]]);

    private Task<IReadOnlyList<(GrantSubject Subject, string Role)>> Known() => directory.Subjects(Id.Tenant, Id.Scope);

    private async Task Set(List<(GrantSubject Subject, string Role)> grants)
    {
        version = Math.Max(version, (await directory.Grants(Id.Tenant, Id.Scope)).Count) + 1;
        await directory.Project(Id.Tenant, Id.Scope, version, [.. grants.Distinct()]);
    }
}

public sealed class TenantGrain(DirectoryReadModel directory, TimeProvider time) : Grain, ITenantGrain
{
    public async Task<string?> Create(string displayName)
    {
        if (await Get() is not null) return "It is there.";
        await directory.Project(this.GetPrimaryKeyString(), 1, new() { Name = this.GetPrimaryKeyString(), CreatedAt = time.GetUtcNow() }, []);
        return null;
    }

    public async Task<string?> SetEnabled(bool enabled)
    {
        await directory.Project(this.GetPrimaryKeyString(), 1, (await Get())! with { Enabled = enabled }, await directory.Roles(this.GetPrimaryKeyString()));
        return null;
    }

    public async Task<string?> SetRole(CustomRole role)
    {
        await directory.Project(this.GetPrimaryKeyString(), 1, (await Get())!, [.. (await directory.Roles(this.GetPrimaryKeyString())).Where(known => known.Name != role.Name), role]);
        return null;
    }

    public async Task<string?> RemoveRole(string name)
    {
        await directory.Project(this.GetPrimaryKeyString(), 1, (await Get())!, [.. (await directory.Roles(this.GetPrimaryKeyString())).Where(known => known.Name != name)]);
        return null;
    }

    public async Task<TenantSummary?> Get() => (await directory.Tenant(this.GetPrimaryKeyString()))?.Summary;
}

public sealed class OrganizationGrain(DirectoryReadModel directory, TimeProvider time) : Grain, IOrganizationGrain
{
    private (string Tenant, string Org) Id => this.GetPrimaryKeyString().Split('/') is var parts ? (parts[0], parts[1]) : default;

    public async Task<bool> Create(string description)
    {
        if (await Get() is not null) return false;
        await directory.Project(Id.Tenant, Id.Org, 1, description, time.GetUtcNow());
        return true;
    }

    public async Task<bool> Describe(string description)
    {
        if (await Get() is not { } known) return false;
        await directory.Project(Id.Tenant, Id.Org, 1, description, known.CreatedAt);
        return true;
    }

    public async Task<OrganizationSummary?> Get() => (await directory.Organizations(Id.Tenant)).FirstOrDefault(known => known.Name == Id.Org);
}

public sealed class TeamGrain(DirectoryReadModel directory) : Grain, ITeamGrain
{
    private readonly List<Guid> members = [];

    private (string Tenant, string Org, string Team) Id => this.GetPrimaryKeyString().Split('/') is var parts ? (parts[0], parts[1], parts[2]) : default;

    public Task Set(string description) => directory.Project(Id.Tenant, Id.Org, Id.Team, 1, description, members);

    public async Task<bool> SetMember(Guid user, bool member)
    {
        if (!await IsThere()) return false;
        members.Remove(user);
        if (member) members.Add(user);
        await directory.Project(Id.Tenant, Id.Org, Id.Team, 1, "", members);
        return true;
    }

    public async Task<bool> Remove()
    {
        if (!await IsThere()) return false;
        members.Clear();
        await directory.Project(Id.Tenant, Id.Org, Id.Team, 1, "", members: null);
        return true;
    }

    public Task<IReadOnlyList<Guid>?> Members() => Task.FromResult<IReadOnlyList<Guid>?>(members);

    private async Task<bool> IsThere() => (await directory.Teams(Id.Tenant, Id.Org)).Any(known => known.Name == Id.Team);
}
