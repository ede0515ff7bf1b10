using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Grains.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Tests.Builds;

public sealed class JobRetryTests
{
    private static readonly DateTimeOffset Now = Plans.Now;
    private static readonly PlannedRetry Rule = new() { Count = 2, Delay = TimeSpan.FromSeconds(10) };

    private static PlannedJob With(PlannedRetry? rule) => Plans.Job("x") with { Retry = rule };

    private static JobState Running(int attempt = 1, int retries = 0) => new()
    {
        Version = 5,
        Status = RunStatus.Running,
        Attempt = attempt,
        Retries = retries,
        Agent = "agent-1",
        StartedAt = Now,
        LastSequence = 2,
        Steps = [new() { Status = RunStatus.Running }],
    };

    private static JobEnded Failed(FailureCause cause = FailureCause.Failure, int? exitCode = 1) =>
        new() { Sequence = 3, At = Now, Status = RunStatus.Failed, Reason = "Step 'x' failed: exited with code 1", LogLength = 3, Cause = cause, ExitCode = exitCode };

    [Fact]
    public void Failure_WithRetriesLeft_IsTriedAgainUnderAnotherNumber()
    {
        var again = JobLifecycle.Report(Running(), [Failed()], With(Rule), Now);
        Assert.Equal((RunStatus.Waiting, 2, 1, Now.AddSeconds(10)), (again.Status, again.Attempt, again.Retries, again.NotBefore));
        Assert.Equal("Attempt 1 failed (Step 'x' failed: exited with code 1); tried again in 10 s, retry 1 of 2.", again.Reason);
        Assert.Equal((null, 0, RunStatus.Queued), (again.Agent, again.LastSequence, again.Steps[0].Status));
        Assert.False(JobLifecycle.Accepts(again, 1, "agent-1", [Failed()]));
    }

    [Fact]
    public void Failure_AtTheLastRetry_Fails()
    {
        var ended = JobLifecycle.Report(Running(attempt: 4, retries: 2), [Failed()], With(Rule), Now);
        Assert.Equal((RunStatus.Failed, 4, "Step 'x' failed: exited with code 1"), (ended.Status, ended.Attempt, ended.Reason));
    }

    [Theory]
    [InlineData(FailureCause.Failure, 75, true)]
    [InlineData(FailureCause.Failure, 1, false)]
    [InlineData(FailureCause.Timeout, null, false)]
    public void Failure_OfAnotherKind_Fails(FailureCause cause, int? exitCode, bool again)
    {
        var rule = new PlannedRetry { Count = 1, On = [FailureCause.Failure], ExitCodes = [75] };
        Assert.Equal(again, !JobLifecycle.Report(Running(), [Failed(cause, exitCode)], With(rule), Now).Status.IsEnded());
    }

    [Fact]
    public void AgentLost_IsTriedAgainAtOnce()
    {
        var again = JobLifecycle.AgentLost(Running(), 1, "agent-1", "Agent agent-1 was lost.", With(new() { Count = 1 }), Now);
        Assert.Equal((RunStatus.Queued, 2, null), (again.Status, again.Attempt, again.NotBefore));
        Assert.Equal("Attempt 1 failed (Agent agent-1 was lost); tried again now, retry 1 of 1.", again.Reason);
    }

    [Fact]
    public void Canceled_IsNeverTriedAgain()
    {
        var canceling = JobLifecycle.Cancel(Running(), Plans.Start(Plans.Job("a")), "Stop.", Now);
        Assert.True(JobLifecycle.Report(canceling, [Failed()], With(Rule), Now).Status.IsEnded());
        Assert.Equal(RunStatus.Canceled, JobLifecycle.AgentLost(canceling, 1, "agent-1", "Lost.", With(Rule), Now).Status);
    }

    [Fact]
    public void Unheard_DoesNotCountAsARetry()
    {
        var unheard = JobLifecycle.Unheard(Running() with { Status = RunStatus.Queued }, 1, "agent-1");
        Assert.Equal((2, 0), (unheard.Attempt, unheard.Retries));
    }

    [Fact]
    public void Work_WaitsForItsTurnInTheGroup_AndLeavesItAtTheEnd()
    {
        var start = Plans.Start(Plans.Job("a") with { Concurrency = new() { Group = "g" } });
        var queued = JobLifecycle.Start(new(), start, Now);
        Assert.Equal(JobEffect.Enter, JobWork.Next(queued, new()));
        var waiting = JobLifecycle.Wait(queued, new() { Entered = false, WaitReason = "Waits." });
        Assert.Equal((RunStatus.Waiting, JobEffect.None), (waiting.Status, JobWork.Next(waiting, new() { AskedGroup = true })));
        var entered = JobLifecycle.Enter(waiting);
        Assert.Equal((RunStatus.Queued, null, JobEffect.Ask), (entered.Status, entered.Reason, JobWork.Next(entered, new())));
        Assert.Same(entered, JobLifecycle.Wait(entered, new() { Entered = false, WaitReason = "Waits." }));
        var ended = JobLifecycle.Cancel(entered, start, "Stop.", Now);
        Assert.Equal(JobEffect.Release, JobWork.Next(ended, new()));
        Assert.Equal(JobEffect.Leave, JobWork.Next(ended, new() { Released = true }));
        Assert.Equal(JobEffect.None, JobWork.Next(ended, new() { Released = true, LeftGroup = true }));
    }
}
