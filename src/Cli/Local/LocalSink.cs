using PRTS.Api;
using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Api.Logs;
using PRTS.Cli.Terminal;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;
using PRTS.Execution.Jobs;
using PRTS.Pipelines.Planning;

namespace PRTS.Cli.Local;

/// <summary>
/// Where jobs report that run here without a server: their output goes to standard output, byte for byte when there is one job, else line
/// by line behind the job's name; what happens goes to standard error; artifacts go into a directory.
/// </summary>
/// <param name="several">There is more than one job.</param>
/// <param name="artifacts">Where artifacts go.</param>
/// <param name="told">The user named that directory, and knows what becomes of it.</param>
/// <param name="caches">Outlive the run.</param>
internal sealed class LocalSink(bool several, string artifacts, bool told, LocalCaches caches) : IJobSink
{
    private readonly Lock gate = new();
    private readonly Stream output = Console.OpenStandardOutput();
    private readonly Dictionary<string, Log> logs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JobEnded> ends = new(StringComparer.Ordinal);

    /// <summary>Steps that run once: how each ended that may have run, by attempt and index.</summary>
    private readonly Dictionary<(string Attempt, int Step), StepEnded?> claimed = [];

    private readonly Dictionary<(string Job, string Name), IReadOnlyList<ArtifactFile>> keptFiles = [];

    private sealed class Log
    {
        public long Received { get; set; }

        /// <summary>The beginning of a line whose end has not come.</summary>
        public MemoryStream Line { get; } = new();
    }

    /// <summary>How the attempt ended; it has.</summary>
    public JobEnded EndOf(string attempt)
    {
        lock (gate)
        {
            return ends[attempt];
        }
    }

    /// <summary>Of the attempt, the steps that run once and may have run, by index: how they ended, null where that is not known.</summary>
    public IReadOnlyDictionary<int, StepEnded?> ClaimedIn(string attempt)
    {
        lock (gate)
        {
            return claimed.Where(step => step.Key.Attempt == attempt).ToDictionary(step => step.Key.Step, step => step.Value);
        }
    }

    public void Tell(PlannedJob job, RunStatus status, string? text)
    {
        lock (gate)
        {
            Console.Error.WriteLine($"{Say.Mark(status)} {job.Name}{(text is null ? "" : ": " + text)}");
        }
    }

