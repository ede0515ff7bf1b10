using Npgsql;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Variables;

/// <summary>The variables of projects.</summary>
public sealed class VariablesStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Of one project.</summary>
    public const int Most = 500;

    private const string ThisOne = "where tenant = $1 and org = $2 and project = $3 and name = $4 and environment = $5 and branch = $6";

    /// <summary>By name, then environment and branch.</summary>
    public Task<IReadOnlyList<ProjectVariable>> List(ProjectId project, CancellationToken cancellationToken = default) => database.Command(
        """
        select name, value, environment, branch, updated_at, updated_by from variables
        where tenant = $1 and org = $2 and project = $3 order by name, environment, branch
        """,
        project.Tenant, project.Org, project.Name).All(Read, cancellationToken);

    /// <returns>False when the project has <see cref="Most"/> already, and this is a new one.</returns>
    public async Task<bool> Set(ProjectId project, ProjectVariable variable, CancellationToken cancellationToken = default) => await database.Command(
        $"""
        insert into variables (tenant, org, project, name, environment, branch, value, updated_at, updated_by)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9
        where exists (select 1 from variables {ThisOne}) or (select count(*) from variables where tenant = $1 and org = $2 and project = $3) < {Most}
        on conflict (tenant, org, project, name, environment, branch) do update set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by
        """,
        [.. Key(project, variable.Name, variable.Environment, variable.Branch), variable.Value, time.GetUtcNow(), variable.UpdatedBy]).Execute(cancellationToken) > 0;

    /// <returns>Whether it was there.</returns>
    public async Task<bool> Remove(ProjectId project, string name, string? environment, string? branch, CancellationToken cancellationToken = default) =>
        await database.Command($"delete from variables {ThisOne}", Key(project, name, environment, branch)).Execute(cancellationToken) > 0;

    private static object?[] Key(ProjectId project, string name, string? environment, string? branch) =>
        [project.Tenant, project.Org, project.Name, name, environment ?? "", branch ?? ""];

    private static ProjectVariable Read(NpgsqlDataReader row) => new()
    {
        Name = row.GetString(0),
        Value = row.GetString(1),
        Environment = row.GetString(2) is { Length: > 0 } environment ? environment : null,
        Branch = row.GetString(3) is { Length: > 0 } branch ? branch : null,
        UpdatedAt = row.GetFieldValue<DateTimeOffset>(4),
        UpdatedBy = row.GetString(5),
    };
}
