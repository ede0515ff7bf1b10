using CsCheck;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Grains.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Tests.Builds;

public sealed class JobLifecycleTests
{
    private static readonly DateTimeOffset Now = Plans.Now;
    private static readonly Contracts.Builds.JobStart Definition = Plans.Start(Plans.Job("lint"));

    private static readonly JobEvent[] Success =
    [
        new JobStarted { Sequence = 1, At = Now.AddSeconds(1) },
        new StepStarted { Sequence = 2, At = Now.AddSeconds(2), Index = 0, LogStart = 0, Name = "Lint" },
        new StepEnded { Sequence = 3, At = Now.AddSeconds(3), Index = 0, Status = RunStatus.Succeeded, ExitCode = 0, LogEnd = 7 },
        new JobEnded { Sequence = 4, At = Now.AddSeconds(4), Status = RunStatus.Succeeded, LogLength = 7 },
    ];

    private static JobState Queued => JobLifecycle.Start(new(), Definition, Now);

    private static JobState Placed => JobLifecycle.Placed(Queued, 1, new() { Agent = "agent-1" });

    private static JobState Report(JobState state, IReadOnlyList<JobEvent> events, PlannedRetry? retry = null) => JobLifecycle.Report(state, events, Definition.Job with { Retry = retry }, Now);

    private static JobState Lost(JobState state, int attempt, string agent, string reason, DateTimeOffset now, PlannedRetry? retry = null) =>
        JobLifecycle.AgentLost(state, attempt, agent, reason, Definition.Job with { Retry = retry }, now);

    private static JobState Running => Report(Placed, Success[..2]);

    [Fact]
    public void Start_Twice_ChangesNothing()
    {
        var once = Queued;
        Assert.Same(once, JobLifecycle.Start(once, Definition, Now.AddHours(1)));
        Assert.Equal((1, RunStatus.Queued, 1), (once.Version, once.Status, once.Attempt));
    }

    [Fact]
    public void Placed_WithoutAgent_WaitsWithTheReason()
    {
        var waiting = JobLifecycle.Placed(Queued, 1, new() { WaitReason = "All are busy." });
        Assert.Equal((RunStatus.Waiting, "All are busy."), (waiting.Status, waiting.Reason));
        Assert.Same(waiting, JobLifecycle.Placed(waiting, 1, new() { WaitReason = "All are busy." }));
        var placed = JobLifecycle.Placed(waiting, 1, new() { Agent = "agent-1" });
        Assert.Equal((RunStatus.Queued, null, "agent-1"), (placed.Status, placed.Reason, placed.Agent));
    }

    [Fact]
    public void Placed_ElsewhereMeanwhile_IsIgnored()
    {
        Assert.Same(Placed.Agent, JobLifecycle.Placed(Placed, 1, new() { Agent = "agent-2" }).Agent);
        Assert.Null(JobLifecycle.Placed(Queued, 2, new() { Agent = "agent-2" }).Agent);
    }

    [Fact]
    public void Report_OfAllEvents_Succeeds()
    {
        var ended = Report(Placed, Success);
        Assert.Equal((RunStatus.Succeeded, Now.AddSeconds(1), Now.AddSeconds(4), 7L), (ended.Status, ended.StartedAt, ended.FinishedAt, ended.LogLength));
        Assert.Equal(
            new StepState { Status = RunStatus.Succeeded, StartedAt = Now.AddSeconds(2), FinishedAt = Now.AddSeconds(3), ExitCode = 0, LogStart = 0, LogEnd = 7, Name = "Lint" },
            Assert.Single(ended.Steps));
    }

