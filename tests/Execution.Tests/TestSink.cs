using System.Security.Cryptography;
using System.Text;
using PRTS.Api;
using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Api.Logs;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;
using PRTS.Execution.Jobs;

namespace PRTS.Execution.Tests;

/// <summary>A control plane in memory that checks what the protocol promises, and may fail at random.</summary>
internal sealed class TestSink : IJobSink
{
    private readonly Lock gate = new();
    private readonly List<JobEvent> events = [];
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<(Func<TestSink, bool> Condition, TaskCompletionSource Done)> waiters = [];
    private readonly Random random = new(7);
    private readonly StringBuilder log = new();
    private bool crashed;

    /// <summary>How many of a hundred calls fail: half before, half after they took effect.</summary>
    public int FailurePercent { get; init; }

    public bool KeepText { get; init; } = true;

    /// <summary>So many of the last bytes that it took are not durable yet.</summary>
    public int NotYetDurable { get; init; }

    /// <summary>At the first attempt to close the log it has crashed, and has so many bytes.</summary>
    public Func<TestSink, long>? CrashBeforeClosing { get; init; }

    /// <summary>While false every call fails, as when the control plane is down.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>Events that are not taken for now.</summary>
    public Func<JobEvent, bool> Refuses { get; set; } = static _ => false;

    public int Refused { get; private set; }

    /// <summary>The attempt was taken over.</summary>
    public bool IsFenced { get; set; }

    public long Received { get; private set; }

    public long Durable { get; private set; }

    public long? Closed { get; private set; }

    public int Chunks { get; private set; }

    public List<long> Timestamps { get; } = [];

    public string Log { get { lock (gate) return log.ToString(); } }

    public string LogSha256 { get { lock (gate) return Convert.ToHexStringLower(hash.GetCurrentHash()); } }

    public IReadOnlyList<JobEvent> Events { get { lock (gate) return [.. events]; } }

    public JobEnded? Ended => Events.OfType<JobEnded>().SingleOrDefault();

    public Dictionary<string, Dictionary<string, byte[]>> Artifacts { get; } = [];

    /// <summary>No byte of a download ever comes.</summary>
    public bool DownloadsStall { get; init; }

    public bool Stalled { get; private set; }

    /// <summary>By other jobs: content by path.</summary>
    public Dictionary<(string Job, string Name), Dictionary<string, byte[]>> Kept { get; } = [];

    public StepEnded Step(int index) => Events.OfType<StepEnded>().Single(e => e.Index == index);

    public bool HasStarted(int index) => Events.OfType<StepStarted>().Any(e => e.Index == index);

