using System.Formats.Tar;
using Docker.DotNet.Models;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Containers;
using PRTS.Execution.Jobs;
using PRTS.Pipelines.Planning;
using PRTS.Tests;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

[CollectionDefinition(nameof(EngineFixture))]
public sealed class EngineCollection : ICollectionFixture<EngineFixture>;

/// <summary>Jobs with an image and with services, on a real engine.</summary>
[Collection(nameof(EngineFixture))]
public sealed class ContainerTests : IAsyncDisposable
{
    private readonly EngineFixture fixture;
    private readonly ContainerEngine engine;
    private readonly TestMachine machine;

    public ContainerTests(EngineFixture fixture)
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
    public async Task Steps_OneAfterAnother_ShareTheContainerAndTheCheckout()
    {
        var sink = await Run(
            Step("cat README.md; id -u; echo kept > /opt/file; echo \"$PRTS_WORKSPACE\"; echo version=3 >> $PRTS_OUTPUT") with { Id = "first" },
            Step("cat /opt/file; pwd; stat -c %u README.md; echo ${{ steps.first.outputs.version }} $CI; [[ -n $BASH ]] && echo bash"));

        Assert.Equal([null, null], Reasons(sink));
        Assert.Equal("hello\n0\n/workspace\nkept\n/workspace\n0\n3 true\nbash\n", sink.Log);
    }

    [Fact]
    public async Task Step_ImageWithoutBash_RunsInSh()
    {
        var sink = await Run(new PlannedContainer { Image = EngineFixture.Small }, Step("echo $0; false; echo not reached"));

        Assert.Equal("/prts/0.sh\n", sink.Log);
        Assert.Equal(1, sink.Step(0).ExitCode);
    }

    [Theory]
    [InlineData("exit 7", 7, "exited with code 7")]
    [InlineData("kill -KILL $$", 137, "exited with code 137")]
    [InlineData("nosuchcommand", 127, "exited with code 127")]
    public async Task Step_Fails_SaysHow(string command, int code, string reason)
    {
        var sink = await Run(Step(command));

        Assert.Equal((RunStatus.Failed, code, reason), (sink.Step(0).Status, sink.Step(0).ExitCode, sink.Step(0).Reason));
    }

    [Fact]
    public async Task Step_MuchOutput_LosesNoByte()
    {
        var sink = await Run(Step("i=0; while [ $i -lt 40 ]; do head -c 1000000 /dev/zero | tr '\\0' \"$(printf \\\\$(printf '%03o' $((48 + i))))\"; i=$((i+1)); done | tee /workspace/all; sha256sum /workspace/all | cut -c1-64 > /workspace/sum; printf 'sum=%s\\n' $(cat /workspace/sum) >> $PRTS_OUTPUT") with { Id = "s" });

        Assert.Equal(40_000_000, sink.Received);
        Assert.Equal(sink.Ended!.Outputs!["sum"], sink.LogSha256);
    }

    [Fact]
    public async Task Step_LeavesProcesses_TheyEndWithIt()
    {
        var sink = await Run(Step("sleep 1000 & (setsid sleep 1000 &) ; echo started"), Step("ps | grep -c '[s]leep 1000' || true"));

        Assert.Equal("started\n0\n", sink.Log);
    }

    [Fact]
    public async Task Step_TimesOut_IsTerminatedThenKilled()
    {
        var sink = await Run(
            Step("trap 'echo polite' TERM; sleep 1000 & wait; sleep 1000") with { Timeout = TimeSpan.FromSeconds(1), ContinueOnError = true },
            Step("ps | grep -c '[s]leep 1000' || true"));

        Assert.Equal("polite\n0\n", sink.Log);
        Assert.Equal("timed out after 1 s", sink.Step(0).Reason);
    }

    [Fact]
    public async Task Job_Canceled_EndsAtOnce()
    {
        var sink = new TestSink();
        var job = Assignment(new() { Image = EngineFixture.Usual }, Step("echo ready; sleep 1000"));
        var agent = machine.Agent(sink);
        var running = agent.Run(job, Token);
        await sink.Until(s => s.Log.Contains("ready", StringComparison.Ordinal));
        await agent.Cancel(job.Attempt, "enough");

        Assert.Equal(RunResult.Ended, await running);
        Assert.Equal(RunStatus.Canceled, sink.Ended!.Status);
        Assert.Equal("ready\n", sink.Log);
    }

