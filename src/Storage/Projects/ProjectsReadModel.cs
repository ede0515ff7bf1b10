using Npgsql;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Projects;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Projects;

/// <summary>Search: a part of <c>org/name</c> or of the description.</summary>
public sealed record ProjectQuery
{
    public string? Search { get; init; }

    /// <summary>Only what lies in one of these.</summary>
    public IReadOnlyList<AccessScope> Places { get; init; } = [AccessScope.Tenant];
    public int Skip { get; init; }
    public int Take { get; init; } = 50;
}

public sealed class ProjectsReadModel(NpgsqlDataSource database)
{
    private const string Selection = """
        select p.doc, latest.doc
        from projects p
        left join lateral
            (select b.doc from builds b where b.tenant = p.tenant and b.org = p.org and b.project = p.name order by b.number desc limit 1) latest on true

        """;

    /// <summary>Stores the summary unless a newer version is there.</summary>
    public Task Upsert(ProjectId id, ProjectSummary project, CancellationToken cancellationToken = default) => database.Command(
        """
        insert into projects (tenant, org, name, version, doc) values ($1, $2, $3, $4, $5::jsonb)
        on conflict (tenant, org, name) do update set version = excluded.version, doc = excluded.doc
        where excluded.version > projects.version
        """,
        id.Tenant, id.Org, id.Name, project.Version, Document.From(project with { LatestBuild = null, CloneUrl = null }))
        .Execute(cancellationToken);

    public Task<ProjectSummary?> Get(ProjectId id, CancellationToken cancellationToken = default) =>
        database.Command(Selection + "where p.tenant = $1 and p.org = $2 and p.name = $3", id.Tenant, id.Org, id.Name)
            .First(Read, cancellationToken);

    /// <summary>Projects by name, each with its latest build.</summary>
    public async Task<Page<ProjectSummary>> List(string tenant, ProjectQuery query, CancellationToken cancellationToken = default)
    {
        const string Where = """
            where p.tenant = $1 and ($2::text is null or p.org || '/' || p.name ilike $2 or p.doc->>'description' ilike $2)
              and ($3::text[] is null or p.org = any($3) or p.org || '/' || p.name = any($3))
            """;
        var search = string.IsNullOrWhiteSpace(query.Search) ? null : Sql.Containing(query.Search.Trim());
        await using var batch = database.CreateBatch();
        var places = Sql.Places(query.Places);
        batch.Add($"select count(*) from projects p {Where}", tenant, search, places);
        batch.Add($"{Selection}{Where} order by p.org, p.name offset $4 limit $5", tenant, search, places, query.Skip, query.Take);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var total = reader.GetInt64(0);
        await reader.NextResultAsync(cancellationToken);
        return new(await reader.Rows(Read, cancellationToken), total);
    }

    /// <summary>Every project of every tenant, for the sweep at start.</summary>
    public Task<IReadOnlyList<ProjectId>> All(CancellationToken cancellationToken = default) =>
        database.Command("select tenant, org, name from projects order by tenant, org, name")
            .All(row => new ProjectId(row.GetString(0), row.GetString(1), row.GetString(2)), cancellationToken);

    private static ProjectSummary Read(NpgsqlDataReader row) =>
        Document.Read<ProjectSummary>(row) with { LatestBuild = row.IsDBNull(1) ? null : Document.Read<BuildSummary>(row, 1) };
}
