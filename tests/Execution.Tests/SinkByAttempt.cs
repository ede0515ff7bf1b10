using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Api.Logs;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;
using PRTS.Execution.Jobs;

namespace PRTS.Execution.Tests;

/// <summary>A <see cref="TestSink"/> is told of one attempt; an agent runs several.</summary>
/// <param name="ended">Awaited before the attempt learns that its end was taken.</param>
internal sealed class SinkByAttempt(Func<JobAssignment, TestSink> of, Func<Task> ended) : IJobSink
{
    public async Task<bool> Report(JobAssignment job, IReadOnlyList<JobEvent> events, CancellationToken ct)
    {
        var goesOn = await of(job).Report(job, events, ct);
        if (events.Any(happened => happened is JobEnded))
            await ended();
        return goesOn;
    }

    public Task<LogAck> AppendLog(JobAssignment job, long offset, long timestampMs, ReadOnlyMemory<byte> chunk, CancellationToken ct) =>
        of(job).AppendLog(job, offset, timestampMs, chunk, ct);

    public Task<LogAck> CloseLog(JobAssignment job, long length, CancellationToken ct) => of(job).CloseLog(job, length, ct);

    public Task UploadArtifact(JobAssignment job, ArtifactUpload upload, CancellationToken ct) => of(job).UploadArtifact(job, upload, ct);

    public Task<IReadOnlyList<ArtifactSummary>> ListArtifacts(JobAssignment job, CancellationToken ct) => of(job).ListArtifacts(job, ct);

    public Task<IReadOnlyList<ArtifactFile>> ListFiles(JobAssignment job, ArtifactSummary artifact, CancellationToken ct) => of(job).ListFiles(job, artifact, ct);

    public Task Download(JobAssignment job, ArtifactSummary artifact, ArtifactFile file, Stream target, CancellationToken ct) =>
        of(job).Download(job, artifact, file, target, ct);

    public Task<CacheEntry?> FindCache(JobAssignment job, string key, IReadOnlyList<string> beginnings, CancellationToken ct) => of(job).FindCache(job, key, beginnings, ct);

    public Task FetchCache(JobAssignment job, CacheEntry entry, Stream target, CancellationToken ct) => of(job).FetchCache(job, entry, target, ct);

    public Task<IReadOnlyList<string>> Generate(JobAssignment job, int step, string file, byte[] content, CancellationToken ct) => of(job).Generate(job, step, file, content, ct);

    public Task<JobSecrets> Secrets(JobAssignment job, CancellationToken ct) => of(job).Secrets(job, ct);

    public Task<string?> SaveCache(JobAssignment job, CacheUpload upload, CancellationToken ct) => of(job).SaveCache(job, upload, ct);
}