    public async Task Until(Func<TestSink, bool> condition)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (condition(this))
                return;
            waiters.Add((condition, done));
        }
        await done.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    public Task<bool> Report(JobAssignment job, IReadOnlyList<JobEvent> reported, CancellationToken ct) => Call(() =>
    {
        if (reported.Any(Refuses))
        {
            Refused++;
            throw new IOException("Not now.");
        }
        foreach (var happened in reported.Where(e => e.Sequence > events.Count))
        {
            Assert.Equal(events.Count + 1, happened.Sequence);
            if (happened is JobEnded ended)
                Assert.Equal(Closed, ended.LogLength);
            events.Add(happened);
        }
        return !IsFenced;
    });

    /// <summary>By name; what is not among them is refused.</summary>
    public Dictionary<string, string> SecretValues { get; } = new(StringComparer.Ordinal);

    public Task<JobSecrets> Secrets(JobAssignment job, CancellationToken ct) => Task.FromResult(
        job.Job.Secrets.FirstOrDefault(secret => !SecretValues.ContainsKey(secret.Name)) is { } missing
            ? JobSecrets.Refused($"There is no secret '{missing.Name}'.")
            : new JobSecrets(SecretValues));

    public Task<IReadOnlyList<string>> Generate(JobAssignment job, int step, string file, byte[] content, CancellationToken ct) =>
        throw new ArtifactRefusedException("Nothing is generated here.");

    public Task<LogAck> AppendLog(JobAssignment job, long offset, long timestampMs, ReadOnlyMemory<byte> chunk, CancellationToken ct) => Call(() =>
    {
        Assert.InRange(chunk.Length, 1, 64 << 10);
        Assert.Null(Closed);
        Chunks++;
        if (offset <= Received && offset + chunk.Length > Received)
        {
            var fresh = chunk.Span[(int)(Received - offset)..];
            hash.AppendData(fresh);
            if (KeepText)
                log.Append(Encoding.Latin1.GetString(fresh));
            Received += fresh.Length;
            Timestamps.Add(timestampMs);
        }
        return new LogAck(Received, Durable = Math.Max(Durable, Received - NotYetDurable));
    });

    public Task<LogAck> CloseLog(JobAssignment job, long length, CancellationToken ct) => Call(() =>
    {
        if (CrashBeforeClosing is not null && !crashed)
        {
            crashed = true;
            Received = log.Length = (int)CrashBeforeClosing(this);
            return new LogAck(Received, Durable);
        }
        Assert.Equal(Received, length);
        Closed = length;
        return new LogAck(length, length);
    });

    public async Task UploadArtifact(JobAssignment job, ArtifactUpload upload, CancellationToken ct)
    {
        if (upload.Name == "refused")
            throw new ArtifactRefusedException("artifact 'refused' exists already");
        var files = new Dictionary<string, byte[]>();
        foreach (var file in upload.Files)
        {
            await using var stream = file.Open();
            var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, ct);
            Assert.Equal(file.Size, bytes.Length);
            files.Add(file.Path + (file.Executable ? "*" : ""), bytes.ToArray());
        }
        await Call(() => Artifacts[upload.Name] = files);
    }

    /// <summary>By key.</summary>
    public Dictionary<string, byte[]> Caches { get; } = new(StringComparer.Ordinal);

    public Task<CacheEntry?> FindCache(JobAssignment job, string key, IReadOnlyList<string> beginnings, CancellationToken ct) => Call(() =>
        (Caches.ContainsKey(key) ? key : beginnings.SelectMany(text => Caches.Keys.Where(known => known.StartsWith(text, StringComparison.Ordinal))).FirstOrDefault()) is { } found
            ? new CacheEntry
            {
                Id = 1,
                Ref = "refs/heads/main",
                Key = found,
                Size = Caches[found].Length,
                Sha256 = Convert.ToHexStringLower(SHA256.HashData(Caches[found])),
                Build = 1,
                CreatedAt = default,
                UsedAt = default,
            }
            : null);

    /// <summary>The first byte is another one, each time.</summary>
    public bool DamagesCaches { get; init; }

    public async Task FetchCache(JobAssignment job, CacheEntry entry, Stream target, CancellationToken ct)
    {
        var bytes = Caches[entry.Key].ToArray();
        if (DamagesCaches)
            bytes[0]++;
        await target.WriteAsync(bytes, ct);
    }

    public async Task<string?> SaveCache(JobAssignment job, CacheUpload upload, CancellationToken ct)
    {
        await using var content = upload.Open();
        var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, ct);
        Assert.Equal((upload.Size, upload.Sha256), (bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()))));
        return await Call(() =>
        {
            Caches[upload.Key] = bytes.ToArray();
            return (string?)null;
        });
    }

    public Task<IReadOnlyList<ArtifactSummary>> ListArtifacts(JobAssignment job, CancellationToken ct) => Call<IReadOnlyList<ArtifactSummary>>(() =>
        [.. Kept.Select(kept => new ArtifactSummary { Job = kept.Key.Job, Name = kept.Key.Name, Files = kept.Value.Count, Size = 0, CreatedAt = default })]);

    public Task<IReadOnlyList<ArtifactFile>> ListFiles(JobAssignment job, ArtifactSummary artifact, CancellationToken ct) => Call<IReadOnlyList<ArtifactFile>>(() =>
        [.. Kept[(artifact.Job, artifact.Name)].Select(file => new ArtifactFile
        {
            Path = file.Key,
            Size = file.Value.Length,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(file.Value)),
        })]);

    public async Task Download(JobAssignment job, ArtifactSummary artifact, ArtifactFile file, Stream target, CancellationToken ct)
    {
        if (DownloadsStall)
        {
            await Call(() => Stalled = true);
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
        }

        var bytes = Kept[(artifact.Job, artifact.Name)][file.Path];
        // Half of it and then nothing, or a byte that is another.
        var damage = await Call(() => random.Next(100) < FailurePercent ? random.Next(2) + 1 : 0);
        await target.WriteAsync(damage == 1 ? bytes.AsMemory(0, bytes.Length / 2) : damage == 2 ? bytes.Reverse().ToArray() : bytes, ct);
        if (damage == 1)
            throw new HttpRequestException("The connection broke.");
    }

    private async Task<T> Call<T>(Func<T> effect)
    {
        await Task.Yield();
        lock (gate)
        {
            var fate = random.Next(100);
            if (!IsUp || fate < FailurePercent / 2)
                throw new IOException("The control plane is away.");
            var result = effect();
            foreach (var (_, done) in waiters.FindAll(waiter => waiter.Condition(this)))
                done.TrySetResult();
            waiters.RemoveAll(waiter => waiter.Done.Task.IsCompleted);
            return fate < FailurePercent ? throw new TimeoutException("The answer did not come.") : result;
        }
    }
}
