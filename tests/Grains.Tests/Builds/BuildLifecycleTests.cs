using CsCheck;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;
using PRTS.Grains.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Tests.Builds;

public sealed class BuildLifecycleTests
{
    private static readonly DateTimeOffset Now = Plans.Now;

    private static Blueprint Plan(params PlannedJob[] jobs) => new(BuildId.FromKey("default/demo/hello/7"), Plans.Of(jobs));

    private static BuildState Create(Blueprint plan) => BuildLifecycle.Create(new(), Plans.Request(plan.Plan), plan);

    private static BuildState End(BuildState state, Blueprint plan, string key, RunStatus status, string? reason = null) =>
        BuildLifecycle.JobChanged(state, plan, Job(plan, key, status) with { Reason = reason, FinishedAt = Now }, Now);

    private static JobSummary Job(Blueprint plan, string key, RunStatus status) => Summaries.Planned(plan.Jobs.First(job => job.Key == key), 0) with
    {
        Status = status,
        Version = 9,
        StartedAt = Now,
    };

    private static IEnumerable<string> Started(BuildState state) => state.Jobs.Where(job => job.Value.Status == RunStatus.Queued).Select(job => job.Key);

    [Fact]
    public void Create_StartsWhatNeedsNothing()
    {
        var plan = Plan(Plans.Job("a"), Plans.Job("b", needs: ["a"]), Plans.Job("c"));
        var state = Create(plan);
        Assert.Equal(["a", "c"], Started(state));
        Assert.Equal((1, RunStatus.Queued), (state.Version, state.Status));
        Assert.Null(state.Request!.Plan);
        Assert.Same(state, BuildLifecycle.Create(state, Plans.Request(plan.Plan), plan));
    }

    [Fact]
    public void Create_Invalid_Ends()
    {
        var diagnostic = new Pipelines.Diagnostic { Code = "x", File = ".prts/pipeline.yaml", Line = 1, Column = 1, Message = "No." };
        var state = BuildLifecycle.Create(new(), Plans.Request(null) with { Diagnostics = [diagnostic, diagnostic] }, null);
        Assert.Equal((RunStatus.Invalid, ".prts/pipeline.yaml has 2 errors.", Now), (state.Status, state.Reason, state.FinishedAt));
    }

    [Fact]
    public void JobChanged_Success_StartsWhatNeedsIt()
    {
        var plan = Plan(Plans.Job("a"), Plans.Job("b", needs: ["a"]));
        var state = End(Create(plan), plan, "a", RunStatus.Succeeded);
        Assert.Equal(["b"], Started(state));
        state = End(state, plan, "b", RunStatus.Succeeded);
        Assert.Equal((RunStatus.Succeeded, null, Now), (state.Status, state.Reason, state.FinishedAt));
    }

    [Fact]
    public void JobChanged_Failure_SkipsDependentsAndFailsTheBuild()
    {
        var plan = Plan(Plans.Job("a"), Plans.Job("b", needs: ["a"]), Plans.Job("c", needs: ["b"]));
        var state = End(Create(plan), plan, "a", RunStatus.Failed, "Step 'true' ended with exit code 1.");
        Assert.Equal((RunStatus.Failed, "A failed: Step 'true' ended with exit code 1."), (state.Status, state.Reason));
        Assert.Equal((RunStatus.Skipped, "Skipped because A failed."), (state.Jobs["b"].Status, state.Jobs["b"].Reason));
        Assert.Equal("Skipped because B was skipped.", state.Jobs["c"].Reason);
    }

    [Fact]
    public void JobChanged_AllowedFailure_CountsAsSuccess()
    {
        var plan = Plan(Plans.Job("a", allowFailure: true), Plans.Job("b", needs: ["a"]));
        var state = End(Create(plan), plan, "a", RunStatus.Failed);
        Assert.Equal(["b"], Started(state));
        Assert.Equal(RunStatus.Succeeded, End(state, plan, "b", RunStatus.Succeeded).Status);
    }

    [Fact]
    public void Create_SkippedByWhen_SkipsDependents()
    {
        var plan = Plan(Plans.Job("a", skip: "Only on main."), Plans.Job("b", needs: ["a"]), Plans.Job("c"));
        var state = Create(plan);
        Assert.Equal("Only on main.", state.Jobs["a"].Reason);
        Assert.Equal(RunStatus.Skipped, state.Jobs["b"].Status);
        Assert.Equal(RunStatus.Succeeded, End(state, plan, "c", RunStatus.Succeeded).Status);
    }