    /// <summary>Of the environment: whoever runs a pipeline here has them at hand.</summary>
    public Task<JobSecrets> Secrets(JobAssignment job, CancellationToken ct)
    {
        var names = job.Job.Secrets.Select(secret => secret.Name).Distinct(StringComparer.Ordinal).ToList();
        var missing = names.Where(name => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))).ToList();
        return Task.FromResult(job.Job.IdTokens.Count > 0 ? JobSecrets.Refused("`id_tokens` are signed by a server, and here is none") : missing.Count > 0
            ? JobSecrets.Refused($"here the job's secrets come from environment variables with their names, and these are not set: {string.Join(", ", missing)}")
            : new JobSecrets(names.ToDictionary(name => name, name => Environment.GetEnvironmentVariable(name)!, StringComparer.Ordinal)));
    }

    public Task<bool> Report(JobAssignment job, IReadOnlyList<JobEvent> events, CancellationToken ct)
    {
        foreach (var happened in events)
        {
            Note(job.Attempt, happened);
            switch (happened)
            {
                case StepStarted step:
                    Tell(job.Job, RunStatus.Running, step.Name ?? job.Job.Steps[step.Index].Name);
                    break;
                case StepEnded { Status: not RunStatus.Succeeded } step:
                    Tell(job.Job, step.Status, $"{job.Job.Steps[step.Index].Name}: {step.Reason}");
                    break;
                case StepEnded { Reason: { } reason } step:
                    Tell(job.Job, RunStatus.Succeeded, $"{job.Job.Steps[step.Index].Name}: {reason}");
                    break;
                case JobEnded end:
                    lock (gate)
                    {
                        ends[job.Attempt] = end;
                    }

                    Tell(job.Job, end.Status, end.Reason ?? Say.Status(end.Status));
                    break;
            }
        }

        return Task.FromResult(true);
    }

    private void Note(string attempt, JobEvent happened)
    {
        lock (gate)
        {
            if (happened is StepClaimed claim)
            {
                claimed[(attempt, claim.Index)] = null;
            }
            else if (happened is StepEnded end && claimed.ContainsKey((attempt, end.Index)))
            {
                claimed[(attempt, end.Index)] = end;
            }
        }
    }

    public Task<LogAck> AppendLog(JobAssignment job, long offset, long timestampMs, ReadOnlyMemory<byte> chunk, CancellationToken ct)
    {
        lock (gate)
        {
            var log = LogOf(job);
            var known = log.Received - offset;
            if (known >= 0 && known < chunk.Length)
            {
                Write(job, log, chunk.Span[(int)known..]);
                log.Received = offset + chunk.Length;
            }

            return Task.FromResult(new LogAck(log.Received, log.Received));
        }
    }

    public Task<LogAck> CloseLog(JobAssignment job, long length, CancellationToken ct)
    {
        lock (gate)
        {
            var log = LogOf(job);
            if (log.Received == length && log.Line.Length > 0)
            {
                Write(job, log, "\n"u8);
            }

            return Task.FromResult(new LogAck(log.Received, log.Received));
        }
    }

    public async Task UploadArtifact(JobAssignment job, ArtifactUpload upload, CancellationToken ct)
    {
        if (!told)
        {
            Tell(job.Job, RunStatus.Running, $"artifact {upload.Name} has {upload.Files.Count} files; --artifacts DIRECTORY keeps them");
        }

        var kept = new List<ArtifactFile>();
        foreach (var file in upload.Files)
        {
            var target = PathOf(job.Job.Key, upload.Name, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await using var from = file.Open();
            await using var to = File.Create(target);
            await from.CopyToAsync(to, ct);
            kept.Add(new() { Path = file.Path, Size = file.Size, Sha256 = "", Executable = file.Executable });
        }

        lock (gate)
        {
            keptFiles[(job.Job.Key, upload.Name)] = kept;
        }
    }

    public Task<IReadOnlyList<ArtifactSummary>> ListArtifacts(JobAssignment job, CancellationToken ct)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<ArtifactSummary>>([.. keptFiles.Select(kept => new ArtifactSummary
            {
                Job = kept.Key.Job,
                Name = kept.Key.Name,
                Files = kept.Value.Count,
                Size = kept.Value.Sum(file => file.Size),
                CreatedAt = TimeProvider.System.GetUtcNow(),
            })]);
        }
    }

    public Task<IReadOnlyList<ArtifactFile>> ListFiles(JobAssignment job, ArtifactSummary artifact, CancellationToken ct)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<ArtifactFile>>(keptFiles[(artifact.Job, artifact.Name)]);
        }
    }

    public async Task Download(JobAssignment job, ArtifactSummary artifact, ArtifactFile file, Stream target, CancellationToken ct)
    {
        await using var from = File.OpenRead(PathOf(artifact.Job, artifact.Name, file.Path));
        await from.CopyToAsync(target, ct);
    }

    /// <summary>Adds jobs to the build that runs here; returns their names.</summary>
    public Func<JobAssignment, int, string, byte[], IReadOnlyList<string>>? Adds { get; set; }

    public Task<IReadOnlyList<string>> Generate(JobAssignment job, int step, string file, byte[] content, CancellationToken ct) => Task.FromResult(Adds!(job, step, file, content));

    public Task<CacheEntry?> FindCache(JobAssignment job, string key, IReadOnlyList<string> beginnings, CancellationToken ct) => Once(() => Task.FromResult(caches.Find(key, beginnings)));

    public Task FetchCache(JobAssignment job, CacheEntry entry, Stream target, CancellationToken ct) => Once(async () =>
    {
        await caches.FetchAsync(entry, target, ct);
        return true;
    });

    public Task<string?> SaveCache(JobAssignment job, CacheUpload upload, CancellationToken ct) => Once(async () =>
    {
        await caches.SaveAsync(upload, ct);
        return (string?)null;
    });

    /// <summary>What goes wrong with files here goes wrong again: the runner is not to repeat it.</summary>
    private static async Task<T> Once<T>(Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactRefusedException(error.Message, error);
        }
    }

    private string PathOf(string job, string artifact, string file) => Path.Combine(artifacts, job, artifact, file);

    private Log LogOf(JobAssignment job)
    {
        if (!logs.TryGetValue(job.Attempt, out var log))
        {
            logs[job.Attempt] = log = new();
        }

        return log;
    }

    private void Write(JobAssignment job, Log log, ReadOnlySpan<byte> bytes)
    {
        if (!several)
        {
            output.Write(bytes);
            return;
        }

        while (bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            output.Write(System.Text.Encoding.UTF8.GetBytes($"{job.Job.Name} | "));
            log.Line.WriteTo(output);
            log.Line.SetLength(0);
            output.Write(bytes[..(end + 1)]);
            bytes = bytes[(end + 1)..];
        }

        log.Line.Write(bytes);
    }
}
