using System.Globalization;
using System.Security.Cryptography;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using PRTS.Supervisor.Protocol;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

/// <summary>Agents that go while their job runs, and supervisors that are killed.</summary>
public sealed class AdoptionTests : IAsyncDisposable
{
    private readonly TestMachine machine = new();
    private readonly TestSink sink = new();
    private static CancellationToken Test => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    [Fact]
    public async Task Detach_StepRuns_NextAgentFinishesTheJobOnce()
    {
        var gate = Path.Combine(machine.Root, "gate");
        var job = machine.Job(
            Step("echo token=abc >> $PRTS_OUTPUT; echo first") with { Id = "first" },
            Step($"echo second; while [ ! -e {gate} ]; do sleep 0.02; done; echo released"),
            Step("echo third ${{ steps.first.outputs.token }}"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Test);
        var run = machine.Agent(sink).Run(job, stop.Token);
        await sink.Until(s => s.Log.Contains("second", StringComparison.Ordinal));
        await stop.CancelAsync();
        Assert.Equal(RunResult.Detached, await run);
        Assert.Equal(job.Attempt, Assert.Single(JobRunner.FindOrphans(machine.Options)).Attempt);

        await File.WriteAllTextAsync(gate, "", Test);
        await machine.Run(sink, JobRunner.FindOrphans(machine.Options)[0]);

        Assert.Equal("first\nsecond\nreleased\nthird abc\n", sink.Log);
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
    }

    [Fact]
    public async Task Detach_StepEndsMeanwhile_NextAgentReportsWhatTheJournalSays()
    {
        var job = machine.Job(Step("echo begun; sleep 0.5; echo done; exit 3"), Step("echo after") with { If = "always()" });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Test);
        var run = machine.Agent(sink).Run(job, stop.Token);
        await sink.Until(s => s.Log.Contains("begun", StringComparison.Ordinal));
        await stop.CancelAsync();
        await run;
        await JournalOf(job, record => record is ProcessExited);

        await machine.Run(sink, job);

        Assert.Equal("begun\ndone\nafter\n", sink.Log);
        Assert.Equal(3, sink.Step(0).ExitCode);
    }

