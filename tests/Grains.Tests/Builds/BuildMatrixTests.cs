using PRTS.Api;
using PRTS.Contracts.Builds;
using PRTS.Grains.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Tests.Builds;

/// <summary>Jobs of a matrix, groups of builds, and builds that are skipped.</summary>
public sealed class BuildMatrixTests
{
    private static readonly DateTimeOffset Now = Plans.Now;

    private static PlannedJob One(string key, bool failFast = true, int maxParallel = 0) => Plans.Job(key) with
    {
        Matrix = new() { Group = "Test", Values = new Dictionary<string, string>(), FailFast = failFast, MaxParallel = maxParallel },
    };

    private static Blueprint Plan(params PlannedJob[] jobs) => new(BuildId.FromKey("default/demo/hello/7"), Plans.Of(jobs));

    private static BuildState Create(Blueprint plan) => BuildLifecycle.Create(new(), Plans.Request(plan.Plan), plan);

    private static BuildState End(BuildState state, Blueprint plan, string key, RunStatus status) =>
        BuildLifecycle.JobChanged(state, plan, Summaries.Planned(plan[key], 0) with { Status = status, Version = 9 }, Now);

    private static string Shown(BuildState state) => string.Join(' ', state.Jobs.OrderBy(job => job.Key, StringComparer.Ordinal)
        .Select(job => $"{job.Key}:{(job.Value.CancelReason is not null ? "canceling" : job.Value.Status.ToString().ToLowerInvariant())}"));

    [Fact]
    public void MaxParallel_LetsTheNextInWhenOneEnded()
    {
        var plan = Plan(One("a", maxParallel: 2), One("b", maxParallel: 2), One("c", maxParallel: 2), One("d", maxParallel: 2), Plans.Job("other"));
        var state = Create(plan);
        Assert.Equal("a:queued b:queued other:queued", Shown(state));
        state = End(state, plan, "b", RunStatus.Succeeded);
        Assert.Equal("a:queued b:succeeded c:queued other:queued", Shown(state));
    }

    [Fact]
    public void FailFast_CancelsTheOthersOfTheMatrix_AndTheBuildFails()
    {
        var plan = Plan(One("a", maxParallel: 2), One("b", maxParallel: 2), One("c", maxParallel: 2), Plans.Job("after", needs: ["a", "b", "c"]));
        var state = End(Create(plan), plan, "a", RunStatus.Failed);
        Assert.Equal("a:failed b:canceling c:canceled", Shown(state));
        Assert.Equal("Canceled because A failed, and the matrix is fail_fast.", state.Jobs["c"].Reason);
        state = End(state, plan, "b", RunStatus.Canceled);
        Assert.Equal("a:failed after:skipped b:canceled c:canceled", Shown(state));
        Assert.Equal(RunStatus.Failed, state.Status);
    }

    [Fact]
    public void WithoutFailFast_TheOthersGoOn()
    {
        var plan = Plan(One("a", failFast: false), One("b", failFast: false));
        Assert.Equal("a:failed b:queued", Shown(End(Create(plan), plan, "a", RunStatus.Failed)));
    }

    [Fact]
    public void FailFast_OfOneThatMayFail_CancelsNothing()
    {
        var plan = Plan(One("a") with { AllowFailure = true }, One("b"));
        Assert.Equal("a:failed b:queued", Shown(End(Create(plan), plan, "a", RunStatus.Failed)));
    }

    [Fact]
    public void Group_StartsNothingBeforeItsTurn()
    {
        var jobs = Plans.Of(Plans.Job("a"));
        var plan = new Blueprint(BuildId.FromKey("default/demo/hello/7"), jobs with { Concurrency = new() { Group = "deploy-${{ build.branch }}" } });
        var state = Create(plan);
        Assert.Equal(("deploy-main", "", RunStatus.Queued), (state.Group, Shown(state), state.Status));
        var waiting = BuildLifecycle.Wait(state, new() { Entered = false, WaitReason = "Waits.", ExpectedStartAt = Now.AddMinutes(3) });
        Assert.Equal((RunStatus.Waiting, "Waits.", Now.AddMinutes(3)), (waiting.Status, waiting.Reason, waiting.ExpectedStartAt));
        var entered = BuildLifecycle.Enter(waiting, plan, Now);
        Assert.Equal((RunStatus.Queued, null, "a:queued"), (entered.Status, entered.Reason, Shown(entered)));
        Assert.Same(entered, BuildLifecycle.Wait(entered, new() { Entered = false, WaitReason = "Waits." }));
        Assert.Null(entered.ExpectedStartAt);
        Assert.Equal("a:canceled", Shown(BuildLifecycle.Cancel(waiting, plan, "Stop.", Now)));
    }

    [Fact]
    public void Group_ThatCannotBeEvaluated_FailsTheBuild()
    {
        var plan = new Blueprint(BuildId.FromKey("default/demo/hello/7"), Plans.Of(Plans.Job("a")) with { Concurrency = new() { Group = "${{ inputs.x }}" } });
        var state = Create(plan);
        Assert.Equal((RunStatus.Failed, "a:skipped"), (state.Status, Shown(state)));
        Assert.Contains("concurrency group ${{ inputs.x }} gives ''", state.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Skipped_EndsAtOnceWithItsReason()
    {
        var state = BuildLifecycle.Create(new(), Plans.Request(null) with { SkipReason = "The commit's message says [skip ci]." }, null);
        Assert.Equal((RunStatus.Skipped, "The commit's message says [skip ci].", Now), (state.Status, state.Reason, state.FinishedAt));
    }
}
