using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Containers;
using PRTS.Execution.Jobs;
using PRTS.Pipelines.Planning;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

/// <summary>Jobs with an image and with services, on a real engine.</summary>
public sealed class ContainerTests : IAsyncDisposable
{
    private const string Image = "debian:min";
    private readonly ContainerEngine engine = new(Environment.GetEnvironmentVariable("PRTS_TEST_ENGINE") ?? "/var/run/docker.sock");
    private readonly TestMachine machine;

    public ContainerTests() => machine = new(engine);

    public async ValueTask DisposeAsync()
    {
        await machine.DisposeAsync();
        engine.Dispose();
    }

    [Fact]
    public async Task Run_Steps_ShareTheContainerAndTheCheckout()
    {
        var sink = await Run(new() { Image = Image }, Step("cat README.md; id -u; echo kept > /opt/file; echo \"$PRTS_WORKSPACE\"; echo version=3 >> $PRTS_OUTPUT") with { Id = "first" }, Step("cat /opt/file; pwd; git --version || echo no git; echo $0; stat -c %u README.md"));

        Assert.Equal([null, null], sink.Events.OfType<StepEnded>().Select(step => step.Reason));
        Assert.Equal("hello\n0\n/workspace\nkept\n/workspace\n/prts/1.sh: line 1: git: command not found\nno git\n/prts/1.sh\n0\n", sink.Log);
        Assert.Equal(("version", "3"), Assert.Single(sink.Ended!.Outputs!.Select(output => (output.Key, output.Value))));
    }

    private async Task<TestSink> Run(PlannedContainer container, params PlannedStep[] steps)
    {
        var job = machine.Job(steps);
        return await machine.Run(new TestSink(), job with { Job = job.Job with { Container = container } });
    }
}
