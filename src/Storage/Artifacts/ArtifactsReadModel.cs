using Npgsql;
using PRTS.Api.Artifacts;
using PRTS.Contracts.Builds;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Artifacts;

/// <summary>A file of an artifact and where its bytes are.</summary>
public sealed record StoredFile(ArtifactFile File, string BlobKey);

/// <summary>An artifact that is being uploaded. Completed: an earlier try got to the end; there is nothing left to send.</summary>
public sealed record ArtifactUpload(long Id, bool Completed);

/// <summary>Artifacts are listed once they are complete, and only those of a job's last attempt that kept one of the name.</summary>
public sealed class ArtifactsReadModel(NpgsqlDataSource database, TimeProvider time)
{
    private const string Latest = """
        select distinct on (a.job, a.name) a.id, a.job, a.name, a.files, a.size, a.completed_at
        from artifacts a
        where a.tenant = $1 and a.org = $2 and a.project = $3 and a.number = $4 and a.completed_at is not null
        order by a.job, a.name, a.attempt desc
        """;

    private const string SelectFile = "select f.path, f.size, f.sha256, f.executable, f.blob_key from artifact_files f";

    /// <summary>Begins an upload, or finds the one that this attempt has begun.</summary>
    public async Task<ArtifactUpload> BeginUpload(AttemptId attempt, string name, CancellationToken cancellationToken = default)
    {
        var id = attempt.Job.Build;
        return await database.Command(
            """
            insert into artifacts (tenant, org, project, number, job, attempt, name, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (tenant, org, project, number, job, attempt, name) do update set name = excluded.name
            returning id, completed_at is not null
            """,
            id.Project.Tenant, id.Project.Org, id.Project.Name, id.Number, attempt.Job.Name, attempt.Number, name, time.GetUtcNow())
            .First(row => new ArtifactUpload(row.GetInt64(0), row.GetBoolean(1)), cancellationToken)
            ?? throw new InvalidOperationException($"The upload of artifact '{name}' of {attempt} could not be begun.");
    }

    /// <summary>Adds a file whose blob is committed; the same path again replaces it. A completed artifact stays as it is.</summary>
    /// <returns>False when there is no such unfinished upload.</returns>
    public async Task<bool> AddFile(long upload, ArtifactFile file, string blobKey, CancellationToken cancellationToken = default) => await database.Command(
        """
        insert into artifact_files (artifact_id, path, size, sha256, blob_key, executable)
        select a.id, $2, $3, $4, $5, $6 from artifacts a where a.id = $1 and a.completed_at is null for share
        on conflict (artifact_id, path) do update set
            size = excluded.size, sha256 = excluded.sha256, blob_key = excluded.blob_key, executable = excluded.executable
        """,
        upload, file.Path, file.Size, file.Sha256, blobKey, file.Executable).Execute(cancellationToken) > 0;

    /// <summary>From now on the artifact is listed, and does not change. Completing twice is the same as once.</summary>
    public Task<ArtifactSummary?> Complete(long upload, CancellationToken cancellationToken = default) => database.Command(
        """
        update artifacts set
            completed_at = coalesce(completed_at, $2),
            files = coalesce(files, (select count(*) from artifact_files where artifact_id = $1)),
            size = coalesce(size, (select coalesce(sum(f.size), 0) from artifact_files f where artifact_id = $1))
        where id = $1
        returning id, job, name, files, size, completed_at
        """,
        upload, time.GetUtcNow()).First(ReadSummary, cancellationToken);

    /// <summary>Files that an unfinished upload has so far, so that a repeated one sends only the rest.</summary>
    public Task<IReadOnlyList<StoredFile>> Uploaded(long upload, CancellationToken cancellationToken = default) =>
        database.Command($"{SelectFile} where f.artifact_id = $1 order by f.path", upload).All(ReadFile, cancellationToken);

    public Task<IReadOnlyList<ArtifactSummary>> List(BuildId build, CancellationToken cancellationToken = default) =>
        database.Command(Latest, Key(build)).All(ReadSummary, cancellationToken);

    public Task<IReadOnlyList<StoredFile>> Files(JobId job, string name, CancellationToken cancellationToken = default) =>
        database.Command($"{SelectFile} join ({Latest}) a on a.id = f.artifact_id where a.job = $5 and a.name = $6 order by f.path", [.. Key(job.Build), job.Name, name])
            .All(ReadFile, cancellationToken);

    public Task<StoredFile?> File(JobId job, string name, string path, CancellationToken cancellationToken = default) =>
        database.Command($"{SelectFile} join ({Latest}) a on a.id = f.artifact_id where a.job = $5 and a.name = $6 and f.path = $7", [.. Key(job.Build), job.Name, name, path])
            .First(ReadFile, cancellationToken);

    private static object?[] Key(BuildId id) => [id.Project.Tenant, id.Project.Org, id.Project.Name, id.Number];

    private static ArtifactSummary ReadSummary(NpgsqlDataReader row) =>
        new() { Job = row.GetString(1), Name = row.GetString(2), Files = row.GetInt32(3), Size = row.GetInt64(4), CreatedAt = row.Time(5) };

    private static StoredFile ReadFile(NpgsqlDataReader row) =>
        new(new() { Path = row.GetString(0), Size = row.GetInt64(1), Sha256 = row.GetString(2), Executable = row.GetBoolean(3) }, row.GetString(4));
}