    [Fact]
    public async Task Agent_Dies_TheNextAdoptsTheContainer()
    {
        var job = Assignment(new() { Image = EngineFixture.Usual }, Step("echo one > /opt/f; for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.2; done"), Step("cat /opt/f; echo done"));
        using var death = new CancellationTokenSource();
        var sink = new TestSink();
        var running = machine.Agent(sink).Run(job, death.Token);
        await sink.Until(s => s.Log.Contains('2', StringComparison.Ordinal));
        await death.CancelAsync();
        Assert.Equal(RunResult.Detached, await running);

        await machine.Run(sink, JobRunner.FindOrphans(machine.Options)[0]);

        Assert.Equal("1\n2\n3\n4\n5\n6\n7\n8\n9\none\ndone\n", sink.Log);
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
    }

    [Fact]
    public async Task Container_IsKilled_TheJobSaysSo()
    {
        var sink = new TestSink();
        var job = Assignment(new() { Image = EngineFixture.Usual }, Step("echo ready; sleep 1000"), Step("echo never") with { If = "always()" });
        var running = machine.Agent(sink).Run(job, Token);
        await sink.Until(s => s.Log.Contains("ready", StringComparison.Ordinal));
        var container = Assert.Single(await fixture.Client.Containers.ListContainersAsync(new ContainersListParameters(), Token));
        await fixture.Client.Containers.KillContainerAsync(container.ID, new ContainerKillParameters(), Token);

        Assert.Equal(RunResult.Ended, await running);
        Assert.Equal(["the job's container ended (exit code 137)", "the job's container ended (exit code 137)"], Reasons(sink));
    }

