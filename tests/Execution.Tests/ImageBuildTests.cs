using System.Diagnostics;
using System.Globalization;
using Docker.DotNet.Models;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Containers;
using PRTS.Execution.Images;
using PRTS.Execution.Jobs;
using PRTS.Pipelines.Planning;
using PRTS.Tests;

namespace PRTS.Execution.Tests;

/// <summary>What a Dockerfile runs, on a real engine: it is fenced in as the job's steps are, and leaves nothing behind when it dies.</summary>
[Collection(nameof(EngineFixture))]
public sealed class ImageBuildTests : IAsyncDisposable
{
    private const string Sleeping = $"FROM {EngineFixture.Small}\nRUN echo made > /made\nRUN echo sleeping; sleep 1000\n";

    private readonly EngineFixture fixture;
    private readonly ContainerEngine engine;
    private readonly TestMachine machine;

    public ImageBuildTests(EngineFixture fixture)
    {
        this.fixture = fixture;
        engine = new(fixture.Socket);
        machine = new(engine);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await machine.DisposeAsync();
        Assert.Empty(await fixture.Client.Containers.ListContainersAsync(new ContainersListParameters { All = true }));
        Assert.DoesNotContain(await fixture.Client.Networks.ListNetworksAsync(), network => network.Name.StartsWith("prts-", StringComparison.Ordinal));
        engine.Dispose();
    }

    [Fact]
    public async Task Run_LinkLocalServicesOfTheMachine_CannotBeReached()
    {
        await using var peer = await LinkLocalPeer.Start(Token);
        var sink = await machine.Run(new TestSink(), Building($"FROM {EngineFixture.Small}\nRUN {LinkLocalPeer.Probe}; ip route | grep link | cut -d' ' -f1\n"));
        await machine.DisposeAgents();

        var expected = $"\nreached {LinkLocalPeer.Ordinary}\nclosed {LinkLocalPeer.LinkLocal}\n";
        Assert.Contains(expected, sink.Log, StringComparison.Ordinal);
        var subnet = sink.Log[(sink.Log.IndexOf(expected, StringComparison.Ordinal) + expected.Length)..].Split('\n')[0];
        Assert.DoesNotContain(await LinkLocalPeer.Rules(), rule => rule.Contains(subnet, StringComparison.Ordinal));
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
    }

