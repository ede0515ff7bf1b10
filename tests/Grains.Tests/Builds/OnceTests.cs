using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;
using PRTS.Grains.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Tests.Builds;

/// <summary>Steps that run once, over the attempts of their job.</summary>
public sealed class OnceTests
{
    private static readonly DateTimeOffset Now = Plans.Now;
    private static readonly JobStart Definition = Plans.Start(Plans.Job("pay"));

    private static readonly JobEvent[] Claim = [new JobStarted { Sequence = 1, At = Now }, new StepClaimed { Sequence = 2, At = Now, Index = 0 }];

    private static StepEnded StepEnd(RunStatus status) => new() { Sequence = 3, At = Now, Index = 0, Status = status, Reason = "so it was", Outputs = new Dictionary<string, string> { ["id"] = "7" } };

    private static JobEnded JobEnd(RunStatus status, FailureCause cause = FailureCause.Failure) => new() { Sequence = 4, At = Now, Status = status, LogLength = 0, Reason = "over", Cause = cause };

    private static JobState Running => JobLifecycle.Placed(JobLifecycle.Start(new(), Definition, Now), 1, new() { Agent = "a" });

    private static JobState After(JobState state, params JobEvent[] events) => JobLifecycle.Report(state, events, Retrying, Now);

    private static Pipelines.Planning.PlannedJob Retrying => Definition.Job with { Retry = new() { Count = 3 } };

    private static OnceQuestion? Question(JobState state) => OnceSteps.Question(state, Definition.Job);

    [Fact]
    public void AgentLost_AfterTheClaim_AsksWhateverTheRuleOfRetries()
    {
        foreach (var job in new[] { Definition.Job, Retrying })
        {
            var lost = JobLifecycle.AgentLost(After(Running, Claim), 1, "a", "Agent a was lost.", job, Now);
            Assert.Equal((RunStatus.Waiting, 2, (string?)null), (lost.Status, lost.Attempt, lost.Agent));
            Assert.Contains("cannot be told whether", Question(lost)!.Reason, StringComparison.Ordinal);
            Assert.Contains("Agent a was lost", lost.Reason, StringComparison.Ordinal);
            Assert.Equal(JobEffect.None, JobWork.Next(lost, new()));
        }
    }

    [Fact]
    public void AgentLost_BeforeTheClaim_IsTriedAgain()
    {
        var lost = JobLifecycle.AgentLost(After(Running, Claim[..1]), 1, "a", "Lost.", Retrying, Now);
        Assert.Null(Question(lost));
        Assert.Equal(2, lost.Attempt);
        Assert.Equal(JobEffect.Ask, JobWork.Next(lost, new()));
    }

    [Theory]
    [InlineData(RunStatus.Failed)]
    [InlineData(RunStatus.Canceled)]
    public void SupervisorKilled_InTheStep_Asks(RunStatus said)
    {
        var lost = After(Running, [.. Claim, StepEnd(said), JobEnd(RunStatus.Failed, FailureCause.AgentLost)]);
        Assert.Equal(RunStatus.Waiting, lost.Status);
        Assert.NotNull(Question(lost));
    }

    [Fact]
    public void Success_ThenARetry_PassesOverTheStepWithItsOutputs()
    {
        var again = After(Running, [.. Claim, StepEnd(RunStatus.Succeeded), JobEnd(RunStatus.Failed)]);
        Assert.Equal(2, again.Attempt);
        Assert.Null(Question(again));
        Assert.Equal("7", OnceSteps.Done(again)[0].Outputs["id"]);
    }

    [Fact]
    public void Failure_IsNotRetried()
    {
        var ended = After(Running, [.. Claim, StepEnd(RunStatus.Failed), JobEnd(RunStatus.Failed)]);
        Assert.Equal((RunStatus.Failed, 1), (ended.Status, ended.Attempt));
    }

    [Fact]
    public void Skipped_ByACancellation_IsNotAskedAbout()
    {
        var ended = After(Running, [.. Claim, StepEnd(RunStatus.Skipped), JobEnd(RunStatus.Canceled)]);
        Assert.Empty(ended.Once);
        Assert.Null(Question(JobLifecycle.Start(ended, Definition with { Round = 1 }, Now)));
    }

    [Theory]
    [InlineData(RunStatus.Failed, true)]
    [InlineData(RunStatus.Succeeded, true)]
    [InlineData(RunStatus.Failed, false)]
    public void Rerun_Asks_AndTheAnswerCounts(RunStatus status, bool ran)
    {
        var ended = After(Running, [.. Claim, StepEnd(status), JobEnd(status)]);
        var again = JobLifecycle.Start(ended, Definition with { Round = 1 }, Now);
        Assert.Equal((RunStatus.Waiting, 2), (again.Status, again.Attempt));
        Assert.Same(again, JobLifecycle.Answered(again, Definition.Job, 1, ran, "ann"));
        var answered = JobLifecycle.Answered(again, Definition.Job, 0, ran, "ann");
        Assert.Equal((RunStatus.Queued, (string?)null), (answered.Status, answered.Reason));
        Assert.Equal(ran, OnceSteps.Done(answered).ContainsKey(0));
        Assert.Same(answered, JobLifecycle.Answered(answered, Definition.Job, 0, ran, "ann"));
    }

    [Fact]
    public void Cancel_WhileItAsks_EndsTheJob()
    {
        var lost = JobLifecycle.AgentLost(After(Running, Claim), 1, "a", "Lost.", Definition.Job, Now);
        var canceled = JobLifecycle.Cancel(lost, Definition, "Canceled by ann.", Now);
        Assert.Equal(RunStatus.Canceled, canceled.Status);
        Assert.Same(canceled, JobLifecycle.Answered(canceled, Definition.Job, 0, true, "ann"));
    }
}
