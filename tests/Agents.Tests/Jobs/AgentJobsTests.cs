using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using PRTS.Agents.Configuration;
using PRTS.Agents.Jobs;
using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Api.Logs;
using PRTS.Execution;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;
using PRTS.Execution.Jobs;
using PRTS.Pipelines.Planning;
using Xunit;

namespace PRTS.Agents.Tests.Jobs;

/// <summary>What the agent answers to orders.</summary>
public sealed class AgentJobsTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("prts-agent-").FullName;
    private readonly Lifetime lifetime = new();

    public void Dispose()
    {
        lifetime.Dispose();
        Directory.Delete(home, recursive: true);
    }

    /// <summary>The order came late, or twice: true says that the attempt was taken, and nothing runs again.</summary>
    [Fact]
    public void Start_AttemptEndedUnderAnEarlierProcess_IsAnsweredAndNotObeyed()
    {
        File.WriteAllText(Path.Combine(home, "jobs.ended"), "default/demo/hello/1/build/1\n");
        var jobs = Jobs();

        Assert.True(jobs.Start(Order("default/demo/hello/1/build/1")));
        Assert.Empty(jobs.Running);
    }

    [Fact]
    public void Start_AgentStops_TakesNothing()
    {
        var jobs = Jobs();
        lifetime.StopApplication();

        Assert.False(jobs.Start(Order("default/demo/hello/1/build/1")));
        Assert.Empty(jobs.Running);
    }

    [Fact]
    public async Task Start_SlotsAreTaken_TakesNoOther()
    {
        var jobs = Jobs();

        Assert.True(jobs.Start(Order("default/demo/hello/1/build/1")));
        Assert.True(jobs.Start(Order("default/demo/hello/1/build/1")));
        Assert.False(jobs.Start(Order("default/demo/hello/1/build/2")));
        Assert.Equal(["default/demo/hello/1/build/1"], jobs.Running);

        lifetime.StopApplication();
        await jobs.Detached();
    }

    private AgentJobs Jobs()
    {
        var execution = new ExecutionOptions
        {
            JobsDirectory = Path.Combine(home, "jobs"),
            WorkDirectory = Path.Combine(home, "work"),
            MirrorsDirectory = Path.Combine(home, "mirrors"),
            SupervisorPath = Path.Combine(home, "none"),
            AgentName = "test",
        };
        var options = new AgentOptions
        {
            Url = "http://127.0.0.1:1",
            Name = "test",
            Labels = [],
            Slots = 1,
            Home = home,
            Address = IPAddress.Loopback,
            SiloPort = 0,
            Supervisor = "",
        };
        var runner = new JobRunner(execution, new NoControlPlane(), TimeProvider.System, NullLogger<JobRunner>.Instance);
        return new(runner, execution, options, lifetime, NullLogger<AgentJobs>.Instance);
    }

    private static JobAssignment Order(string attempt) => new()
    {
        Attempt = attempt,
        Token = "",
        Org = "demo",
        Project = "hello",
        Number = 1,
        Event = new() { Kind = "push", Ref = "refs/heads/main", Commit = new string('0', 40) },
        Job = new() { Key = "build", Name = "Build", Stage = "Main", Needs = [], Steps = [] },
        Needs = new Dictionary<string, NeedResult>(),
        ServerUrl = "http://127.0.0.1:1",
    };

    /// <summary>Answers nothing, so that a job never ends.</summary>
    private sealed class NoControlPlane : IJobSink
    {
        public Task<bool> Report(JobAssignment job, IReadOnlyList<JobEvent> events, CancellationToken ct) => Never<bool>(ct);

        public Task<LogAck> AppendLog(JobAssignment job, long offset, long timestampMs, ReadOnlyMemory<byte> chunk, CancellationToken ct) => Never<LogAck>(ct);

        public Task<LogAck> CloseLog(JobAssignment job, long length, CancellationToken ct) => Never<LogAck>(ct);

        public Task UploadArtifact(JobAssignment job, ArtifactUpload upload, CancellationToken ct) => Never<bool>(ct);

        public Task<IReadOnlyList<ArtifactSummary>> ListArtifacts(JobAssignment job, CancellationToken ct) => Never<IReadOnlyList<ArtifactSummary>>(ct);

        public Task<IReadOnlyList<ArtifactFile>> ListFiles(JobAssignment job, ArtifactSummary artifact, CancellationToken ct) => Never<IReadOnlyList<ArtifactFile>>(ct);

        public Task Download(JobAssignment job, ArtifactSummary artifact, ArtifactFile file, Stream target, CancellationToken ct) => Never<bool>(ct);

        public Task<CacheEntry?> FindCache(JobAssignment job, string key, IReadOnlyList<string> beginnings, CancellationToken ct) => Never<CacheEntry?>(ct);

        public Task FetchCache(JobAssignment job, CacheEntry entry, Stream target, CancellationToken ct) => Never<bool>(ct);

        public Task<IReadOnlyList<string>> Generate(JobAssignment job, int step, string file, byte[] content, CancellationToken ct) => Never<IReadOnlyList<string>>(ct);

        public Task<JobSecrets> Secrets(JobAssignment job, CancellationToken ct) => Never<JobSecrets>(ct);

        public Task<string?> SaveCache(JobAssignment job, CacheUpload upload, CancellationToken ct) => Never<string?>(ct);

        private static async Task<T> Never<T>(CancellationToken ct)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
            throw new InvalidOperationException("It is over.");
        }
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => stopping.Cancel();

        public void Dispose() => stopping.Dispose();
    }
}
