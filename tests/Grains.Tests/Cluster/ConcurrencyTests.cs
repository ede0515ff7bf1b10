using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Tests.Cluster;

/// <summary>Groups, retries and matrices, with real grains.</summary>
public sealed class ConcurrencyTests(TestCluster cluster)
{
    private static JobSummary Job(BuildSummary build, string job) => build.Stages!.SelectMany(stage => stage.Jobs).First(other => other.Key == job);

    private Task Running(BuildId id, string job, int attempt = 1) =>
        cluster.Until(id, build => Job(build, job).Status == RunStatus.Running && cluster.Agent.Running.Contains(Attempt(id, job, attempt)));

    private static string Attempt(BuildId id, string job, int attempt = 1) => new AttemptId(new(id, job), attempt).Key;

    private static BuildPlan Grouped(string group, bool cancel = false) => Plans.Of(Plans.Job("a", "wait")) with { Concurrency = new() { Group = group, CancelInProgress = cancel } };

    [Fact]
    public async Task Builds_OfAGroup_RunOneAfterAnother()
    {
        var first = await cluster.Build(Grouped("one-by-one"));
        await Running(first, "a");
        var second = await cluster.Build(Grouped("one-by-one"), first);
        var waiting = await cluster.Until(second, build => build.Status == RunStatus.Waiting);
        Assert.Equal($"Waits for its turn in the concurrency group one-by-one; before it: build #{first.Number}.", waiting.Reason);
        // Also with the group's memory gone in between.
        await cluster.DeactivateAll();
        cluster.Agent.Release(Attempt(first, "a"));
        await cluster.Ended(first);
        await Running(second, "a");
        cluster.Agent.Release(Attempt(second, "a"));
        Assert.Equal((RunStatus.Succeeded, null), ((await cluster.Ended(second)).Status, (await cluster.Ended(second)).Reason));
    }

    [Fact]
    public async Task Build_ThatCancels_TakesThePlaceOfTheOneUnderWay()
    {
        var first = await cluster.Build(Grouped("newest", cancel: true));
        await Running(first, "a");
        var second = await cluster.Build(Grouped("newest", cancel: true), first);
        Assert.Equal($"Canceled because build #{second.Number} took its place in the concurrency group newest.", (await cluster.Ended(first)).Reason);
        await Running(second, "a");
        cluster.Agent.Release(Attempt(second, "a"));
        Assert.Equal(RunStatus.Succeeded, (await cluster.Ended(second)).Status);
    }

    [Fact]
    public async Task Holder_ThatEndedWithoutAWord_IsFoundOut()
    {
        var first = await cluster.Build(Grouped("crashed"));
        await Running(first, "a");
        var second = await cluster.Build(Grouped("crashed"), first);
        await cluster.Until(second, build => build.Status == RunStatus.Waiting);
        cluster.Agent.Release(Attempt(first, "a"));
        await cluster.Ended(first);
        await cluster.Grains.Build(second).Wake();
        await Running(second, "a");
        cluster.Agent.Release(Attempt(second, "a"));
        await cluster.Ended(second);
    }

    [Fact]
    public async Task Jobs_OfAGroup_RunOneAfterAnother_AlsoInOneBuild()
    {
        var concurrency = new PlannedConcurrency { Group = "device" };
        var id = await cluster.Build(Plans.Of(Plans.Job("a", "wait") with { Concurrency = concurrency }, Plans.Job("b", "wait") with { Concurrency = concurrency }));
        var waits = await cluster.Until(id, build => build.Stages!.SelectMany(stage => stage.Jobs).Select(job => job.Status).Order().SequenceEqual([RunStatus.Waiting, RunStatus.Running]));
        var (one, other) = Job(waits, "a").Status == RunStatus.Running ? ("a", "b") : ("b", "a");
        Assert.Contains("concurrency group device; before it:", Job(waits, other).Reason, StringComparison.Ordinal);
        await Running(id, one);
        cluster.Agent.Release(Attempt(id, one));
        await Running(id, other);
        cluster.Agent.Release(Attempt(id, other));
        Assert.Equal(RunStatus.Succeeded, (await cluster.Ended(id)).Status);
    }

    [Fact]
    public async Task Retry_RunsAgain_AndKeepsTheNumberOfTheAttempt()
    {
        var id = await cluster.Build(Plans.Of(Plans.Job("a", "false") with { Retry = new() { Count = 2 } }));
        var build = await cluster.Ended(id);
        Assert.Equal((RunStatus.Failed, 3), (build.Status, Job(build, "a").Attempt));
        Assert.All(Enumerable.Range(1, 3), attempt => Assert.Equal(1, cluster.Agent.Starts[Attempt(id, "a", attempt)]));
    }

    [Fact]
    public async Task FailFast_StopsTheRunningJobsOfTheMatrix()
    {
        PlannedMatrix matrix = new() { Group = "M", Values = new Dictionary<string, string>(StringComparer.Ordinal) };
        var id = await cluster.Build(Plans.Of(
            Plans.Job("a", "wait") with { Matrix = matrix }, Plans.Job("gate", "wait"), Plans.Job("b", "false", needs: ["gate"]) with { Matrix = matrix }));
        await Running(id, "a");
        await Running(id, "gate");
        cluster.Agent.Release(Attempt(id, "gate"));
        var build = await cluster.Ended(id);
        Assert.Equal((RunStatus.Failed, RunStatus.Canceled), (build.Status, Job(build, "a").Status));
        Assert.Equal("Canceled because B failed, and the matrix is fail_fast.", Job(build, "a").Reason);
    }
}
