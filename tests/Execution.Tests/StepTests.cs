using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

public sealed class StepTests : IAsyncDisposable
{
    private readonly TestMachine machine = new();

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    [Fact]
    public async Task Run_TwoSteps_ReportsBothWithTheirPartOfTheLog()
    {
        var sink = await machine.Run(Step("echo one; echo two >&2"), Step("cat README.md"));

        Assert.Equal("one\ntwo\nhello\n", sink.Log);
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
        Assert.Null(sink.Ended.Reason);
        Assert.Equal([typeof(JobStarted), typeof(StepStarted), typeof(StepEnded), typeof(StepStarted), typeof(StepEnded), typeof(JobEnded)], sink.Events.Select(e => e.GetType()));
        Assert.Equal([0L, 8L], sink.Events.OfType<StepStarted>().Select(e => e.LogStart));
        Assert.Equal([8L, 14L], sink.Events.OfType<StepEnded>().Select(e => e.LogEnd!.Value));
        Assert.Equal([0, 0], sink.Events.OfType<StepEnded>().Select(e => e.ExitCode!.Value));
    }

    [Fact]
    public async Task Run_StepFails_SkipsTheOthersExceptAlwaysAndFailure()
    {
        var sink = await machine.Run(
            Step("exit 7"), Step("echo never"), Step("echo always") with { If = "always()" }, Step("echo failure") with { If = "failure()" }, Step("echo canceled") with { If = "cancelled()" });

        Assert.Equal("always\nfailure\n", sink.Log);
        Assert.Equal((RunStatus.Failed, "exited with code 7", 7), (sink.Step(0).Status, sink.Step(0).Reason, sink.Step(0).ExitCode));
        Assert.Equal((RunStatus.Skipped, "an earlier step failed"), (sink.Step(1).Status, sink.Step(1).Reason));
        Assert.Equal(RunStatus.Skipped, sink.Step(4).Status);
        Assert.Equal((RunStatus.Failed, "Step 'exit 7' failed: exited with code 7"), (sink.Ended!.Status, sink.Ended.Reason));
    }

    [Fact]
    public async Task Run_ToleratedFailure_GoesOnAndSucceeds()
    {
        var sink = await machine.Run(Step("false") with { ContinueOnError = true }, Step("echo on"));

        Assert.Equal(RunStatus.Failed, sink.Step(0).Status);
        Assert.Equal("on\n", sink.Log);
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
    }

    [Fact]
    public async Task Run_PipelineFailsInTheMiddle_FailsTheStep()
    {
        var sink = await machine.Run(Step("false | true"));

        Assert.Equal("exited with code 1", sink.Step(0).Reason);
    }

    [Fact]
    public async Task Run_KilledBySignal_SaysWhich()
    {
        var sink = await machine.Run(Step("kill -9 $$"));

        Assert.Equal("killed by signal 9 (SIGKILL)", sink.Step(0).Reason);
        Assert.Null(sink.Step(0).ExitCode);
    }