    [Fact]
    public void Create_AllSkipped_SucceedsAndSaysSo()
    {
        var state = Create(Plan(Plans.Job("a", skip: "Only on main.")));
        Assert.Equal((RunStatus.Succeeded, "No job had to run: all of them were skipped."), (state.Status, state.Reason));
    }

    [Fact]
    public void Cancel_StopsAllAndEndsWhenTheLastDid()
    {
        var plan = Plan(Plans.Job("a"), Plans.Job("b", needs: ["a"]));
        var state = BuildLifecycle.Cancel(Create(plan), plan, "Canceled by ann.", Now);
        Assert.False(state.Status.IsEnded());
        Assert.Equal(RunStatus.Canceled, state.Jobs["b"].Status);
        state = End(state, plan, "a", RunStatus.Canceled);
        Assert.Equal((RunStatus.Canceled, "Canceled by ann."), (state.Status, state.Reason));
    }

    [Fact]
    public void Cancel_TooLate_KeepsTheResult()
    {
        var plan = Plan(Plans.Job("a"));
        var state = End(BuildLifecycle.Cancel(Create(plan), plan, "Canceled by ann.", Now), plan, "a", RunStatus.Succeeded);
        Assert.Equal(RunStatus.Succeeded, state.Status);
    }

    [Fact]
    public void JobChanged_Progress_IsKeptOnlyWhereTheBuildShowsIt()
    {
        var plan = Plan(Plans.Job("a"), Plans.Job("b"));
        var state = BuildLifecycle.JobChanged(Create(plan), plan, Job(plan, "a", RunStatus.Waiting), Now);
        Assert.Equal(RunStatus.Waiting, state.Status);
        state = BuildLifecycle.JobChanged(state, plan, Job(plan, "a", RunStatus.Running), Now);
        Assert.Equal((RunStatus.Running, Now), (state.Status, state.StartedAt));
        Assert.Same(state, BuildLifecycle.JobChanged(state, plan, Job(plan, "b", RunStatus.Running), Now));
        Assert.Same(state, BuildLifecycle.JobChanged(state, plan, Job(plan, "b", RunStatus.Waiting), Now));
    }

    /// <summary>Any plan without cycles, any results in any order, each told up to twice: it ends, and nothing starts before its needs ended.</summary>
    [Fact]
    public void AnyPlan_Terminates_AndNothingStartsBeforeItsNeeds() =>
        Gen.Select(Gen.Int[1, 12].SelectMany(count => Gen.Int[0, (1 << count) - 1].Array[count]), Gen.Int[0, 1000].Array[40], Gen.Bool).Sample((edges, choices, cancel) =>
        {
            var jobs = edges.Select((mask, at) => Plans.Job(
                $"j{at}", needs: [.. Enumerable.Range(0, at).Where(need => (mask >> need & 1) == 1).Select(need => $"j{need}")],
                allowFailure: mask % 3 == 0, skip: mask % 7 == 1 ? "No." : null)).ToArray();
            // The order of the file says nothing about needs.
            var plan = Plan([.. jobs.OrderBy(job => choices[int.Parse(job.Key[1..], System.Globalization.CultureInfo.InvariantCulture)])]);
            var state = Create(plan);
            for (var turn = 0; !state.Status.IsEnded(); turn++)
            {
                Assert.True(turn <= 2 * jobs.Length, "The build does not end.");
                var started = Started(state).ToList();
                Assert.NotEmpty(started);
                foreach (var job in started)
                    Assert.All(jobs.First(planned => planned.Key == job).Needs, need => Assert.True(state.Jobs[need].Status.IsEnded()));
                if (cancel && turn == 2) state = BuildLifecycle.Cancel(state, plan, "Stop.", Now);
                var choice = choices[turn % choices.Length];
                var status = (RunStatus[])[RunStatus.Succeeded, RunStatus.Failed, RunStatus.Canceled];
                var key = started[choice % started.Count];
                state = End(state, plan, key, status[choice % 3]);
                Assert.Same(state, End(state, plan, key, status[(choice + 1) % 3]));
            }

            Assert.Equal(jobs.Length, state.Jobs.Count);
            Assert.All(state.Jobs.Values, job => Assert.True(job.Status.IsEnded()));
        });
}
