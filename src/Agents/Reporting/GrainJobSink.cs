using Orleans.Concurrency;
using PRTS.Api.Builds;
using PRTS.Api.Logs;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Jobs;

namespace PRTS.Agents.Reporting;

/// <summary>Events and log bytes go to the attempt's grains, artifacts over HTTP.</summary>
public sealed class GrainJobSink(IGrainFactory grains, ArtifactUploader artifacts) : IJobSink
{
    public Task<bool> Report(JobAssignment job, IReadOnlyList<JobEvent> events, CancellationToken ct) =>
        grains.Job(AttemptId.FromKey(job.Attempt).Job).Report(job.Token, events).WaitAsync(ct);

    public Task<LogAck> AppendLog(JobAssignment job, long offset, long timestampMs, ReadOnlyMemory<byte> chunk, CancellationToken ct) =>
        grains.Log(AttemptId.FromKey(job.Attempt)).Append(job.Token, offset, timestampMs, new Immutable<byte[]>(chunk.ToArray())).WaitAsync(ct);

    public Task<LogAck> CloseLog(JobAssignment job, long length, CancellationToken ct) =>
        grains.Log(AttemptId.FromKey(job.Attempt)).Close(job.Token, length).WaitAsync(ct);

    public Task UploadArtifact(JobAssignment job, ArtifactUpload upload, CancellationToken ct) => artifacts.Upload(job, upload, ct);
}
