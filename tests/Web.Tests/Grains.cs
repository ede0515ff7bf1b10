using System.Collections.Concurrent;
using System.Threading.Channels;
using Orleans.Concurrency;
using PRTS.Api;
using PRTS.Api.Agents;
using PRTS.Api.Builds;
using PRTS.Api.Logs;
using PRTS.Api.Projects;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Contracts.Projects;
using PRTS.Storage.Builds;
using PRTS.Storage.Git;
using PRTS.Storage.Projects;

namespace PRTS.Web.Tests;

/// <summary>What the stand-ins were told, and what they hold.</summary>
public sealed class Recorder
{
    /// <summary>Project and actor of each comparison of refs.</summary>
    public Channel<(ProjectId Project, string? Actor)> Syncs { get; } = Channel.CreateUnbounded<(ProjectId, string?)>();
    public ConcurrentDictionary<string, LogTail> Tails { get; } = new(StringComparer.Ordinal);
    public ConcurrentDictionary<string, AgentSummary> Agents { get; } = new(StringComparer.Ordinal);
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

    public async Task<IReadOnlyList<BuildId>> SyncRefs(string? actor)
    {
        await recorder.Syncs.Writer.WriteAsync((Id, actor));
        return [];
    }

    public Task<StartResult> Start(StartBuild request, string actor) =>
        Task.FromResult(request.Ref == "nowhere" ? new StartResult { Problem = "There is no ref 'nowhere'." } : new StartResult { Builds = [new(Id, 1)] });

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

    public Task<string?> Rerun(string actor, IReadOnlyList<string>? jobs, bool fromFailedStep) => throw new NotSupportedException();

    public Task JobChanged(JobSummary job) => Task.CompletedTask;

    public Task<BuildSummary?> Get() => builds.Get(Id);

    public Task<bool> GroupTurn() => Task.FromResult(false);

    public Task<bool> InGroup() => Task.FromResult(false);

    public Task Supersede(string by) => Task.CompletedTask;

    public Task<BuildRequest?> Definition() => Task.FromResult<BuildRequest?>(null);
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
