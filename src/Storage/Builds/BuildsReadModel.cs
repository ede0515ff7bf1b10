using Npgsql;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Storage.Agents;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Builds;

/// <summary>Ref: a full name, or a branch's or tag's short one. Author: a part of it. Text: a part of message, author, commit, ref or pipeline name.</summary>
public sealed record BuildQuery
{
    public RunStatus? Status { get; init; }
    public string? Ref { get; init; }
    public string? Author { get; init; }
    public string? Text { get; init; }

    /// <summary>Only builds of what lies in one of these.</summary>
    public IReadOnlyList<AccessScope> Places { get; init; } = [AccessScope.Tenant];
    public int Skip { get; init; }
    public int Take { get; init; } = 50;
}

public sealed class BuildsReadModel(NpgsqlDataSource database, AgentsReadModel agents, UsualTimes usual, TimeProvider time)
{
    private const string ThisBuild = "where tenant = $1 and org = $2 and project = $3 and number = $4";

    /// <summary>
    /// Stores the summary unless a newer version is there. When it has <see cref="BuildSummary.Stages"/> (at creation), their order,
    /// needs and jobs are stored with it.
    /// </summary>
    public async Task Upsert(BuildId id, BuildSummary build, CancellationToken cancellationToken = default)
    {
        await using var batch = database.CreateBatch();
        AddUpsert(batch, id, build);
        foreach (var job in build.Stages?.SelectMany(stage => stage.Jobs) ?? []) AddUpsert(batch, id, job);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Stores the job unless a newer version of this attempt, or a later attempt, is there.</summary>
    public async Task UpsertJob(BuildId id, JobSummary job, CancellationToken cancellationToken = default)
    {
        await using var batch = database.CreateBatch();
        AddUpsert(batch, id, job);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Forgets jobs that the build does not have any more.</summary>
    public async Task KeepJobs(BuildId id, string[] keys, CancellationToken cancellationToken = default) =>
        await database.Command($"delete from jobs {ThisBuild} and key <> all($5)", [.. Key(id), keys]).Execute(cancellationToken);

    /// <summary>The build with its stages and jobs, and what can be said of those that have not started.</summary>
    public async Task<BuildSummary?> Get(BuildId id, CancellationToken cancellationToken = default) => await Whole(id, cancellationToken) switch
    {
        { } build when !build.Status.IsEnded() => BuildOutlook.Of(
            build, await usual.OfJobs(id.Project, build.File, cancellationToken), await agents.List(id.Project.Tenant, cancellationToken), time.GetUtcNow()),
        var build => build,
    };

    /// <summary>The build without its stages and jobs.</summary>
    public Task<BuildSummary?> Head(BuildId id, CancellationToken cancellationToken = default) =>
        database.Command($"select doc from builds {ThisBuild}", Key(id)).First(Document.Read<BuildSummary>, cancellationToken);

    private async Task<BuildSummary?> Whole(BuildId id, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.Add($"select doc, stages from builds {ThisBuild}", Key(id));
        batch.Add($"select doc from jobs {ThisBuild} order by position", Key(id));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) return null;
        var build = Document.Read<BuildSummary>(reader);
        var stages = reader.IsDBNull(1) ? [] : Document.Read<List<StageSummary>>(reader, 1);
        await reader.NextResultAsync(cancellationToken);
        var jobs = (await reader.Rows(Document.Read<JobSummary>, cancellationToken)).ToLookup(job => job.Stage, StringComparer.Ordinal);
        return build with { Stages = [.. stages.Select(stage => WithJobs(stage, [.. jobs[stage.Name]]))] };
    }

    public Task<IReadOnlyList<JobSummary>> Jobs(BuildId id, CancellationToken cancellationToken = default) =>
        database.Command($"select doc from jobs {ThisBuild} order by position", Key(id)).All(Document.Read<JobSummary>, cancellationToken);

    public Task<JobSummary?> Job(JobId id, CancellationToken cancellationToken = default) =>
        database.Command($"select doc from jobs {ThisBuild} and key = $5", [.. Key(id.Build), id.Name]).First(Document.Read<JobSummary>, cancellationToken);

    /// <summary>Newest first: of one project by number, of all by creation. Without stages.</summary>
    public async Task<Page<BuildSummary>> List(string tenant, ProjectId? project, BuildQuery query, CancellationToken cancellationToken = default)
    {
        const string Where = """
            where tenant = $1 and ($2::text is null or (org = $2 and project = $3::text))
              and ($4::text is null or status = $4)
              and ($5::text is null or ref in ($5, 'refs/heads/' || $5, 'refs/tags/' || $5))
              and ($6::text is null or author ilike $6)
              and ($7::text is null or search ilike $7)
              and ($8::text[] is null or org = any($8) or org || '/' || project = any($8))
            """;
        object?[] values =
        [
            tenant, project?.Org, project?.Name, query.Status is { } status ? Name(status) : null, NullIfBlank(query.Ref),
            NullIfBlank(query.Author) is { } author ? Sql.Containing(author) : null, NullIfBlank(query.Text) is { } text ? Sql.Containing(text) : null,
            Sql.Places(query.Places),
        ];
        var order = project is null ? "created_at desc, org, project, number desc" : "number desc";
        await using var batch = database.CreateBatch();
        batch.Add($"select count(*) from builds {Where}", values);
        batch.Add($"select doc from builds {Where} order by {order} offset $9 limit $10", [.. values, query.Skip, query.Take]);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var total = reader.GetInt64(0);
        await reader.NextResultAsync(cancellationToken);
        return new(await reader.Rows(Document.Read<BuildSummary>, cancellationToken), total);
    }

    /// <summary>Builds that have not ended, to be woken after a restart; of every tenant when none is given.</summary>
    public Task<IReadOnlyList<BuildId>> Unfinished(string? tenant = null, CancellationToken cancellationToken = default) => database.Command(
        """
        select tenant, org, project, number from builds
        where status in ('queued', 'waiting', 'running') and ($1::text is null or tenant = $1)
        order by tenant, org, project, number
        """,
        tenant)
        .All(row => new BuildId(new(row.GetString(0), row.GetString(1), row.GetString(2)), row.GetInt32(3)), cancellationToken);

    private static void AddUpsert(NpgsqlBatch batch, BuildId id, BuildSummary build) => batch.Add(
        """
        insert into builds (tenant, org, project, number, version, status, ref, author, created_at, search, doc, stages)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12::jsonb)
        on conflict (tenant, org, project, number) do update set
            version = excluded.version, status = excluded.status, ref = excluded.ref, author = excluded.author, created_at = excluded.created_at,
            search = excluded.search, doc = excluded.doc, stages = coalesce(excluded.stages, builds.stages)
        where excluded.version > builds.version
        """,
        [
            .. Key(id), build.Version, Name(build.Status), build.Ref, build.Author, build.CreatedAt,
            string.Join('\n', build.Message, build.Author, build.Actor, build.Commit, build.Ref, build.Name),
            Document.From(build with { Stages = null }),
            build.Stages is null ? null : Document.From(build.Stages.Select(stage => stage with { Jobs = [] })),
        ]);

    private static void AddUpsert(NpgsqlBatch batch, BuildId id, JobSummary job) => batch.Add(
        """
        insert into jobs (tenant, org, project, number, key, attempt, version, position, doc) values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb)
        on conflict (tenant, org, project, number, key) do update set
            attempt = excluded.attempt, version = excluded.version, position = excluded.position, doc = excluded.doc
        where (excluded.attempt, excluded.version) > (jobs.attempt, jobs.version)
        """,
        [.. Key(id), job.Key, job.Attempt, job.Version, job.Position, Document.From(job)]);

    private static StageSummary WithJobs(StageSummary stage, IReadOnlyList<JobSummary> jobs) =>
        jobs.Count == 0 ? stage : stage with { Jobs = jobs, Status = StageStatus.Of(jobs) };

    private static object?[] Key(BuildId id) => [id.Project.Tenant, id.Project.Org, id.Project.Name, id.Number];

    /// <summary>The name that JSON has too.</summary>
    private static string Name(RunStatus status) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(status.ToString());

    private static string? NullIfBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
