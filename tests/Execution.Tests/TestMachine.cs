using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Tests;

/// <summary>A machine's directories, a repository to check out, and agents that come and go on it.</summary>
internal sealed class TestMachine : IAsyncDisposable
{
    private static int attempts;
    private readonly List<JobRunner> agents = [];
    private readonly GitServer server;
    private readonly string root = Path.Combine(Path.GetTempPath(), "prts-execution-" + Guid.NewGuid().ToString("N")[..8]);

    public TestMachine(Containers.ContainerEngine? engine = null, TimeSpan keepFailed = default)
    {
        Directory.CreateDirectory(root);
        File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);
        Options = new()
        {
            JobsDirectory = Path.Combine(root, "jobs"),
            WorkDirectory = Path.Combine(root, "work"),
            MirrorsDirectory = Path.Combine(root, "mirrors"),
            SupervisorPath = SupervisorPath,
            AgentName = "test-agent",
            Engine = engine,
            KeepFailed = keepFailed,
        };
        Assert.Empty(Options.Validate());
        Repository = Path.Combine(root, "git", "demo", "hello.git");
        Directory.CreateDirectory(Repository);
        Git("init", "--quiet", "--initial-branch=main", ".");
        Commit = Write("README.md", "hello\n");
        server = new GitServer(Path.Combine(root, "git"));
    }

    public static string SupervisorPath { get; } =
        Environment.GetEnvironmentVariable("PRTS_SUPERVISOR") ?? Path.Combine(AppContext.BaseDirectory, "prts-supervisor");

    public ExecutionOptions Options { get; init; }

    public string Repository { get; }

    public string Commit { get; private set; }

    public string Root => root;

    public GitServer Server => server;

    /// <summary>Commits a file and returns the commit.</summary>
    public string Write(string path, string text)
    {
        var full = Path.Combine(Repository, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        Git("add", "--all");
        Git("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "--quiet", "-m", "Change " + path);
        return Commit = Git("rev-parse", "HEAD").Trim();
    }

    public string Git(params string[] arguments)
    {
        var start = new ProcessStartInfo("git") { WorkingDirectory = Repository, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var git = Process.Start(start)!;
        var output = git.StandardOutput.ReadToEnd();
        var errors = git.StandardError.ReadToEnd();
        git.WaitForExit();
        return git.ExitCode == 0 ? output : throw new InvalidOperationException(errors);
    }

    public JobRunner Agent(IJobSink sink)
    {
        var agent = new JobRunner(Options, sink, TimeProvider.System, NullLoggerFactory.Instance.CreateLogger<JobRunner>());
        agents.Add(agent);
        return agent;
    }

    /// <summary>Runs the steps to the end of the job.</summary>
    public async Task<TestSink> Run(params PlannedStep[] steps) => await Run(new TestSink(), Job(steps));

    public async Task<TestSink> Run(TestSink sink, JobAssignment job)
    {
        Assert.Equal(RunResult.Ended, await Agent(sink).Run(job, TestContext.Current.CancellationToken));
        Assert.Equal(sink.Received, sink.Closed);
        var directory = JobDirectory.PathOf(Options, job.Attempt);
        Assert.False(Directory.Exists(directory), Directory.Exists(directory) ? string.Join(", ", Directory.EnumerateFileSystemEntries(directory)) : "");
        return sink;
    }

    public JobAssignment Job(params PlannedStep[] steps) => new()
    {
        Attempt = $"default/demo/hello/1/build/{Interlocked.Increment(ref attempts)}",
        Token = "prtsj_secret",
        Org = "demo",
        Project = "hello",
        Number = 1,
        Actor = "ada",
        PipelineName = "Test",
        Event = new() { Kind = "push", Ref = "refs/heads/main", Commit = Commit },
        Needs = new Dictionary<string, NeedResult>(),
        ServerUrl = server.Url,
        CancelGrace = TimeSpan.FromSeconds(1),
        Job = new()
        {
            Key = "build",
            Name = "Build",
            Stage = "Main",
            Needs = [],
            Steps = [.. steps.Select((step, index) => step with { Index = index })],
        },
    };

    public static PlannedStep Step(string run) => new() { Index = 0, Name = PlannedStep.NameOf(run), NamedByCommand = true, Run = run, Env = new Dictionary<string, string>() };

    public static PlannedStep Keep(string name, string path) =>
        new() { Index = 0, Name = "Keep " + name, Env = new Dictionary<string, string>(), Artifact = new() { Name = name, Path = path } };

    /// <summary>Waits for the deletions that agents do after a job.</summary>
    public async Task DisposeAgents()
    {
        foreach (var agent in agents)
            await agent.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await DisposeAgents();
        server.Dispose();
        Directory.Delete(root, recursive: true);
    }
}
