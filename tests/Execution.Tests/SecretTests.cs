using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

/// <summary>What a job's secrets may come to: nothing that anybody reads.</summary>
public sealed class SecretTests : IAsyncDisposable
{
    private const string Secret = "hunter22+\"ü\"";
    private static readonly JobSecrets Secrets = new(["another one", Secret]);
    private readonly TestMachine machine = new();
    private readonly TestSink sink = new();
    private static CancellationToken Test => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    [Fact]
    public async Task Run_StepPrintsThem_LogAndNamesAreMasked()
    {
        var job = machine.Job(
            Step($"echo '{Secret}'; printf %s '{Secret}' | base64"),
            Step($"echo 'in parallel: {Secret}'") with { Parallel = 0, Name = $"a {Secret}", NamedByCommand = false },
            Step($"cat '{Secret}'") with { Parallel = 0, Name = "b", NamedByCommand = false });
        Assert.Equal(RunResult.Ended, await machine.Agent(sink).Run(job, Secrets, Test));

        Assert.StartsWith("***\n***==\n", sink.Log, StringComparison.Ordinal);
        Assert.Contains("[a ***] in parallel: ***\n", sink.Log, StringComparison.Ordinal);
        Assert.Contains("[b] cat: '***'", sink.Log, StringComparison.Ordinal);
        Assert.Equal(["echo '***'; printf %s '***' | base64", "a ***", "b"], sink.Events.OfType<StepStarted>().OrderBy(e => e.Index).Select(e => e.Name));
    }

    [Theory]
    [InlineData("printf 'key=%s\\n' 'hunter22+\"ü\"' >> $PRTS_OUTPUT", "its output 'key' contains a secret")]
    [InlineData("echo $(printf %s 'hunter22+\"ü\"' | base64)=x >> $PRTS_OUTPUT", "its output '***' contains a secret")]
    [InlineData("echo \"key=https://x?y=hunter22%2B%22%C3%BC%22\" >> $PRTS_OUTPUT", "its output 'key' contains a secret")]
    public async Task Run_OutputContainsOne_StepFailsAndTheValueIsNowhere(string run, string reason)
    {
        var job = machine.Job(Step(run) with { Id = "first" }, Step("echo after ${{ steps.first.outputs.key }}") with { If = "always()" });
        Assert.Equal(RunResult.Ended, await machine.Agent(sink).Run(job, Secrets, Test));

        Assert.StartsWith(reason, sink.Step(0).Reason, StringComparison.Ordinal);
        Assert.Equal((RunStatus.Failed, "after\n"), (sink.Step(0).Status, sink.Log));
        Assert.DoesNotContain("hunter22", string.Join('\n', sink.Events), StringComparison.Ordinal);
        Assert.DoesNotContain("aHVudGVyMjIr", string.Join('\n', sink.Events), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData(" abc\n")]
    public async Task Run_GivenOneThatCannotBeMasked_FailsBeforeItsFirstStepAndNamesIt(string value)
    {
        sink.SecretValues["PIN"] = value;
        sink.SecretValues["TOKEN"] = "long enough";
        var job = machine.Job(Step("echo $PIN"));
        job = job with { Job = job.Job with { Secrets = [new() { Name = "PIN", Variable = "PIN" }, new() { Name = "TOKEN", Variable = "TOKEN" }] } };
        Assert.Equal(RunResult.Ended, await machine.Agent(sink).Run(job, Test));

        Assert.Equal(RunStatus.Failed, sink.Ended!.Status);
        Assert.Contains("The secret 'PIN' has less than 4 bytes", sink.Ended.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("TOKEN", sink.Ended.Reason, StringComparison.Ordinal);
        Assert.Equal("", sink.Log);
    }

    [Fact]
    public async Task Run_ArtifactIsNamedAfterOne_IsRefused()
    {
        var job = machine.Job(Step("touch file 'name with another one'"), Keep("from another one", "file") with { ContinueOnError = true }, Keep("files", "name*"));
        Assert.Equal(RunResult.Ended, await machine.Agent(sink).Run(job, Secrets, Test));

        Assert.Empty(sink.Artifacts);
        Assert.All([1, 2], index => Assert.Equal("the artifact's name, or that of a file in it, contains a secret", sink.Step(index).Reason));
        Assert.DoesNotContain("another one", sink.Ended!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Detach_NextAgent_MasksOnWhateverItIsTold()
    {
        var gate = Path.Combine(machine.Root, "gate");
        var job = machine.Job(Step($"echo up another one; while [ ! -e {gate} ]; do sleep 0.02; done; echo another one"), Step("echo another one"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Test);
        var run = machine.Agent(sink).Run(job, Secrets, stop.Token);
        await sink.Until(s => s.Log.Contains("up ***", StringComparison.Ordinal));
        await stop.CancelAsync();
        Assert.Equal(RunResult.Detached, await run);
        foreach (var file in Directory.EnumerateFiles(JobDirectory.PathOf(machine.Options, job.Attempt), "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".sock", StringComparison.Ordinal) && !file.EndsWith("job.json", StringComparison.Ordinal)))
            Assert.DoesNotContain("another one", await File.ReadAllTextAsync(file, Test), StringComparison.Ordinal);
        await File.WriteAllTextAsync(gate, "", Test);
        await machine.Run(sink, job);

        Assert.Equal("up ***\n***\n***\n", sink.Log);
    }

    [Fact]
    public async Task Run_MoreThanCanBeMasked_NoStepRuns()
    {
        var job = machine.Job(Step("echo ran"));
        Assert.Equal(RunResult.Ended, await machine.Agent(sink).Run(job, new([new string('x', 70_000)]), Test));

        Assert.Equal((RunStatus.Failed, ""), (sink.Ended!.Status, sink.Log));
        Assert.Equal("the job's secrets cannot be masked: a secret has 70000 bytes; at most 65536 can be masked", sink.Ended.Reason);
    }
}
