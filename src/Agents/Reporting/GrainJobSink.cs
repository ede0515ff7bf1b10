using System.Runtime.CompilerServices;
using Orleans.Concurrency;
using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Api.Logs;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Jobs;

namespace PRTS.Agents.Reporting;

/// <summary>Events and log bytes go to the attempt's grains, artifacts over HTTP.</summary>
public sealed class GrainJobSink(IGrainFactory grains, ArtifactUploader artifacts, ArtifactReader kept) : IJobSink
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

    private ILogGrain LogOf(JobAssignment job) => logs.GetValue(job, key => grains.Log(AttemptId.FromKey(key.Attempt)));
}
