using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Api.Logs;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;

namespace PRTS.Execution.Jobs;

/// <summary>
/// Where a job's events, log and artifacts go, and where those of other jobs come from. Every call may throw or time out: the runner repeats it, in order, until it succeeds,
/// so every call is idempotent by sequence number, offset or content.
/// </summary>
public interface IJobSink
{
    /// <summary>Returns false when another attempt has taken over: the runner kills the job and cleans up.</summary>
    Task<bool> Report(JobAssignment job, IReadOnlyList<JobEvent> events, CancellationToken ct);

    /// <summary>Appends bytes at an offset of the attempt's log. <paramref name="chunk"/> is valid until the task ends.</summary>
    Task<LogAck> AppendLog(JobAssignment job, long offset, long timestampMs, ReadOnlyMemory<byte> chunk, CancellationToken ct);

    /// <summary>Ends the log at a length; returns when all of it is durable.</summary>
    Task<LogAck> CloseLog(JobAssignment job, long length, CancellationToken ct);

    /// <summary>Stores an artifact. Throws <see cref="ArtifactRefusedException"/> when repeating it would not help.</summary>
    Task UploadArtifact(JobAssignment job, ArtifactUpload upload, CancellationToken ct);

    /// <summary>What the build's jobs have kept so far.</summary>
    Task<IReadOnlyList<ArtifactSummary>> ListArtifacts(JobAssignment job, CancellationToken ct);

    Task<IReadOnlyList<ArtifactFile>> ListFiles(JobAssignment job, ArtifactSummary artifact, CancellationToken ct);

    /// <summary>Writes a file's bytes to <paramref name="target"/>. Throws <see cref="ArtifactRefusedException"/> when it is gone.</summary>
    Task Download(JobAssignment job, ArtifactSummary artifact, ArtifactFile file, Stream target, CancellationToken ct);

    /// <summary>What fits best: the key itself, or the newest with one of the beginnings, the best first. Null: nothing.</summary>
    Task<CacheEntry?> FindCache(JobAssignment job, string key, IReadOnlyList<string> beginnings, CancellationToken ct);

    /// <summary>Writes its bytes to <paramref name="target"/>. Throws <see cref="ArtifactRefusedException"/> when it is gone.</summary>
    Task FetchCache(JobAssignment job, CacheEntry entry, Stream target, CancellationToken ct);

    /// <summary>Adds the jobs of a file to the build; returns their names. Throws <see cref="ArtifactRefusedException"/> that says what is wrong in it.</summary>
    /// <param name="step">Index of the step that adds them.</param>
    /// <param name="file">Its path, for messages.</param>
    Task<IReadOnlyList<string>> Generate(JobAssignment job, int step, string file, byte[] content, CancellationToken ct);

    /// <summary>What the job asks for (<see cref="PRTS.Pipelines.Planning.PlannedJob.Secrets"/>), or why it cannot have it.</summary>
    Task<JobSecrets> Secrets(JobAssignment job, CancellationToken ct);

    /// <summary>Why it is not kept; null when it is.</summary>
    Task<string?> SaveCache(JobAssignment job, CacheUpload upload, CancellationToken ct);
}
