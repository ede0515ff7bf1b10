using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Tests.Cluster;

public sealed class BuildTests(TestCluster cluster)
{
    private static RunStatus Status(BuildSummary build, string job) => Job(build, job).Status;

    private static JobSummary Job(BuildSummary build, string job) => build.Stages!.SelectMany(stage => stage.Jobs).First(other => other.Key == job);

    private Task Running(BuildId id, string job) => cluster.Until(id, build => Status(build, job) == RunStatus.Running && cluster.Agent.Running.Contains(Attempt(id, job)));

    private static string Attempt(BuildId id, string job) => new AttemptId(new(id, job), 1).Key;

    [Fact]
    public async Task Create_RunsJobsInOrderAndSucceeds()
    {
        var id = await cluster.Build(Plans.Of(Plans.Job("a", "output version=7"), Plans.Job("b", needs: ["a"]), Plans.Job("c", "true", ["b"], stage: "Deploy")));
        var build = await cluster.Ended(id);
        Assert.Equal((RunStatus.Succeeded, null), (build.Status, build.Reason));
        Assert.Equal(["Build", "Deploy"], build.Stages!.Select(stage => stage.Name));
        Assert.All(build.Stages!.SelectMany(stage => stage.Jobs), job => Assert.Equal(("agent-1", RunStatus.Succeeded), (job.Agent, Assert.Single(job.Steps).Status)));
        var assignment = cluster.Agent.Seen[Attempt(id, "b")];
        Assert.Equal((RunStatus.Succeeded, "7"), (assignment.Needs["a"].Status, assignment.Needs["a"].Outputs["version"]));
        Assert.Equal("http://localhost:5080", assignment.ServerUrl);
    }

    [Fact]
    public async Task Failure_SkipsDependents_AllowedFailureDoesNot()
    {
        var build = await cluster.Ended(await cluster.Build(Plans.Of(
            Plans.Job("lint", "false", allowFailure: true), Plans.Job("unit", "false", ["lint"]), Plans.Job("deploy", needs: ["unit"]), Plans.Job("nightly", skip: "Only on a schedule."))));
        Assert.Equal((RunStatus.Failed, "UNIT failed: Step 'false' ended with exit code 1."), (build.Status, build.Reason));
        Assert.Equal("Skipped because UNIT failed.", Job(build, "deploy").Reason);
        Assert.Equal("Only on a schedule.", Job(build, "nightly").Reason);
    }

    [Fact]
    public async Task Cancel_StopsRunningAndWaitingJobs()
    {
        var id = await cluster.Build(Plans.Of(Plans.Job("a", "wait"), Plans.Job("b", needs: ["a"])));
        await Running(id, "a");
        await cluster.Grains.Build(id).Cancel("ann", "wrong branch");
        var build = await cluster.Ended(id);
        Assert.Equal((RunStatus.Canceled, "Canceled by ann: wrong branch."), (build.Status, build.Reason));
        Assert.Equal((RunStatus.Canceled, RunStatus.Canceled), (Status(build, "a"), Status(build, "b")));
        Assert.DoesNotContain(Attempt(id, "b"), cluster.Agent.Seen.Keys);
    }

    [Fact]
    public async Task Cancel_OfAJobThatWaitsForAnAgent_EndsAtOnce()
    {
        var id = await cluster.Build(Plans.Of(Plans.Job("a") with { RunsOn = ["gpu"] }));
        var waiting = await cluster.Until(id, build => Status(build, "a") == RunStatus.Waiting && build.Status == RunStatus.Waiting);
        Assert.Equal("No online agent has the label gpu: agent-1 lacks gpu. Start an agent with --labels gpu.", Job(waiting, "a").Reason);
        await cluster.Grains.Build(id).Cancel("ann", "");
        Assert.Equal("Canceled by ann.", (await cluster.Ended(id)).Reason);
    }