    [Fact]
    public void Report_WithAGap_IsRefused()
    {
        var gap = Assert.Throws<InvalidOperationException>(() => Report(Placed, Success[1..]));
        Assert.Contains("before event 1 was seen", gap.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_EndedBySignal_EndsOpenStepsToo()
    {
        var ended = Report(Running, [new JobEnded { Sequence = 3, At = Now.AddSeconds(9), Status = RunStatus.Failed, Reason = "Killed.", LogLength = 3 }]);
        Assert.Equal((RunStatus.Failed, Now.AddSeconds(9)), (ended.Steps[0].Status, ended.Steps[0].FinishedAt));
    }

    [Fact]
    public void Report_WithTooLargeOutputs_FailsAndSaysSo()
    {
        var outputs = new Dictionary<string, string>(StringComparer.Ordinal) { ["s.o"] = new('x', JobLifecycle.MaxOutputs) };
        var ended = Report(Running, [new JobEnded { Sequence = 3, At = Now, Status = RunStatus.Succeeded, LogLength = 0, Outputs = outputs }]);
        Assert.Equal(RunStatus.Failed, ended.Status);
        Assert.Contains("the limit is 32768", ended.Reason, StringComparison.Ordinal);
        Assert.Null(ended.Outputs);
    }

    [Fact]
    public void Cancel_BeforeItRuns_EndsAtOnce()
    {
        foreach (var state in (JobState[])[new(), Queued, Placed])
        {
            var canceled = JobLifecycle.Cancel(state, Definition, "Canceled by ann.", Now);
            Assert.Equal((RunStatus.Canceled, "Canceled by ann.", Now), (canceled.Status, canceled.Reason, canceled.FinishedAt));
            Assert.Equal(RunStatus.Skipped, canceled.Steps[0].Status);
        }
    }

    [Fact]
    public void Cancel_Running_WaitsForTheAgent()
    {
        var canceling = JobLifecycle.Cancel(Running, Definition, "Canceled by ann.", Now);
        Assert.Equal((RunStatus.Running, "Canceled by ann."), (canceling.Status, canceling.CancelReason));
        Assert.Equal(JobEffect.Cancel, JobWork.Next(canceling, new() { Asked = true, Delivered = true }));
        var ended = Report(canceling, [new JobEnded { Sequence = 3, At = Now, Status = RunStatus.Canceled, LogLength = 0 }]);
        Assert.Equal((RunStatus.Canceled, "Canceled by ann.", null), (ended.Status, ended.Reason, ended.CancelReason));
    }

    [Fact]
    public void AgentLost_Running_Fails()
    {
        var lost = Lost(Running, 1, "agent-1", "Agent agent-1 was lost: no sign of life for 120 s.", Now);
        Assert.Equal((RunStatus.Failed, "Agent agent-1 was lost: no sign of life for 120 s."), (lost.Status, lost.Reason));
        Assert.False(JobLifecycle.Accepts(lost, 1, "agent-1", Success[2..]));
        Assert.True(JobLifecycle.Accepts(lost, 1, "agent-1", Success[..2]));
    }

    [Fact]
    public void AgentLost_Canceling_Cancels() =>
        Assert.Equal(RunStatus.Canceled, Lost(JobLifecycle.Cancel(Running, Definition, "Stop.", Now), 1, "agent-1", "Lost.", Now).Status);

    [Fact]
    public void AgentLost_BeforeAnythingWasHeard_FencesTheAttemptOff()
    {
        var next = Lost(Placed, 1, "agent-1", "Lost.", Now);
        Assert.Equal((RunStatus.Queued, 2, null), (next.Status, next.Attempt, next.Agent));
        Assert.False(JobLifecycle.Accepts(next, 1, "agent-1", Success));
        Assert.Same(next, Lost(next, 1, "agent-1", "Lost.", Now));
    }

    [Fact]
    public void NotTaken_KeepsTheAttempt()
    {
        var next = JobLifecycle.NotTaken(Placed, 1, "agent-1");
        Assert.Equal((1, null), (next.Attempt, next.Agent));
        Assert.Same(Running.Agent, JobLifecycle.NotTaken(Running, 1, "agent-1").Agent);
    }

    /// <summary>Reports may be cut anywhere, repeated, and overlap: as long as nothing is left out, the end is the same.</summary>
    [Fact]
    public void Report_DeliveredInAnyPiecesAndTwice_EndsTheSame() =>
        Gen.Int[0, Success.Length].Array[0, 12].Sample(cuts =>
        {
            var state = Placed;
            foreach (var cut in cuts)
            {
                var from = (int)Math.Min(state.LastSequence, cut);
                state = Report(state, Success[from..Math.Max(from, cut)]);
            }

            var end = Report(state, Success);
            var straight = Report(Placed, Success);
            Assert.Equal(straight with { Version = 0, Steps = [] }, end with { Version = 0, Steps = [] });
            Assert.Equal(straight.Steps, end.Steps);
        });

    /// <summary>Whatever happens in whatever order, a version never goes back and an end is an end.</summary>
    [Fact]
    public void AnyEvents_NeverLeaveAnEnd() =>
        Gen.Int[0, 8].Array[0, 40].Sample(steps =>
        {
            var state = Queued;
            foreach (var step in steps)
            {
                var next = Any(state, step);
                Assert.True(ReferenceEquals(next, state) || next.Version == state.Version + 1);
                if (state.Status.IsEnded()) Assert.Same(state, next);
                state = next;
            }
        });

    private static JobState Any(JobState state, int step) => step switch
    {
        0 => JobLifecycle.Start(state, Definition, Now),
        1 => JobLifecycle.Cancel(state, Definition, "Stop.", Now),
        2 => JobLifecycle.Placed(state, state.Attempt, new() { Agent = "agent-1" }),
        3 => JobLifecycle.Placed(state, state.Attempt, new() { WaitReason = "Busy." }),
        4 => JobLifecycle.NotTaken(state, state.Attempt, "agent-1"),
        5 => JobLifecycle.Unheard(state, state.Attempt, "agent-1"),
        6 => Lost(state, state.Attempt, "agent-1", "Lost.", Now),
        7 when state.Agent is not null => Report(state, Success[..(int)Math.Min(Success.Length, state.LastSequence + 1)]),
        8 when state.Agent is not null => Report(state, Success),
        _ => state,
    };
}
