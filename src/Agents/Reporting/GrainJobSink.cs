using System.Runtime.CompilerServices;
using Orleans.Concurrency;
using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Api.Logs;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;
using PRTS.Execution.Jobs;

namespace PRTS.Agents.Reporting;

/// <summary>Events and log bytes go to the attempt's grains, artifacts and caches over HTTP.</summary>
public sealed class GrainJobSink(IGrainFactory grains, ArtifactUploader artifacts, ArtifactReader kept, CacheClient caches, GenerateClient generated, SecretsClient secrets) : IJobSink
{
    // Making a reference costs more than sending a short chunk through it.
    private readonly ConditionalWeakTable<JobAssignment, ILogGrain> logs = [];

    public Task<bool> Report(JobAssignment job, IReadOnlyList<JobEvent> events, CancellationToken ct) =>
        grains.Job(AttemptId.FromKey(job.Attempt).Job).Report(job.Token, events).WaitAsync(ct);

    public Task<LogAck> AppendLog(JobAssignment job, long offset, long timestampMs, ReadOnlyMemory<byte> chunk, CancellationToken ct) =>
        LogOf(job).Append(job.Token, offset, timestampMs, new Immutable<byte[]>(chunk.ToArray())).WaitAsync(ct);

    public Task<LogAck> CloseLog(JobAssignment job, long length, CancellationToken ct) =>
        LogOf(job).Close(job.Token, length).WaitAsync(ct);

    public Task UploadArtifact(JobAssignment job, ArtifactUpload upload, CancellationToken ct) => artifacts.Upload(job, upload, ct);

    public Task<IReadOnlyList<ArtifactSummary>> ListArtifacts(JobAssignment job, CancellationToken ct) => kept.List(job, ct);

    public Task<IReadOnlyList<ArtifactFile>> ListFiles(JobAssignment job, ArtifactSummary artifact, CancellationToken ct) => kept.Files(job, artifact, ct);

    public Task Download(JobAssignment job, ArtifactSummary artifact, ArtifactFile file, Stream target, CancellationToken ct) => kept.Download(job, artifact, file, target, ct);

    public Task<CacheEntry?> FindCache(JobAssignment job, string key, IReadOnlyList<string> beginnings, CancellationToken ct) => caches.Find(job, key, beginnings, ct);

    public Task FetchCache(JobAssignment job, CacheEntry entry, Stream target, CancellationToken ct) => caches.Fetch(job, entry, target, ct);

    public Task<string?> SaveCache(JobAssignment job, CacheUpload upload, CancellationToken ct) => caches.Save(job, upload, ct);

    public Task<IReadOnlyList<string>> Generate(JobAssignment job, int step, string file, byte[] content, CancellationToken ct) => generated.Generate(job, step, file, content, ct);

    public Task<JobSecrets> Secrets(JobAssignment job, CancellationToken ct) => secrets.Get(job, ct);

    private ILogGrain LogOf(JobAssignment job) => logs.GetValue(job, key => grains.Log(AttemptId.FromKey(key.Attempt)));
}