    [Fact]
    public async Task Memory_Exceeded_IsSaid()
    {
        var sink = await Run(
            new PlannedContainer { Image = EngineFixture.Usual, Limits = new() { Memory = 32 << 20 } },
            Step("echo before; head -c 100000000 /dev/zero | tail"));

        Assert.StartsWith("before\n", sink.Log, StringComparison.Ordinal);
        Assert.Contains("out of memory", sink.Step(0).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_ExceededByAChild_IsSaidWithTheStepsOwnCode()
    {
        var sink = await Run(
            new PlannedContainer { Image = EngineFixture.Usual, Limits = new() { Memory = 32 << 20 } },
            Step("sh -c 'echo 1000 > /proc/$$/oom_score_adj; head -c 100000000 /dev/zero | tail' || exit 2"));

        Assert.Equal((2, "exited with code 2; out of memory: the container reached its limit, and the system killed a process of it"), (sink.Step(0).ExitCode, sink.Step(0).Reason));
    }

    [Fact]
    public async Task Attempts_OfTheSameNameInTwoInstallations_LeaveEachOtherAlone()
    {
        await using var other = new TestMachine(engine);
        var job = Assignment(new() { Image = EngineFixture.Usual }, Step("echo ready; sleep 1000"));
        var sink = new TestSink();
        var agent = machine.Agent(sink);
        var running = agent.Run(job, Token);
        await sink.Until(s => s.Log.Contains("ready", StringComparison.Ordinal));
        var theirs = other.Job(Step("echo theirs"));
        var second = await other.Run(new TestSink(), theirs with { Attempt = job.Attempt, Job = theirs.Job with { Container = job.Job.Container } });
        await other.DisposeAgents();

        Assert.Equal("theirs\n", second.Log);
        Assert.Single(await fixture.Client.Containers.ListContainersAsync(new ContainersListParameters(), Token));
        await agent.Cancel(job.Attempt, "enough");
        await running;
        Assert.Equal((RunStatus.Canceled, "enough"), (sink.Ended!.Status, sink.Ended.Reason));
    }

    [Fact]
    public async Task Network_LinkLocalServicesOfTheMachine_CannotBeReached()
    {
        await using var peer = await LinkLocalPeer.Start(Token);
        using (var here = new System.Net.Sockets.TcpClient())
            await here.ConnectAsync(LinkLocalPeer.LinkLocal, LinkLocalPeer.Port, Token);
        var service = new PlannedContainer { Image = EngineFixture.Small, Name = "web", Command = ["sh", "-c", $"({LinkLocalPeer.Probe}) >/out; exec httpd -f -p 80 -h /"], Ports = [80] };
        var job = Assignment(new() { Image = EngineFixture.Small }, Step($"{LinkLocalPeer.Probe}; wget -q -O - http://web/out; ip route | grep link | cut -d' ' -f1"));
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { ServiceContainers = [service] } });
        await machine.DisposeAgents();

        var expected = $"reached {LinkLocalPeer.Ordinary}\nclosed {LinkLocalPeer.LinkLocal}\n";
        Assert.StartsWith(expected + expected, sink.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(await LinkLocalPeer.Rules(), rule => rule.Contains(sink.Log[(2 * expected.Length)..].Trim(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Step_OnTheMachine_CannotReachItsLinkLocalServices()
    {
        await using var peer = await LinkLocalPeer.Start(Token);
        using (var here = new System.Net.Sockets.TcpClient())
            await here.ConnectAsync(LinkLocalPeer.LinkLocal, LinkLocalPeer.Port, Token);
        await LinkLocalPeer.ForgetUsers();
        var sink = await machine.Run(Step(LinkLocalPeer.Probe.Replace("nc ", "busybox nc ", StringComparison.Ordinal)));

        Assert.Equal($"reached {LinkLocalPeer.Ordinary}\nclosed {LinkLocalPeer.LinkLocal}\n", sink.Log);
    }

    [Fact]
    public async Task User_OfTheImage_OwnsTheWorkspace()
    {
        await fixture.Import("prts-test/node:1", _ => { }, "USER node");
        var sink = await Run(
            new PlannedContainer { Image = "prts-test/node:1" },
            Step("id -u; id -g; echo more >> README.md; stat -c %u README.md .; echo kept > file; chmod 600 file; echo a=b >> $PRTS_OUTPUT"), Keep("kept", "file"));

        Assert.Equal([null, null], Reasons(sink));
        Assert.Equal("1234\n1235\n1234\n1234\n", sink.Log);
        Assert.Equal("kept\n"u8.ToArray(), sink.Artifacts["kept"]["file"]);
    }

    [Theory]
    [InlineData("nobody-there", "the image has no user 'nobody-there' (not in its /etc/passwd)")]
    public async Task User_Unknown_IsSaid(string user, string reason)
    {
        var sink = await Run(new PlannedContainer { Image = EngineFixture.Small, User = user }, Step("true"));

        Assert.Contains(reason, sink.Ended!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sandbox_HoldsWhatAStepMustNotHave()
    {
        var sink = await Run(Step("""
            grep -c NoNewPrivs:.1 /proc/self/status
            ls -d /var/run/docker.sock 2>/dev/null || echo no socket
            mknod /tmp/disk b 8 0 2>/dev/null || echo no devices
            echo x 2>/dev/null >/prts/objects/pack/x || echo no mirror
            echo x 2>/dev/null >/prts/init || echo no init
            mount -t tmpfs none /opt 2>/dev/null || echo no mounts
            env | grep -c -i -E 'token|prtsj_secret' || true
            cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null || true
            """));

        Assert.Equal("1\nno socket\nno devices\nno mirror\nno init\nno mounts\n0\n4096\n", sink.Log);
    }

    [Fact]
    public async Task ReadOnly_WritesToTheWorkspaceAndTmpOnly()
    {
        var sink = await Run(new PlannedContainer { Image = EngineFixture.Small, ReadOnly = true }, Step("echo x > /tmp/x; echo x > x; echo x 2>/dev/null > /opt/x || echo closed"));

        Assert.Equal("closed\n", sink.Log);
    }

    [Fact]
    public async Task Image_Missing_IsSaid()
    {
        var never = await Run(new PlannedContainer { Image = "prts-test/none:9", Pull = PullPolicy.Never }, Step("true"));
        var missing = await Run(new PlannedContainer { Image = "127.0.0.1:1/none:9" }, Step("true"));
        var shell = await Run(new PlannedContainer { Image = await Empty() }, Step("true"));

        Assert.StartsWith("the image prts-test/none:9 is not on this agent, and its pull policy is never", never.Ended!.Reason, StringComparison.Ordinal);
        Assert.StartsWith("the image 127.0.0.1:1/none:9 could not be pulled: ", missing.Ended!.Reason, StringComparison.Ordinal);
        Assert.Contains("/bin/sh", shell.Ended!.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../containers/other")]
    [InlineData("a b")]
    [InlineData("http://registry/image")]
    [InlineData("")]
    public async Task Image_NameThatIsNone_IsSaid(string name)
    {
        var sink = await Run(new PlannedContainer { Image = name }, Step("true"));

        Assert.Equal($"'{name}' is no name of an image", sink.Ended!.Reason);
    }

    [Fact]
    public async Task Image_VariablesThatNoShellCanSet_ReachTheStep()
    {
        await fixture.Import("prts-test/odd:1", _ => { }, "ENV discovery.type=single UID=77 PPID=78");
        var small = await Run(new PlannedContainer { Image = "prts-test/odd:1" }, Step("echo runs $UID"));
        await Build("prts-test/odd:2", $"FROM {EngineFixture.Usual}\nENV discovery.type=single UID=77 PPID=78\nRUN [\"ln\", \"-sf\", \"bash\", \"/bin/sh\"]\n");
        var bash = await Run(new PlannedContainer { Image = "prts-test/odd:2" }, Step("env | grep ^discovery"), Step("echo runs $0") with { Shell = "sh" });

        Assert.Equal([null], Reasons(small));
        Assert.Equal("runs 77\n", small.Log);
        Assert.Equal("discovery.type=single\nruns /prts/1.sh\n", bash.Log);
    }

    [Fact]
    public async Task Services_AreReadyAndReachedByName()
    {
        var server = new PlannedContainer
        {
            Image = EngineFixture.Small,
            Name = "web",
            Ports = [8080],
            Env = new Dictionary<string, string> { ["WORD"] = "hi" },
            Command = ["sh", "-c", "sleep 1; mkdir /www; echo $WORD > /www/index.html; exec httpd -f -p 8080 -h /www"],
        };
        var healthy = server with { Name = "slow", Ports = [], Health = new() { Command = "test -f /ready", Interval = TimeSpan.FromMilliseconds(200) }, Command = ["sh", "-c", "sleep 1; touch /ready; sleep 1000"] };
        var job = Assignment(new() { Image = EngineFixture.Small }, Step("wget -q -O - http://web:8080/; nslookup slow >/dev/null && echo found"));
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { ServiceContainers = [server, healthy] } });

        Assert.Equal("hi\nfound\n", sink.Log);
        Assert.Equal([null], Reasons(sink));
    }

    [Fact]
    public async Task Service_WithoutPorts_IsReadyWhenAnExposedOneListens()
    {
        await fixture.Import("prts-test/exposing:1", _ => { }, "EXPOSE 8081", "EXPOSE 9999", """CMD ["sh", "-c", "sleep 1; exec httpd -f -p 8081"]""");
        var service = new PlannedContainer { Image = "prts-test/exposing:1", Name = "web" };
        var job = Assignment(new() { Image = EngineFixture.Small }, Step("nc web 8081 </dev/null && echo listens"));
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { ServiceContainers = [service] } });

        Assert.Equal("listens\n", sink.Log);
    }

    [Fact]
    public async Task Services_OfAJobWithoutImage_AreReachedByName()
    {
        var server = new PlannedContainer
        {
            Image = EngineFixture.Small,
            Name = "web",
            Ports = [8080],
            Command = ["sh", "-c", "mkdir /www; echo hi > /www/index.html; exec httpd -f -p 8080 -h /www"],
        };
        var job = machine.Job(Step("getent hosts web >/dev/null && exec 3<>/dev/tcp/web/8080; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; tail -n 1 <&3; getent hosts localhost >/dev/null; [[ $PRTS_SERVICE_WEB == 1* ]]; id -u"));
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { ServiceContainers = [server] } });

        Assert.Equal([null], Reasons(sink));
        Assert.Matches("^hi\n7[0-9]{4}\n$", sink.Log);
        Assert.DoesNotContain(" web", await File.ReadAllTextAsync("/etc/hosts", Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo no luck; exit 3", null, "the service db (prts-test/small:1) ended with exit code 3 before it was ready; its last lines:\nno luck")]
    [InlineData("echo up; sleep 1000", "false", "the service db (prts-test/small:1) did not become healthy: -c false failed 2 times; its last lines:\nup")]
    public async Task Service_NotReady_FailsTheJobWithItsLastWords(string command, string? health, string reason)
    {
        var service = new PlannedContainer
        {
            Image = EngineFixture.Small,
            Name = "db",
            Command = ["sh", "-c", command],
            Ports = health is null ? [5432] : [],
            Health = health is null ? null : new() { Command = health, Interval = TimeSpan.FromMilliseconds(50), Retries = 2 },
        };
        var job = Assignment(new() { Image = EngineFixture.Small }, Step("true"));
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { ServiceContainers = [service] } });

        Assert.Equal((RunStatus.Failed, reason), (sink.Ended!.Status, sink.Ended.Reason));
    }

    [Fact]
    public async Task Service_WritesMuchAndEnds_ItsLastWordsAreSaid()
    {
        var service = new PlannedContainer { Image = EngineFixture.Small, Name = "db", Ports = [1], Command = ["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo last words; exit 3"] };
        var job = Assignment(new() { Image = EngineFixture.Small }, Step("true"));
        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { ServiceContainers = [service] } });

        Assert.EndsWith("xxx\nlast words", sink.Ended!.Reason, StringComparison.Ordinal);
        Assert.InRange(sink.Ended.Reason!.Length, 1000, 2000);
    }

    [Fact]
    public async Task Leftovers_EngineIsGoneAtFirst_AreRemovedWhenItIsBack()
    {
        await fixture.Client.Networks.CreateNetworkAsync(new NetworksCreateParameters { Name = "prts-left", Labels = Ownership.Labels(machine.Options, "default/demo/hello/9/build/8") }, Token);
        await fixture.StopDaemon();
        var agent = machine.Agent(new TestSink());
        agent.EmptyTrash();
        await fixture.StartDaemon();

        while ((await fixture.Client.Networks.ListNetworksAsync(cancellationToken: Token)).Any(network => network.Name == "prts-left"))
            await Task.Delay(100, Token);
    }

    [Fact]
    public async Task Leftovers_OfAnAgentThatDied_AreRemovedAtTheNextStart()
    {
        var labels = Ownership.Labels(machine.Options, "default/demo/hello/9/build/9");
        await fixture.Client.Networks.CreateNetworkAsync(new NetworksCreateParameters { Name = "prts-left", Labels = labels }, Token);
        await fixture.Client.Containers.CreateContainerAsync(
            new CreateContainerParameters { Name = "prts-left", Image = EngineFixture.Small, Cmd = ["sleep", "1000"], Labels = labels, HostConfig = new() { NetworkMode = "prts-left" } }, Token);
        await fixture.Client.Containers.StartContainerAsync("prts-left", null, Token);

        await using var agent = machine.Agent(new TestSink());
        agent.EmptyTrash();
    }

    [Fact]
    public async Task Engine_Gone_IsSaid()
    {
        using var nowhere = new ContainerEngine("/run/prts-no-such.sock");
        await using var other = new TestMachine(nowhere);
        var job = other.Job(Step("true"));
        var sink = await other.Run(new TestSink(), job with { Job = job.Job with { Container = new() { Image = EngineFixture.Small } } });

        Assert.Contains("the container engine (/run/prts-no-such.sock) does not answer", sink.Ended!.Reason, StringComparison.Ordinal);
        Assert.False(await nowhere.IsReady(Token));
        Assert.True(await engine.IsReady(Token));
    }

    private async Task Build(string name, string dockerfile)
    {
        using var context = new MemoryStream();
        await using (var tar = new TarWriter(context, leaveOpen: true))
            EngineFixture.AddText(tar, "Dockerfile", dockerfile);
        context.Position = 0;
        await fixture.Client.Images.BuildImageFromDockerfileAsync(new ImageBuildParameters { Tags = [name] }, context, null, null, new Progress<JSONMessage>(), Token);
    }

    private async Task<string> Empty()
    {
        const string Name = "prts-test/empty:1";
        using var archive = new MemoryStream(new byte[10240]);
        await fixture.Client.Images.CreateImageAsync(new ImagesCreateParameters { FromSrc = "-", Repo = "prts-test/empty", Tag = "1" }, archive, null, new Progress<JSONMessage>(), Token);
        return Name;
    }

    private static IEnumerable<string?> Reasons(TestSink sink) => sink.Events.OfType<StepEnded>().Select(step => step.Reason);

    private Task<TestSink> Run(params PlannedStep[] steps) => Run(new PlannedContainer { Image = EngineFixture.Usual }, steps);

    private Task<TestSink> Run(PlannedContainer container, params PlannedStep[] steps) => machine.Run(new TestSink(), Assignment(container, steps));

    private JobAssignment Assignment(PlannedContainer container, params PlannedStep[] steps)
    {
        var job = machine.Job(steps);
        return job with { Job = job.Job with { Container = container } };
    }
}