    [Theory]
    [InlineData("sh", "echo $0", "0.sh\n")]
    [InlineData("python", "import sys; print(sys.version_info[0])", "3\n")]
    [InlineData("cat {0}", "itself", "itself\n")]
    public async Task Run_OtherShell_TakesTheScript(string shell, string script, string output)
    {
        var sink = await machine.Run(Step(script) with { Shell = shell });

        Assert.Null(sink.Step(0).Reason);
        Assert.EndsWith(output, sink.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ShellNotInstalled_SaysSo()
    {
        var sink = await machine.Run(Step("x") with { Shell = "no-such-shell {0}" });

        Assert.StartsWith("no-such-shell, the shell's program, is not installed on this agent", sink.Step(0).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WorkingDirectory_IsInsideTheWorkspace()
    {
        machine.Write("src/app/file", "here");
        var sink = await machine.Run(Step("cat file; pwd") with { WorkingDirectory = "src/app" }, Step("true") with { WorkingDirectory = "../..", If = "always()" }, Step("true") with { WorkingDirectory = "none", If = "always()" });

        Assert.EndsWith("/workspace/src/app\n", sink.Log, StringComparison.Ordinal);
        Assert.Equal("the working directory '../..' is outside of the workspace", sink.Step(1).Reason);
        Assert.Equal("the working directory 'none' does not exist in the workspace", sink.Step(2).Reason);
    }

    [Fact]
    public async Task Run_Outputs_ReachTheJob()
    {
        var sink = await machine.Run(
            Step("echo version=1.2 >> $PRTS_OUTPUT; printf 'notes<<END\\na\\nb=c\\nEND\\n' >> $PRTS_OUTPUT") with { Id = "meta" }, Step("echo x=y >> $PRTS_OUTPUT"));

        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
        Assert.Equal(new Dictionary<string, string> { ["version"] = "1.2", ["notes"] = "a\nb=c" }, sink.Ended.Outputs);
    }

    [Fact]
    public async Task Run_BadOutputs_FailTheStepAndSayWhere()
    {
        var sink = await machine.Run(Step("echo fine=1 >> $PRTS_OUTPUT; echo 'no assignment' >> $PRTS_OUTPUT"), Step("head -c 70000 /dev/zero | tr '\\0' x >> $PRTS_OUTPUT") with { If = "always()" });

        Assert.StartsWith("line 2 of its outputs is neither name=value nor name<<WORD", sink.Step(0).Reason, StringComparison.Ordinal);
        Assert.Contains("at most 65536 are allowed", sink.Step(1).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_StepTimesOut_EndsIt()
    {
        var sink = await machine.Run(Step("echo begun; sleep 1000") with { Timeout = TimeSpan.FromMilliseconds(300) });

        Assert.Equal((RunStatus.Failed, "timed out after 300 ms"), (sink.Step(0).Status, sink.Step(0).Reason));
        Assert.Equal("begun\n", sink.Log);
    }

    [Fact]
    public async Task Run_JobTimesOut_SkipsTheRest()
    {
        var job = machine.Job(Step("sleep 1000"), Step("echo never") with { If = "always()" });
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { Timeout = TimeSpan.FromSeconds(2) } });

        Assert.Equal("the job timed out after 2 s", sink.Step(0).Reason);
        Assert.Equal((RunStatus.Skipped, "the job timed out after 2 s"), (sink.Step(1).Status, sink.Step(1).Reason));
        Assert.Equal((RunStatus.Failed, "the job timed out after 2 s"), (sink.Ended!.Status, sink.Ended.Reason));
    }

    [Fact]
    public async Task Cancel_StepIgnoresSigterm_IsKilledAfterTheGrace()
    {
        var sink = new TestSink();
        var agent = machine.Agent(sink);
        var job = machine.Job(Step("trap '' TERM; echo ready; while true; do sleep 0.1; done"), Step("echo skipped"), Step("echo clean") with { If = "cancelled()" });
        var run = agent.Run(job, TestContext.Current.CancellationToken);
        await sink.Until(s => s.Log.Contains("ready", StringComparison.Ordinal));

        await agent.Cancel(job.Attempt, "ada canceled it");

        Assert.Equal(RunResult.Ended, await run);
        Assert.Equal((RunStatus.Canceled, "canceled: ada canceled it"), (sink.Step(0).Status, sink.Step(0).Reason));
        Assert.Equal((RunStatus.Skipped, "the job was canceled"), (sink.Step(1).Status, sink.Step(1).Reason));
        Assert.Equal(RunStatus.Succeeded, sink.Step(2).Status);
        Assert.Equal("ready\nclean\n", sink.Log);
        Assert.Equal((RunStatus.Canceled, "ada canceled it"), (sink.Ended!.Status, sink.Ended.Reason));
    }

    [Fact]
    public async Task Cancel_StepHandlesSigterm_MayCleanUp()
    {
        var sink = new TestSink();
        var agent = machine.Agent(sink);
        var job = machine.Job(Step("trap 'echo bye; exit 0' TERM; echo ready; while true; do sleep 0.1; done"));
        var run = agent.Run(job, TestContext.Current.CancellationToken);
        await sink.Until(s => s.Log.Contains("ready", StringComparison.Ordinal));

        await agent.Cancel(job.Attempt, "enough");
        await run;

        Assert.EndsWith("bye\n", sink.Log, StringComparison.Ordinal);
        Assert.Equal((RunStatus.Canceled, 0), (sink.Step(0).Status, sink.Step(0).ExitCode));
    }

    [Fact]
    public async Task Run_Environment_IsCleanAndDocumented()
    {
        Environment.SetEnvironmentVariable("PRTS_TOKEN", "the agent's secret");
        var job = machine.Job(Step("env | sort") with { Env = new Dictionary<string, string> { ["STEP"] = "s", ["BOTH"] = "step" } });
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { Env = [new Dictionary<string, string> { ["BOTH"] = "job", ["PRTS_COMMIT"] = "forged" }] } });

        var environment = sink.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.Equal(("s", "step", machine.Commit), (environment["STEP"], environment["BOTH"], environment["PRTS_COMMIT"]));
        Assert.Equal(("demo/hello", "main", "ada", "true"), (environment["PRTS_PROJECT"], environment["PRTS_BRANCH"], environment["PRTS_ACTOR"], environment["CI"]));
        Assert.DoesNotContain("PRTS_TOKEN", environment.Keys);
        Assert.DoesNotContain(environment.Values, value => value.Contains("prtsj_", StringComparison.Ordinal));
        string[] known = ["PATH", "LANG", "HOME", "USER", "LOGNAME", "TMPDIR", "CI", "STEP", "BOTH", "PWD", "SHLVL", "_", "OLDPWD"];
        Assert.All(environment.Keys.Except(known), name => Assert.StartsWith("PRTS", name, StringComparison.Ordinal));
    }
}