    [Fact]
    public async Task Run_JobWithServicesAndLimits_HasThem()
    {
        var service = new PlannedContainer
        {
            Image = EngineFixture.Small,
            Name = "web",
            Ports = [8080],
            Command = ["sh", "-c", "mkdir /www; echo hi > /www/index.html; exec httpd -f -p 8080 -h /www"],
        };
        var job = Building($"""
            FROM {EngineFixture.Small}
            RUN wget -q -O - http://web:8080/
            RUN cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory.max cpu/cpu.cfs_quota_us cpu.max 2>/dev/null | cut -d' ' -f1
            RUN while sleep 0.1; do sleep 1000 & done
            """);
        var limits = new ContainerLimits { Memory = 64 << 20, Cpu = 0.5, Pids = 40 };
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { Container = new() { Image = EngineFixture.Small, Limits = limits }, ServiceContainers = [service] } });

        Assert.Contains("\nhi\n", sink.Log, StringComparison.Ordinal);
        Assert.Contains("\n67108864\n50000\n", sink.Log, StringComparison.Ordinal);
        Assert.Contains("can't fork: Resource temporarily unavailable", sink.Log, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Failed, sink.Step(0).Status);
    }

    [Fact]
    public async Task Canceled_InTheMiddle_EndsItsContainersAndKeepsItsLayers()
    {
        var job = Building(Sleeping);
        var sink = new TestSink();
        var agent = machine.Agent(sink);
        var running = agent.Run(job, Token);
        await sink.Until(s => s.Log.Contains("\nsleeping\n", StringComparison.Ordinal));
        await agent.Cancel(job.Attempt, "enough");
        await running;
        while ((await fixture.Client.Networks.ListNetworksAsync(cancellationToken: Token)).Any(network => network.Name.StartsWith("prts-", StringComparison.Ordinal)))
            await Task.Delay(50, Token);

        Assert.Equal((RunStatus.Canceled, "enough"), (sink.Ended!.Status, sink.Ended.Reason));
        Assert.Empty(Directory.EnumerateFiles(BuildRecord.DirectoryOf(machine.Options.JobsDirectory)));
        await Build($"FROM {EngineFixture.Small}\nRUN echo made > /made\n", "prts-test/again:1", s => Assert.Contains("Using cache", s.Log, StringComparison.Ordinal));
        await fixture.Client.Images.DeleteImageAsync("prts-test/again:1", new(), Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Killed_InTheMiddle_TheNextStartRemovesWhatItMadeOnly(bool jobIsKnown)
    {
        await Build($"FROM {EngineFixture.Small}\nRUN echo {jobIsKnown} > /other\n", "prts-test/other:1");
        var before = await Images();
        var job = Building(Sleeping);
        await KillInTheMiddle(job, "\nsleeping\n", withEngine: true);
        await fixture.StartDaemon();
        Assert.True((await Images()).Count > before.Count);
        Assert.NotEmpty(await fixture.Client.Containers.ListContainersAsync(new ContainersListParameters { All = true }, Token));

        if (!jobIsKnown)
            Directory.Delete(JobDirectory.PathOf(machine.Options, job.Attempt), recursive: true);
        var sink = new TestSink();
        var next = machine.Agent(sink);
        next.EmptyTrash();
        foreach (var orphan in JobRunner.FindOrphans(machine.Options))
            await next.Run(orphan, Token);
        await machine.DisposeAgents();

        Assert.Equal(jobIsKnown ? "the supervisor was killed" : null, sink.Ended?.Reason);
        Assert.Equal(before, await Images());
        await fixture.Client.Images.DeleteImageAsync("prts-test/other:1", new(), Token);
    }

    [Fact]
    public async Task Killed_InItsPush_TheNextStartRemovesItsTags()
    {
        using var registry = new SilentListener();
        var before = await Images();
        var job = Building($"FROM {EngineFixture.Small}\nRUN echo pushed > /pushed\n", $"{registry.Address}/app:1", push: true);
        await KillInTheMiddle(job, "\nPushing ");
        var next = machine.Agent(new TestSink());
        foreach (var orphan in JobRunner.FindOrphans(machine.Options))
            await next.Run(orphan, Token);
        await machine.DisposeAgents();

        Assert.Equal(before, await Images());
    }

    /// <summary>Agent, supervisor and the process of the build.</summary>
    private async Task KillInTheMiddle(JobAssignment job, string moment, bool withEngine = false)
    {
        using var death = new CancellationTokenSource();
        var sink = new TestSink();
        var running = machine.Agent(sink).Run(job, death.Token);
        await sink.Until(s => s.Log.Contains(moment, StringComparison.Ordinal));
        await death.CancelAsync();
        Assert.Equal(RunResult.Detached, await running);
        var directory = JobDirectory.Open(JobDirectory.PathOf(machine.Options, job.Attempt))!;
        using var supervisor = Process.GetProcessById(directory.Supervisor()!.Value.Pid);
        using var build = Process.GetProcessById(Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path))
            .Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _) && File.Exists($"/proc/{name}/cmdline"))
            .Select(name => int.Parse(name, CultureInfo.InvariantCulture))
            .Single(pid => CommandLine(pid) is var line && line.Contains(ImageBuild.Verb, StringComparison.Ordinal) && line.Contains(directory.Path, StringComparison.Ordinal)));
        supervisor.Kill();
        if (withEngine)
        {
            // As when the machine stops: neither sees the other's end.
            using var pause = Process.Start("kill", ["-STOP", build.Id.ToString(CultureInfo.InvariantCulture)]);
            await pause.WaitForExitAsync(Token);
            await fixture.KillDaemon();
        }
        build.Kill();
        await supervisor.WaitForExitAsync(Token);
        await build.WaitForExitAsync(Token);
    }

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline"));
        }
        catch (IOException)
        {
            return ""; // It ended meanwhile.
        }
    }

    private async Task<IReadOnlyList<string>> Images() =>
        [.. (await fixture.Client.Images.ListImagesAsync(new() { All = true }, Token)).Select(image => $"{image.ID} {string.Join(' ', image.RepoTags ?? [])}").Order(StringComparer.Ordinal)];

    private async Task Build(string dockerfile, string tag, Action<TestSink>? check = null)
    {
        var sink = await machine.Run(new TestSink(), Building(dockerfile, tag));
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
        check?.Invoke(sink);
    }

    private JobAssignment Building(string dockerfile, string tag = "prts-test/built:1", bool push = false)
    {
        machine.Write("Dockerfile", dockerfile);
        return machine.Job(new PlannedStep { Index = 0, Name = "Build", Env = new Dictionary<string, string>(), Image = new() { Tags = [tag], Push = push } });
    }
}
