using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

/// <summary>Attempts that go on at the step that failed, in the workspace that was kept.</summary>
public sealed class ResumeTests : IAsyncDisposable
{
    private readonly TestMachine machine = new(keepFailed: TimeSpan.FromHours(1));

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    private JobAssignment Failing(string last = "cat made ~/home && test -O made && test -O deep/er && echo more >> made && exit ${CODE:-3}") => machine.Job(
        Step("echo made > made; echo home > ~/home; mkdir -p deep/er && ln -s /etc deep/link; echo v=7 >> $PRTS_OUTPUT") with { Id = "make" },
        Step(last), Step("echo last ${{ steps.make.outputs.v }}"));

    private static JobAssignment Next(JobAssignment job, int attempt, string? resume) => job with { Attempt = $"{job.Attempt}00{attempt}", Resume = resume };

    [Fact]
    public async Task Resume_AnotherUserId_OwnsWhatTheFirstOneMade()
    {
        var job = Failing();
        await machine.Run(new TestSink(), job);
        // Takes the user id that has become free.
        var other = machine.Job(Step("sleep 1000"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Test);
        var sink = new TestSink();
        var running = machine.Agent(sink).Run(other, stop.Token);
        while (!sink.Events.OfType<StepStarted>().Any())
            await Task.Delay(20, Test);

        var resumed = new TestSink();
        await machine.Run(resumed, Next(job, 2, job.Attempt) with { Job = job.Job with { Env = [new Dictionary<string, string> { ["CODE"] = "0" }] } });

        Assert.Equal("made\nmore\nhome\nlast 7\n", resumed.Log);
        Assert.Equal(RunStatus.Succeeded, resumed.Ended!.Status);
        Assert.Equal($"in attempt {job.Attempt[(job.Attempt.LastIndexOf('/') + 1)..]}", resumed.Step(0).Reason);
        Assert.DoesNotContain(Directory.GetDirectories(machine.Options.WorkDirectory), directory => File.Exists(Path.Combine(directory, "kept.json")));
        await machine.Agent(sink).Cancel(other.Attempt, "over");
        await stop.CancelAsync();
        await running;
        await machine.Run(sink, other);
    }

    /// <summary>Whoever orders it knows only that the attempt before has told its end.</summary>
    [Fact]
    public async Task Resume_BeforeTheWorkspaceIsPutAway_WaitsForIt()
    {
        var job = Failing();
        var (first, second) = (new TestSink(), new TestSink());
        Task<RunResult>? resumed = null;
        JobRunner? agent = null;
        agent = machine.Agent(new SinkByAttempt(told => told.Attempt == job.Attempt ? first : second, async () =>
        {
            resumed ??= agent!.Run(Next(job, 2, job.Attempt), Test);
            // The first attempt cannot put anything away meanwhile, and the second one has time to find that out.
            await Task.WhenAny(resumed, Task.Delay(TimeSpan.FromSeconds(1), Test));
        }));
        Assert.Equal(RunResult.Ended, await agent.Run(job, Test));
        Assert.Equal(RunResult.Ended, await resumed!);

        Assert.Equal("made\nhome\n", first.Log);
        Assert.Equal("made\nmore\nhome\n", second.Log);
    }

    [Fact]
    public async Task Kept_NobodyElseCanEnter()
    {
        var job = Failing();
        await machine.Run(new TestSink(), job);
        var kept = Assert.Single(Directory.GetDirectories(machine.Options.WorkDirectory), directory => File.Exists(Path.Combine(directory, "kept.json")));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(kept) & (UnixFileMode)0b000_111_111);
    }

    [Fact]
    public async Task Resume_WorkspaceIsGone_SaysSo()
    {
        var job = Failing();
        await machine.Run(new TestSink(), job);
        foreach (var directory in Directory.GetDirectories(machine.Options.WorkDirectory).Where(directory => File.Exists(Path.Combine(directory, "kept.json"))))
            Directory.Delete(directory, recursive: true);
        var resumed = new TestSink();
        await machine.Run(resumed, Next(job, 2, job.Attempt));

        Assert.Equal(RunStatus.Failed, resumed.Ended!.Status);
        Assert.Contains("the job cannot go on: its workspace is not kept any more", resumed.Ended.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_FailsAgain_IsKeptUnderTheFirstAttempt()
    {
        var job = Failing();
        await machine.Run(new TestSink(), job);
        await machine.Run(new TestSink(), Next(job, 2, job.Attempt));
        var third = new TestSink();
        await machine.Run(third, Next(job, 3, job.Attempt) with { Job = job.Job with { Env = [new Dictionary<string, string> { ["CODE"] = "0" }] } });

        Assert.Equal("made\nmore\nmore\nhome\nlast 7\n", third.Log);
    }

    [Fact]
    public async Task Resume_AgentIsReplaced_GoesOnOnce()
    {
        var gate = Path.Combine(machine.Root, "gate");
        var job = Failing($"test -e {gate} && cat made && while [ ! -e {gate}2 ]; do sleep 0.02; done");
        await machine.Run(new TestSink(), job);
        await File.WriteAllTextAsync(gate, "", Test);
        var (sink, next) = (new TestSink(), Next(job, 2, job.Attempt));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Test);
        var run = machine.Agent(sink).Run(next, stop.Token);
        await sink.Until(s => s.Log.Contains("made", StringComparison.Ordinal));
        await stop.CancelAsync();
        await run;
        await File.WriteAllTextAsync(gate + "2", "", Test);
        await machine.Run(sink, next);

        Assert.Equal("made\nlast 7\n", sink.Log);
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
        Assert.Equal(3, sink.Events.OfType<StepEnded>().Count());
    }

    [Fact]
    public async Task Trim_MoreThanTwenty_TheOldestGo()
    {
        for (var number = 0; number < 22; number++)
            await machine.Run(new TestSink(), machine.Job(Step("exit 1")));
        Assert.Equal(20, Directory.GetDirectories(machine.Options.WorkDirectory).Count(directory => File.Exists(Path.Combine(directory, "kept.json"))));
    }
}
