using PRTS.Api;
using PRTS.Execution.Containers;
using PRTS.Pipelines.Planning;
using PRTS.Tests;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

/// <summary>The same over podman's socket as over Docker's.</summary>
public sealed class PodmanTests : IClassFixture<PodmanFixture>, IAsyncDisposable
{
    private readonly PodmanFixture fixture;
    private readonly ContainerEngine engine;
    private readonly TestMachine machine;

    public PodmanTests(PodmanFixture fixture)
    {
        this.fixture = fixture;
        engine = new(fixture.Socket);
        machine = new(engine);
    }

    public async ValueTask DisposeAsync()
    {
        await machine.DisposeAsync();
        Assert.Empty(await fixture.Client.Containers.ListContainersAsync(new Docker.DotNet.Models.ContainersListParameters { All = true }));
        Assert.DoesNotContain(await fixture.Client.Networks.ListNetworksAsync(), network => network.Name.StartsWith("prts-", StringComparison.Ordinal));
        engine.Dispose();
    }

    [Fact]
    public async Task Job_WithImageAndService_RunsAsOnDocker()
    {
        var server = new PlannedContainer
        {
            Image = EngineFixture.Small,
            Name = "web",
            Ports = [8080],
            Command = ["sh", "-c", "mkdir /www; echo hi > /www/index.html; exec httpd -f -p 8080 -h /www"],
        };
        var job = machine.Job(
            Step("cat README.md; id -u; echo v=3 >> $PRTS_OUTPUT; wget -q -O - http://web:8080/") with { Id = "first" },
            Step("echo ${{ steps.first.outputs.v }}; sleep 1000 & exit 4"));
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { Container = new() { Image = EngineFixture.Usual }, ServiceContainers = [server] } });

        Assert.Equal("Step 'echo 3; sleep 1000 & exit 4' failed: exited with code 4", sink.Ended!.Reason);
        Assert.Equal("hello\n0\nhi\n3\n", sink.Log);
        Assert.Equal(RunStatus.Succeeded, sink.Step(0).Status);
        Assert.Equal(4, sink.Step(1).ExitCode);
    }

    [Fact]
    public async Task Job_Canceled_Ends()
    {
        var job = machine.Job(Step("echo up; sleep 1000"));
        var sink = new TestSink();
        var agent = machine.Agent(sink);
        var run = agent.Run(job with { Job = job.Job with { Container = new() { Image = EngineFixture.Small } } }, TestContext.Current.CancellationToken);
        await sink.Until(s => s.Log.Contains("up", StringComparison.Ordinal));
        await agent.Cancel(job.Attempt, "enough");
        await run;

        Assert.Equal((RunStatus.Canceled, "enough"), (sink.Ended!.Status, sink.Ended.Reason));
    }

    [Fact]
    public async Task Image_Missing_SaysSo()
    {
        var job = machine.Job(Step("true"));
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { Container = new() { Image = "prts-test/none:9", Pull = PullPolicy.Never } } });

        Assert.StartsWith("the image prts-test/none:9 is not on this agent, and its pull policy is never", sink.Ended!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImageBuild_LinkLocalServicesAndMemory_AsOnDocker()
    {
        await using var peer = await LinkLocalPeer.Start(TestContext.Current.CancellationToken);
        machine.Write("Dockerfile", $"""
            FROM {EngineFixture.Small}
            RUN {LinkLocalPeer.Probe}
            RUN cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory.max cpu/cpu.cfs_quota_us cpu.max 2>/dev/null | cut -d' ' -f1
            """);
        var job = machine.Job(new PlannedStep { Index = 0, Name = "Build", Env = new Dictionary<string, string>(), Image = new() { Tags = ["prts-test/built:1"] } });
        var limits = new ContainerLimits { Memory = 64 << 20, Cpu = 0.5 };
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { Container = new() { Image = EngineFixture.Small, Limits = limits } } });

        Assert.Contains($"\nreached {LinkLocalPeer.Ordinary}\nclosed {LinkLocalPeer.LinkLocal}\n", sink.Log, StringComparison.Ordinal);
        Assert.Contains("\n67108864\n50000\n", sink.Log, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
    }
}
