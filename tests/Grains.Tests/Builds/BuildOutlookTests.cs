using PRTS.Api;
using PRTS.Api.Agents;
using PRTS.Api.Builds;

namespace PRTS.Grains.Tests.Builds;

public sealed class BuildOutlookTests
{
    private static readonly DateTimeOffset Now = Plans.Now;

    private static readonly Dictionary<string, TimeSpan> Usual = new(StringComparer.Ordinal)
    {
        ["a"] = TimeSpan.FromMinutes(10),
        ["b"] = TimeSpan.FromMinutes(5),
        ["c"] = TimeSpan.FromMinutes(1),
    };

    private static JobSummary Job(string key, RunStatus status, string needs = "", string? reason = null) => new()
    {
        Key = key,
        Name = key.ToUpperInvariant(),
        Stage = "S",
        Status = status,
        Reason = reason,
        Needs = needs.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        StartedAt = status == RunStatus.Running ? Now.AddMinutes(-4) : null,
    };

    private static AgentSummary Agent(string name, bool containers = false, params string[] labels) => new() { Name = name, Status = AgentStatus.Online, Labels = labels, Containers = containers };

    private static IReadOnlyList<JobSummary> After(RunStatus status, params JobSummary[] jobs) => BuildOutlook.Of(
        new() { Org = "o", Project = "p", Number = 1, Status = status, Name = "n", File = "f", Event = "push", Ref = "r", Commit = "c", CreatedAt = Now, Stages = [new() { Name = "S", Status = status, Jobs = jobs }] },
        Usual, [Agent("big", containers: true), Agent("arm", labels: ["Linux", "arm64"])], Now).Stages![0].Jobs;

    [Fact]
    public void Waiting_SaysForWhom_AndWhenItIsExpectedToStart()
    {
        var jobs = After(RunStatus.Running, Job("a", RunStatus.Running), Job("b", RunStatus.Queued, "a"), Job("c", RunStatus.Queued, "a b"), Job("d", RunStatus.Queued, "c"));
        Assert.Equal(("Waits for A.", Now.AddMinutes(6)), (jobs[1].Reason, jobs[1].ExpectedStartAt));
        Assert.Equal(("Waits for A, B.", Now.AddMinutes(11)), (jobs[2].Reason, jobs[2].ExpectedStartAt));
        Assert.Equal(("Waits for C.", Now.AddMinutes(12)), (jobs[3].Reason, jobs[3].ExpectedStartAt));
        Assert.Null(jobs[0].ExpectedStartAt);
    }

    [Fact]
    public void Overdue_CountsAsEndingNow_AndTheUnknownHasNoTime()
    {
        var late = Job("c", RunStatus.Running);
        var jobs = After(RunStatus.Running, late, Job("x", RunStatus.Running), Job("b", RunStatus.Queued, "c"), Job("y", RunStatus.Queued, "c x"));
        Assert.Equal(Now, jobs[2].ExpectedStartAt);
        Assert.Equal(("Waits for C, X.", null), (jobs[3].Reason, jobs[3].ExpectedStartAt));
    }

    [Fact]
    public void Build_ThatWaitsForItsTurn_GivesItsReasonAndTimeToItsJobs()
    {
        var jobs = Waiting(Now.AddMinutes(20));
        Assert.Equal(("Waits for #1.", Now.AddMinutes(20)), (jobs[0].Reason, jobs[0].ExpectedStartAt));
        Assert.Equal(("Waits for A.", Now.AddMinutes(30)), (jobs[1].Reason, jobs[1].ExpectedStartAt));
        Assert.Equal((Now, Now.AddMinutes(10)), (Waiting(Now.AddMinutes(-1))[0].ExpectedStartAt, Waiting(Now.AddMinutes(-1))[1].ExpectedStartAt));
        Assert.All(Waiting(null), job => Assert.Null(job.ExpectedStartAt));
    }

    private static IReadOnlyList<JobSummary> Waiting(DateTimeOffset? turn) => BuildOutlook.Of(
        new()
        {
            Org = "o",
            Project = "p",
            Number = 2,
            Status = RunStatus.Waiting,
            Reason = "Waits for #1.",
            ExpectedStartAt = turn,
            Name = "n",
            File = "f",
            Event = "push",
            Ref = "r",
            Commit = "c",
            CreatedAt = Now,
            Stages = [new() { Name = "S", Status = RunStatus.Queued, Jobs = [Job("a", RunStatus.Queued), Job("b", RunStatus.Queued, "a")] }],
        },
        Usual, [], Now).Stages![0].Jobs;

    [Fact]
    public void Reason_ThatIsThere_Stays()
    {
        var jobs = After(RunStatus.Running, Job("a", RunStatus.Running), Job("b", RunStatus.Waiting, "a", "All slots are busy."), Job("c", RunStatus.Waiting, "", "All slots are busy."));
        Assert.Equal("All slots are busy.", jobs[1].Reason);
        Assert.Null(jobs[2].ExpectedStartAt);
    }

    [Fact]
    public void Waiting_SaysWhichAgentsFit()
    {
        var jobs = After(RunStatus.Running, Job("a", RunStatus.Queued), Job("b", RunStatus.Waiting) with { RunsOn = ["linux"] }, Job("c", RunStatus.Queued, "a") with { NeedsContainers = true },
            Job("d", RunStatus.Queued, "a") with { RunsOn = ["gpu"] }, Job("e", RunStatus.Queued, "a") with { RunsOn = ["${{ needs.a.outputs.label }}"] }, Job("f", RunStatus.Running));
        Assert.Equal(["arm big", "arm", "big", "", null, null], jobs.Select(job => job.FittingAgents is { } agents ? string.Join(' ', agents) : null));
    }

    [Fact]
    public void Waiting_ForSomethingElseThanJobs_KnowsItself()
    {
        var jobs = After(RunStatus.Running, Job("a", RunStatus.Waiting) with { ExpectedStartAt = Now.AddMinutes(3) }, Job("b", RunStatus.Queued, "a"),
            Job("c", RunStatus.Waiting, "", "Needs an approval."), Job("d", RunStatus.Queued, "b c"), Job("e", RunStatus.Waiting) with { ExpectedStartAt = Now.AddMinutes(-1) });
        Assert.Equal([Now.AddMinutes(3), Now.AddMinutes(13), null, null, Now], jobs.Select(job => job.ExpectedStartAt));
    }

    [Fact]
    public void Ended_IsLeftAlone() => Assert.Null(After(RunStatus.Canceled, Job("a", RunStatus.Running), Job("b", RunStatus.Queued, "a"))[1].Reason);
}
