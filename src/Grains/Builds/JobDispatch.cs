using System.Globalization;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Concurrency;

namespace PRTS.Grains.Builds;

/// <summary>The commands that a job sends to agents and to their registry.</summary>
internal sealed class JobDispatch(IGrainFactory grains, AttemptTokens tokens, GrainsOptions options, JobId id)
{
    private string Tenant => id.Build.Project.Tenant;

    public Task<Placement> Ask(JobStart start, JobState state) => grains.Agents(Tenant).Request(new()
    {
        Attempt = new(id, state.Attempt),
        // An agent's name is one of its labels.
        RunsOn = state.Resume is { } resume ? [.. start.Job.RunsOn, resume.Agent] : start.Job.RunsOn,
        Image = start.Job.Container?.Image,
        Services = [.. start.Job.ServiceContainers.Select(service => service.Image)],
        Since = state.QueuedAt!.Value,
        HeldBy = state.Agent,
        Priority = start.Job.Priority,
        BuildsImages = start.Job.Steps.Any(step => step.Image is not null),
        Usual = start.Usual,
        StartedAt = state.StartedAt,
        Position = start.Position,
        Together = state.QueuedAt == start.ReadyAt ? start.Together : 0,
    });

    /// <summary>Asks for a turn in the job's concurrency group.</summary>
    public Task<GroupAnswer> Enter(JobStart start, string group) => Group(group).Enter(new()
    {
        Member = id.Key,
        Name = $"{start.Job.Name} of #{id.Build.Number.ToString(CultureInfo.InvariantCulture)}",
        CancelInProgress = start.Job.Concurrency!.CancelInProgress,
        Usual = start.Usual,
    });

    public Task Leave(string group) => Group(group).Leave(id.Key);

    private IConcurrencyGrain Group(string group) => grains.ConcurrencyGroup(GroupKeys.OfJobs(id.Build.Project, group));

    public Task Release(int attempt) => grains.Agents(Tenant).Release(new(id, attempt));

    /// <summary>False: the agent does not take it, and never started it.</summary>
    public Task<bool> Deliver(JobStart start, JobState state)
    {
        var attempt = new AttemptId(id, state.Attempt);
        // Awake by the time of the first line, or of a short job's end. Whatever becomes of it, the first append wakes it too.
        grains.Log(attempt).Open().Ignore();
        return grains.Agent(Tenant, state.Agent!).Start(new()
        {
            Attempt = attempt.Key,
            Token = tokens.Create(attempt, state.Agent!),
            Org = id.Build.Project.Org,
            Project = id.Build.Project.Name,
            Number = id.Build.Number,
            Event = start.Event,
            Actor = start.Actor,
            Job = start.Job,
            Needs = start.Needs,
            ServerUrl = options.PublicUrl,
            CancelGrace = options.CancelGrace,
            TraceParent = start.TraceParent,
            DefaultBranch = start.DefaultBranch,
            PipelineName = start.PipelineName,
            Inputs = start.Inputs,
            Done = OnceSteps.Done(state),
            Resume = state.Resume is { } resume ? new AttemptId(id, resume.Workspace).Key : null,
        });
    }

    public Task Cancel(JobState state) => grains.Agent(Tenant, state.Agent!).Cancel(new AttemptId(id, state.Attempt).Key, state.CancelReason!);
}
