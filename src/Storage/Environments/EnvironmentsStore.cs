using Npgsql;
using PRTS.Api;
using PRTS.Api.Environments;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Environments;

/// <summary>Settings of environments, and what was deployed to them.</summary>
public sealed class EnvironmentsStore(NpgsqlDataSource database, TimeProvider time)
{
    private const string ThisEnvironment = "where tenant = $1 and org = $2 and project = $3";

    /// <summary>Without settings of its own an environment asks for nothing.</summary>
    public async Task<EnvironmentSettings> Settings(ProjectId project, string name, CancellationToken cancellationToken = default) => await Find(project, name, cancellationToken) ?? new();

    /// <summary>Null: it has no settings of its own.</summary>
    public Task<EnvironmentSettings?> Find(ProjectId project, string name, CancellationToken cancellationToken = default) =>
        database.Command($"select doc from environments {ThisEnvironment} and name = $4", [.. Key(project), name]).First(Document.Read<EnvironmentSettings>, cancellationToken);

    public Task Set(ProjectId project, string name, EnvironmentSettings settings, CancellationToken cancellationToken = default) => database.Command(
        """
        insert into environments (tenant, org, project, name, doc) values ($1, $2, $3, $4, $5::jsonb)
        on conflict (tenant, org, project, name) do update set doc = excluded.doc
        """,
        [.. Key(project), name, Document.From(settings)]).Execute(cancellationToken);

    /// <summary>Forgets the settings; what was deployed stays known.</summary>
    /// <returns>Whether there were any.</returns>
    public async Task<bool> Remove(ProjectId project, string name, CancellationToken cancellationToken = default) =>
        await database.Command($"delete from environments {ThisEnvironment} and name = $4", [.. Key(project), name]).Execute(cancellationToken) > 0;

    /// <summary>By name: those with settings, and those that were deployed to.</summary>
    public Task<IReadOnlyList<EnvironmentSummary>> List(ProjectId project, CancellationToken cancellationToken = default) => database.Command(
        """
        select n.name, e.doc,
            (select d.doc from deployments d where (d.tenant, d.org, d.project, d.environment) = ($1, $2, $3, n.name) and d.succeeded order by d.at desc, d.number desc limit 1),
            (select d.doc from deployments d where (d.tenant, d.org, d.project, d.environment) = ($1, $2, $3, n.name) order by d.at desc, d.number desc limit 1)
        from (
            select name from environments where tenant = $1 and org = $2 and project = $3
            union select environment from deployments where tenant = $1 and org = $2 and project = $3
        ) n left join environments e on (e.tenant, e.org, e.project, e.name) = ($1, $2, $3, n.name)
        order by n.name
        """,
        Key(project)).All(ReadSummary, cancellationToken);

    /// <summary>The last one first.</summary>
    public async Task<Page<DeploymentSummary>> Deployments(ProjectId project, string name, int skip, int take, CancellationToken cancellationToken = default)
    {
        await using var batch = database.CreateBatch();
        batch.Add($"select count(*) from deployments {ThisEnvironment} and environment = $4", [.. Key(project), name]);
        batch.Add($"select doc from deployments {ThisEnvironment} and environment = $4 order by at desc, number desc, job offset $5 limit $6", [.. Key(project), name, skip, take]);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var total = reader.GetInt64(0);
        await reader.NextResultAsync(cancellationToken);
        return new(await reader.Rows(Document.Read<DeploymentSummary>, cancellationToken), total);
    }

    /// <summary>Stores the deployment unless a newer version of it is there.</summary>
    public Task Upsert(BuildId build, DeploymentSummary deployment, CancellationToken cancellationToken = default) => database.Command(
        """
        insert into deployments (tenant, org, project, environment, number, job, round, version, at, succeeded, doc) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb)
        on conflict (tenant, org, project, environment, number, job, round) do update set version = excluded.version, at = excluded.at, succeeded = excluded.succeeded, doc = excluded.doc
        where excluded.version > deployments.version
        """,
        [.. Key(build.Project), deployment.Environment, build.Number, deployment.Job, deployment.Round, deployment.Version,
            deployment.FinishedAt ?? deployment.StartedAt ?? deployment.QueuedAt ?? time.GetUtcNow(), deployment.Status == RunStatus.Succeeded, Document.From(deployment)])
        .Execute(cancellationToken);

    private static EnvironmentSummary ReadSummary(NpgsqlDataReader row) => new()
    {
        Name = row.GetString(0),
        Settings = row.IsDBNull(1) ? new() : Document.Read<EnvironmentSettings>(row, 1),
        Current = row.IsDBNull(2) ? null : Document.Read<DeploymentSummary>(row, 2),
        Latest = row.IsDBNull(3) ? null : Document.Read<DeploymentSummary>(row, 3),
    };

    private static object?[] Key(ProjectId project) => [project.Tenant, project.Org, project.Name];
}