    [Fact]
    public async Task Reactivation_InTheMiddle_GoesOn()
    {
        var id = await cluster.Build(Plans.Of(Plans.Job("a", "wait"), Plans.Job("b", needs: ["a"])));
        await Running(id, "a");
        await cluster.DeactivateAll();
        cluster.Agent.Release(Attempt(id, "a"));
        var build = await cluster.Ended(id);
        Assert.Equal(RunStatus.Succeeded, build.Status);
        Assert.Equal(1, cluster.Agent.Starts[Attempt(id, "a")]);
    }

    [Fact]
    public async Task Wake_AfterReactivation_StartsNothingTwice()
    {
        var id = await cluster.Build(Plans.Of(Plans.Job("a", "wait"), Plans.Job("b", "wait")));
        await Running(id, "a");
        await Running(id, "b");
        for (var round = 0; round < 3; round++)
        {
            await cluster.DeactivateAll();
            await cluster.Grains.Build(id).Wake();
        }

        cluster.Agent.Release(Attempt(id, "a"));
        cluster.Agent.Release(Attempt(id, "b"));
        Assert.Equal(RunStatus.Succeeded, (await cluster.Ended(id)).Status);
        Assert.Equal((1, 1), (cluster.Agent.Starts[Attempt(id, "a")], cluster.Agent.Starts[Attempt(id, "b")]));
    }

    [Fact]
    public async Task Report_RepeatedOrForged_IsDroppedOrRefused()
    {
        var id = await cluster.Build(Plans.Of(Plans.Job("a", "wait")));
        await Running(id, "a");
        var assignment = cluster.Agent.Seen[Attempt(id, "a")];
        var job = cluster.AgentGrains.Job(new(id, "a"));
        var started = new JobStarted { Sequence = 1, At = Plans.Now.AddYears(1) };
        Assert.True(await job.Report(assignment.Token, [started]));
        Assert.NotEqual(started.At, Job((await cluster.Builds.Get(id, TestCluster.Token))!, "a").StartedAt);
        var end = new JobEnded { Sequence = 3, At = Plans.Now, Status = RunStatus.Succeeded, LogLength = 0 };
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => job.Report("prtsj_forged", [end]));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => job.Report(new AttemptTokens(new byte[32]).Create(new(new(id, "a"), 1), "agent-1"), [end]));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => cluster.AgentGrains.Job(new(id, "b")).Report(assignment.Token, [end]));
        Assert.Equal(RunStatus.Running, Status((await cluster.Builds.Get(id, TestCluster.Token))!, "a"));
        cluster.Agent.Release(Attempt(id, "a"));
        Assert.Equal(RunStatus.Succeeded, (await cluster.Ended(id)).Status);
    }

    [Fact]
    public async Task ManyJobs_MoreThanThereAreSlots_AllRun()
    {
        var jobs = Enumerable.Range(0, 200).Select(at => Plans.Job($"j{at}", needs: at < 100 ? [] : [$"j{at - 100}"])).ToArray();
        var build = await cluster.Ended(await cluster.Build(Plans.Of(jobs)));
        Assert.Equal(RunStatus.Succeeded, build.Status);
    }

    [Fact]
    public async Task CallsOfAgents_OtherThanTheirOwn_AreRefused()
    {
        var id = await cluster.Build(Plans.Of(Plans.Job("a")));
        var refused = await Assert.ThrowsAsync<UnauthorizedAccessException>(() => cluster.AgentGrains.Build(id).Cancel("agent", "for fun"));
        Assert.Equal($"Agent default/agent-1 may not call IBuildGrain.Cancel of build/{id.Key}.", refused.Message);
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => cluster.AgentGrains.Agents("default").Drain("agent-2"));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => cluster.AgentGrains.Agents("default").Hello(new() { Name = "agent-2", Session = "s", Labels = [], Slots = 99 }));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => cluster.AgentGrains.Agents("other").Hello(new() { Name = "agent-1", Session = "s", Labels = [], Slots = 99 }));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => cluster.ClientGrains.Build(id).Get());
        await cluster.Ended(id);
    }
}
