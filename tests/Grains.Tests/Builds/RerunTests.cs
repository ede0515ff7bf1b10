using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;
using PRTS.Grains.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Tests.Builds;

/// <summary>Jobs of a build that has ended are run again.</summary>
public sealed class RerunTests
{
    private static readonly DateTimeOffset Now = Plans.Now;
    private static readonly Blueprint Plan = new(BuildId.FromKey("default/demo/hello/7"), Plans.Of(
        Plans.Job("build"), Plans.Job("test", needs: ["build"]), Plans.Job("lint"), Plans.Job("deploy", needs: ["test"]), Plans.Job("clean", needs: ["test"], @if: "failure()")));

    private static BuildState Failed
    {
        get
        {
            var state = BuildLifecycle.Create(new(), Plans.Request(Plan.Plan), Plan);
            foreach (var (key, status) in ((string, RunStatus)[])[("build", RunStatus.Succeeded), ("lint", RunStatus.Succeeded), ("test", RunStatus.Failed), ("clean", RunStatus.Succeeded)])
                state = Ended(state, key, status, round: 0);
            return state;
        }
    }

    [Fact]
    public void Rerun_OfWhatFailed_StartsItAndWhatNeedsItOnly()
    {
        Assert.Equal(RunStatus.Failed, Failed.Status);
        var again = BuildLifecycle.Rerun(Failed, Plan, null, "ann", Now);
        Assert.Equal((RunStatus.Queued, null, null, 1, Failed.Version + 1), (again.Status, again.Reason, again.FinishedAt, again.Round, again.Version));
        Assert.Equal(["build", "lint", "test"], again.Jobs.Keys.Order());
        Assert.Equal((RunStatus.Queued, 1), (again.Jobs["test"].Status, again.Jobs["test"].Round));
        Assert.Equal(Failed.Jobs["build"], again.Jobs["build"]);
        Assert.Equal((1, "ann"), (JobStarts.Of(again, Plan, "test").Round, JobStarts.Of(again, Plan, "test").Actor));

        var ended = Ended(Ended(again, "test", RunStatus.Succeeded, round: 1), "deploy", RunStatus.Succeeded, round: 1);
        Assert.Equal((RunStatus.Succeeded, RunStatus.Skipped), (ended.Status, ended.Jobs["clean"].Status));
    }

    [Fact]
    public void Rerun_LateNewsOfTheRoundBefore_AreNotTakenForThisOne()
    {
        var again = BuildLifecycle.Rerun(Failed, Plan, null, "ann", Now);
        Assert.Same(again, Ended(again, "test", RunStatus.Failed, round: 0));
    }

    [Fact]
    public void Rerun_OfOneJobThatSucceeded_TakesWhatNeedsItAlong()
    {
        var again = BuildLifecycle.Rerun(Failed, Plan, ["build"], "ann", Now);
        Assert.Equal(["build", "lint"], again.Jobs.Keys.Order());
    }

    [Theory]
    [InlineData("nobody", "has no job 'nobody'.")]
    [InlineData("build", null)]
    [InlineData("deploy", null)]
    public void WhyNoRerun_OfAJob_SaysWhy(string job, string? expected) => Assert.Equal(expected, BuildLifecycle.WhyNoRerun(Failed, Plan, [job]));

    [Fact]
    public void Rerun_OfABuildThatRuns_ChangesNothing()
    {
        var running = BuildLifecycle.Create(new(), Plans.Request(Plan.Plan), Plan);
        Assert.Contains("has not ended", BuildLifecycle.WhyNoRerun(running, Plan, null), StringComparison.Ordinal);
        Assert.Same(running, BuildLifecycle.Rerun(running, Plan, null, "ann", Now));
    }

    [Fact]
    public void Summaries_OfEachRound_HaveHigherVersionsThanAllBefore()
    {
        var again = BuildLifecycle.Rerun(Failed, Plan, null, "ann", Now);
        var jobs = BuildSummaries.Of(Plan.Id, again, Plan.Plan, _ => true).Stages!.SelectMany(stage => stage.Jobs).ToDictionary(job => job.Key);
        var before = JobLifecycle.Start(new(), Start("test", 0), Now);
        Assert.True(jobs["test"].Version > before.Version + 1000);
        Assert.True(jobs["deploy"].Version > 1, "It was skipped, and waits now.");
        Assert.True(jobs["build"].Version < JobLifecycle.Start(new(), Start("build", 0), Now).Version, "What its grain said stands.");
        Assert.True(JobLifecycle.Start(before with { Status = RunStatus.Failed }, Start("test", 1), Now).Version > jobs["test"].Version);
    }

    [Fact]
    public void Start_OfAnotherRound_IsAnotherAttemptOfAJobThatEnded()
    {
        var first = JobLifecycle.Start(new(), Start("test", 0), Now) with { Retries = 2 };
        Assert.Same(first, JobLifecycle.Start(first, Start("test", 1), Now));
        var ended = first with { Status = RunStatus.Failed, Reason = "No.", Agent = "a", FinishedAt = Now, LastSequence = 7 };
        Assert.Same(ended, JobLifecycle.Start(ended, Start("test", 0), Now));
        var again = JobLifecycle.Start(ended, Start("test", 1), Now.AddHours(1));
        Assert.Equal((RunStatus.Queued, 2, 1, 0, null, null, 0L), (again.Status, again.Attempt, again.Round, again.Retries, again.Reason, again.Agent, again.LastSequence));
        Assert.Same(again, JobLifecycle.Start(again, Start("test", 1), Now));
    }

    [Fact]
    public void Cancel_BeforeTheStartOfTheNextRoundWasHeard_EndsThatRound()
    {
        var ended = JobLifecycle.Start(new(), Start("test", 0), Now) with { Status = RunStatus.Failed };
        Assert.Same(ended, JobLifecycle.Cancel(ended, Start("test", 0), "Stop.", Now));
        var canceled = JobLifecycle.Cancel(ended, Start("test", 1), "Stop.", Now);
        Assert.Equal((RunStatus.Canceled, "Stop.", 1), (canceled.Status, canceled.Reason, canceled.Round));
        Assert.True(canceled.Version > JobLifecycle.FirstVersion(1));
    }

    private static JobStart Start(string key, int round) => Plans.Start(Plan[key]) with { Round = round };

    private static BuildState Ended(BuildState state, string key, RunStatus status, int round) =>
        BuildLifecycle.JobChanged(state, Plan, Summaries.Planned(Plan[key], 0) with { Status = status, Version = 9, Round = round, StartedAt = Now, FinishedAt = Now }, Now);
}
