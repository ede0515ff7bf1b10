using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Cli.Builds;

namespace PRTS.Cli.Tests.Builds;

public sealed class BuildChangesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Between_AWholeRun_TellsEachThingOnce()
    {
        BuildSummary?[] states =
        [
            null,
            Build(RunStatus.Queued, Job(RunStatus.Queued)),
            Build(RunStatus.Waiting, Job(RunStatus.Waiting) with { Reason = "No agent has the label gpu." }),
            Build(RunStatus.Running, Job(RunStatus.Running, RunStatus.Running)),
            Build(RunStatus.Running, Job(RunStatus.Running, RunStatus.Failed)),
            Build(RunStatus.Failed, Job(RunStatus.Failed, RunStatus.Failed) with { Reason = "Step 'make' failed.", FinishedAt = Start.AddSeconds(3) }) with { FinishedAt = Start.AddSeconds(4) },
        ];
        var lines = states.Zip(states.Skip(1), (before, after) => BuildChanges.Between(before, after!)).SelectMany(line => line);
        Assert.Equal(
            [
                "demo/hello#1 Hello: main 01234567 First",
                "demo/hello#1 queued",
                "  Build: waiting: No agent has the label gpu.",
                "demo/hello#1 waiting",
                "  Build: running on local",
                "demo/hello#1 running",
                "  Build: ✗ make 2.0 s: Exit code 2.",
                "  Build: failed (3.0 s): Step 'make' failed.",
                "demo/hello#1 failed (4.0 s)",
            ],
            lines);
    }

    [Fact]
    public void Between_TheSame_TellsNothing()
    {
        var build = Build(RunStatus.Running, Job(RunStatus.Running, RunStatus.Running));
        Assert.Empty(BuildChanges.Between(build, build with { Version = 7 }));
    }

    private static BuildSummary Build(RunStatus status, JobSummary job) => new()
    {
        Org = "demo",
        Project = "hello",
        Number = 1,
        Status = status,
        Name = "Hello",
        File = ".prts/pipeline.yaml",
        Event = "push",
        Ref = "refs/heads/main",
        Commit = "0123456789",
        Message = "First",
        CreatedAt = Start,
        StartedAt = Start,
        Stages = [new StageSummary { Name = "Build", Status = status, Jobs = [job] }],
    };

    private static JobSummary Job(RunStatus status, RunStatus? step = null) => new()
    {
        Key = "build",
        Name = "Build",
        Stage = "Build",
        Status = status,
        Agent = status == RunStatus.Running ? "local" : null,
        StartedAt = step is null ? null : Start,
        Steps = step is not { } given ? [] :
        [
            new StepSummary
            {
                Index = 0, Name = "make", Status = given, StartedAt = Start, FinishedAt = given.IsEnded() ? Start.AddSeconds(2) : null, Reason = given.IsEnded() ? "Exit code 2." : null,
            },
        ],
    };
}