    [Fact]
    public async Task Detach_ParallelStepsRun_NextAgentFinishesThem()
    {
        var gate = Path.Combine(machine.Root, "gate");
        var job = machine.Job(
            Step($"echo up; while [ ! -e {gate} ]; do sleep 0.02; done; echo one") with { Name = "a", NamedByCommand = false, Parallel = 0 },
            Step("echo up; exit 5") with { Name = "b", NamedByCommand = false, Parallel = 0, ContinueOnError = true },
            Step($"echo up; while [ ! -e {gate} ]; do sleep 0.02; done; echo two") with { Name = "c", NamedByCommand = false, Parallel = 0 },
            Step("echo last"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Test);
        var run = machine.Agent(sink).Run(job, stop.Token);
        await sink.Until(s => s.Log.Split('\n').Count(line => line.EndsWith("up", StringComparison.Ordinal)) == 3);
        await stop.CancelAsync();
        Assert.Equal(RunResult.Detached, await run);
        await File.WriteAllTextAsync(gate, "", Test);
        await machine.Run(sink, job);

        Assert.Equal(["[a] one", "[a] up", "[b] up", "[c] two", "[c] up", "last"], sink.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Equal(5, sink.Step(1).ExitCode);
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
    }

    [Fact]
    public async Task Once_ClaimIsNotAccepted_TheStepDoesNotBegin()
    {
        var open = Directory.CreateDirectory(Path.Combine(machine.Root, "open"), (UnixFileMode)0b111_111_111).FullName;
        File.SetUnixFileMode(open, (UnixFileMode)0b111_111_111);
        var proof = Path.Combine(open, "proof");
        var job = machine.Job(Step("echo first"), Step($"touch {proof}; sleep 0.2; echo ran") with { Once = true });
        sink.Refuses = static happened => happened is StepClaimed;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Test);
        var run = machine.Agent(sink).Run(job, stop.Token);
        while (sink.Refused == 0)
            await Task.Delay(20, Test);
        await Task.Delay(500, Test);
        Assert.False(File.Exists(proof));
        // The next agent tries again with the same claim.
        await stop.CancelAsync();
        Assert.Equal(RunResult.Detached, await run);
        sink.Refuses = static _ => false;
        await machine.Run(sink, job);

        Assert.Equal("first\nran\n", sink.Log);
        Assert.Single(sink.Events.OfType<StepClaimed>());
    }

    [Fact]
    public async Task Once_SupervisorKilledAfterTheClaim_IsLostNotSkipped()
    {
        var job = machine.Job(Step("echo $PPID; sleep 1000") with { Once = true });
        var run = machine.Run(sink, job);
        await sink.Until(s => s.Log.EndsWith('\n'));
        System.Diagnostics.Process.GetProcessById(int.Parse(sink.Log, CultureInfo.InvariantCulture)).Kill();
        await run;

        Assert.Equal(RunStatus.Failed, sink.Step(0).Status);
        Assert.Equal(Pipelines.Planning.FailureCause.AgentLost, sink.Ended!.Cause);
    }

    [Fact]
    public async Task Cancel_NoAgentRuns_IsKeptForTheNextOne()
    {
        var job = machine.Job(Step("echo begun; sleep 1000"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Test);
        var run = machine.Agent(sink).Run(job, stop.Token);
        await sink.Until(s => s.Log.Contains("begun", StringComparison.Ordinal));
        await stop.CancelAsync();
        await run;
        await machine.Agent(sink).Cancel(job.Attempt, "late");

        await machine.Run(sink, job);

        Assert.Equal((RunStatus.Canceled, "late"), (sink.Ended!.Status, sink.Ended.Reason));
    }

    [Fact]
    public async Task Run_SupervisorKilled_KillsTheStepAndFails()
    {
        var job = machine.Job(Step("echo $$; trap '' TERM; while true; do sleep 0.05; done"), Step("echo never") with { If = "always()" });
        var run = machine.Run(sink, job);
        await sink.Until(s => s.Log.EndsWith('\n'));
        var step = ProcessIdentity.Of(int.Parse(sink.Log, CultureInfo.InvariantCulture))!.Value;

        KillSupervisor(job, "-KILL");
        await run;

        Assert.False(step.IsAlive);
        Assert.Equal((RunStatus.Failed, "the supervisor was killed"), (sink.Step(0).Status, sink.Step(0).Reason));
        Assert.Equal(RunStatus.Skipped, sink.Step(1).Status);
        Assert.Equal((RunStatus.Failed, "the supervisor was killed"), (sink.Ended!.Status, sink.Ended.Reason));
    }

    [Fact]
    public async Task Run_SupervisorStopped_EndsTheStepAndLosesNothing()
    {
        var job = machine.Job(Step("trap 'echo bye; exit 4' TERM; echo ready; while true; do sleep 0.05; done"), Step("echo never"));
        var run = machine.Run(sink, job);
        await sink.Until(s => s.Log.Contains("ready", StringComparison.Ordinal));

        KillSupervisor(job, "-TERM");
        await run;

        Assert.EndsWith("bye\n", sink.Log, StringComparison.Ordinal);
        Assert.Equal((RunStatus.Failed, "the supervisor was stopped"), (sink.Step(0).Status, sink.Step(0).Reason));
        Assert.Equal("the supervisor was stopped", sink.Ended!.Reason);
    }

    [Fact]
    public async Task Run_AttemptTakenOver_KillsAndCleansUp()
    {
        var job = machine.Job(Step("echo $$; sleep 1000"), Step("true"));
        var agent = machine.Agent(sink);
        var run = agent.Run(job, Test);
        await sink.Until(s => s.Log.EndsWith('\n'));
        var step = ProcessIdentity.Of(int.Parse(sink.Log, CultureInfo.InvariantCulture))!.Value;

        sink.IsFenced = true;
        await agent.Cancel(job.Attempt, "so that there is something to report");

        Assert.Equal(RunResult.Fenced, await run);
        Assert.False(step.IsAlive);
        Assert.Empty(Directory.EnumerateFileSystemEntries(machine.Options.JobsDirectory));
    }

    [Fact]
    public async Task Run_ControlPlaneAway_GoesOnAndDeliversLater()
    {
        sink.IsUp = false;
        var job = machine.Job(Step("echo one"), Step("echo two"));
        var run = machine.Run(sink, job);
        await JournalOf(job, record => record is ProcessExited { Index: 1 });
        Assert.Empty(sink.Events);

        sink.IsUp = true;
        await run;

        Assert.Equal("one\ntwo\n", sink.Log);
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
    }

    [Fact]
    public async Task Run_MuchOutputAndFailingSink_EveryByteOnce()
    {
        const int Megabytes = 200;
        var flaky = new TestSink { FailurePercent = 2, KeepText = false };
        var script = $"head -c {Megabytes << 20} /dev/urandom > $HOME/data; sha256sum < $HOME/data | cut -c1-64 > sum; cat $HOME/data";
        var job = machine.Job(Step(script), Keep("sum", "sum"));
        await machine.Run(flaky, job);

        Assert.Null(flaky.Ended!.Reason);
        Assert.Equal((long)Megabytes << 20, flaky.Received);
        Assert.Equal(System.Text.Encoding.ASCII.GetString(flaky.Artifacts["sum"]["sum"]).Trim(), flaky.LogSha256);
    }

    [Fact]
    public async Task Run_StoreCrashesBeforeTheEndIsDurable_SendsItAgain()
    {
        var crashing = new TestSink { NotYetDurable = 10_000, CrashBeforeClosing = store => store.Durable };

        await machine.Run(crashing, machine.Job(Step("seq 1 20000")));

        Assert.Equal(RunStatus.Succeeded, crashing.Ended!.Status);
        Assert.Equal(string.Concat(Enumerable.Range(1, 20_000).Select(n => $"{n}\n")), crashing.Log);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_000)]
    public async Task Run_StoreLostWhatWasDurable_SaysSo(int notYetDurable)
    {
        var losing = new TestSink { NotYetDurable = notYetDurable, CrashBeforeClosing = store => store.Durable - 5 };

        await machine.Run(losing, machine.Job(Step("seq 1 20000")));

        Assert.Equal(RunStatus.Failed, losing.Ended!.Status);
        Assert.Contains("the log is incomplete: The log store has", losing.Ended.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AnyBytes_SurviveExactly()
    {
        machine.Write("bytes.py", """
            import sys
            out = sys.stdout.buffer
            out.write(bytes(range(256)))
            out.write(b"x" * (10 << 20))
            out.write(b"\r50%\r100%")
            """);
        var expected = new byte[256 + (10 << 20)];
        for (var i = 0; i < 256; i++)
            expected[i] = (byte)i;
        expected.AsSpan(256).Fill((byte)'x');
        expected = [.. expected, .. "\r50%\r100%"u8];

        await machine.Run(sink, machine.Job(Step("/usr/bin/python3 bytes.py")));

        Assert.Null(sink.Ended!.Reason);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(expected)), sink.LogSha256);
    }

    private void KillSupervisor(JobAssignment job, string signal)
    {
        var pid = JobDirectory.Open(JobDirectory.PathOf(machine.Options, job.Attempt))!.Supervisor()!.Value.Pid;
        using var kill = System.Diagnostics.Process.Start("/usr/bin/kill", [signal, pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits until the job's journal, a file, has such a record.</summary>
    private async Task JournalOf(JobAssignment job, Func<JournalRecord, bool> condition)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Test);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        while (JobDirectory.Open(JobDirectory.PathOf(machine.Options, job.Attempt)) is not { } directory || !directory.ReadJournal().Any(condition))
            await Task.Delay(10, timeout.Token);
    }
}
