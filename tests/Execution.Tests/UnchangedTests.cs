using Microsoft.Extensions.Logging.Abstractions;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using PRTS.Pipelines.Planning;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

/// <summary>Jobs of which nothing has changed need no supervisor and no workspace; here they could have none.</summary>
public sealed class UnchangedTests : IAsyncDisposable
{
    private readonly TestMachine machine = new();

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    private static PlannedStep Cached(string run, string inputs, string? outputs = null, string? id = null) =>
        Step(run) with { Id = id, Memo = new() { Inputs = [inputs], Outputs = outputs is null ? [] : [outputs] } };

    private PlannedStep[] Steps =>
    [
        Cached("wc -c < README.md > out; echo size=$(cat out) >> $PRTS_OUTPUT", "README.md", "out", "count"),
        Cached("cat out && echo ${{ steps.count.outputs.size }}", "out"),
    ];

    /// <summary>Runs the job where no supervisor can be started.</summary>
    private async Task<TestSink> Pass(TestSink before, JobAssignment job)
    {
        var sink = new TestSink();
        foreach (var (key, bytes) in before.Caches)
            sink.Caches.Add(key, bytes);
        var options = new ExecutionOptions
        {
            JobsDirectory = machine.Options.JobsDirectory,
            WorkDirectory = machine.Options.WorkDirectory,
            MirrorsDirectory = machine.Options.MirrorsDirectory,
            SupervisorPath = "/nonexistent/supervisor",
            AgentName = "test-agent",
        };
        await using var agent = new JobRunner(options, sink, TimeProvider.System, NullLogger<JobRunner>.Instance);
        Assert.Equal(RunResult.Ended, await agent.Run(job, Test));
        Assert.Empty(Directory.GetDirectories(machine.Options.JobsDirectory));
        return sink;
    }

    [Fact]
    public async Task Unchanged_AfterAnotherCommit_IsPassedWithItsOutputs()
    {
        var first = await machine.Run(Steps);
        Assert.Equal("6\n6\n", first.Log);
        machine.Write("other", "x");
        var sink = await Pass(first, machine.Job(Steps));

        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
        Assert.Equal("6", sink.Ended.Outputs!["size"]);
        Assert.Equal(0, sink.Closed);
        Assert.All(sink.Events.OfType<StepEnded>(), step => Assert.StartsWith("unchanged", step.Reason, StringComparison.Ordinal));
        Assert.Equal(2, sink.Events.OfType<StepStarted>().Count());
    }

    [Theory]
    [InlineData("README.md", "changed\n")]
    [InlineData("sub/.gitattributes", "* text\n")]
    public async Task Changed_GoesTheUsualWay(string file, string text)
    {
        var first = await machine.Run(Steps);
        machine.Write(file, text);
        var sink = await Pass(first, machine.Job(Steps));

        Assert.Contains("the supervisor could not be started", sink.Ended!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HashFiles_NeedsAWorkspace()
    {
        PlannedStep[] steps = [Cached("echo ${{ hashFiles('README.md') }}", "README.md")];
        var first = await machine.Run(steps);
        Assert.Contains("the supervisor could not be started", (await Pass(first, machine.Job(steps))).Ended!.Reason, StringComparison.Ordinal);
    }
}
