using Npgsql;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Variables;

/// <summary>The variables of projects, of organizations, and of whole tenants.</summary>
public sealed class VariablesStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Of one place.</summary>
    public const int Most = 500;

    private const string Columns = "name, value, environment, branch, updated_at, updated_by, org, project";
    private const string ThisOne = "where tenant = $1 and org = $2 and project = $3 and name = $4 and environment = $5 and branch = $6";

    /// <summary>Of exactly this place; by name, then environment and branch.</summary>
    public Task<IReadOnlyList<ProjectVariable>> List(string tenant, AccessScope place, CancellationToken cancellationToken = default) => database.Command(
        $"select {Columns} from variables where tenant = $1 and org = $2 and project = $3 order by name, environment, branch",
        tenant, place.Org ?? "", place.Project ?? "").All(Read, cancellationToken);

    /// <summary>All that reach this place: its own, and those of what is around it; by name, the widest first.</summary>
    public Task<IReadOnlyList<ProjectVariable>> Reaching(string tenant, AccessScope place, CancellationToken cancellationToken = default) => database.Command(
        $"""
        select {Columns} from variables where tenant = $1 and (org, project) in (('', ''), ($2, ''), ($2, $3))
        order by name, org <> '', project <> '', environment, branch
        """,
        tenant, place.Org ?? "", place.Project ?? "").All(Read, cancellationToken);

    /// <summary>What a project's jobs may be given.</summary>
    public Task<IReadOnlyList<ProjectVariable>> Reaching(ProjectId project, CancellationToken cancellationToken = default) => Reaching(project.Tenant, AccessScope.Of(project), cancellationToken);

    /// <summary>Null: it is not there.</summary>
    public Task<ProjectVariable?> Get(string tenant, AccessScope place, string name, string? environment, string? branch, CancellationToken cancellationToken = default) =>
        database.Command($"select {Columns} from variables {ThisOne}", Key(tenant, place, name, environment, branch)).First(Read, cancellationToken);

    /// <returns>False when the place has <see cref="Most"/> already, and this is a new one.</returns>
    public async Task<bool> Set(string tenant, AccessScope place, ProjectVariable variable, CancellationToken cancellationToken = default) => await database.Command(
        $"""
        insert into variables (tenant, org, project, name, environment, branch, value, updated_at, updated_by)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9
        where exists (select 1 from variables {ThisOne}) or (select count(*) from variables where tenant = $1 and org = $2 and project = $3) < {Most}
        on conflict (tenant, org, project, name, environment, branch) do update set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by
        """,
        [.. Key(tenant, place, variable.Name, variable.Environment, variable.Branch), variable.Value, time.GetUtcNow(), variable.UpdatedBy]).Execute(cancellationToken) > 0;

    /// <returns>Whether it was there.</returns>
    public async Task<bool> Remove(string tenant, AccessScope place, string name, string? environment, string? branch, CancellationToken cancellationToken = default) =>
        await database.Command($"delete from variables {ThisOne}", Key(tenant, place, name, environment, branch)).Execute(cancellationToken) > 0;

    private static object?[] Key(string tenant, AccessScope place, string name, string? environment, string? branch) =>
        [tenant, place.Org ?? "", place.Project ?? "", name, environment ?? "", branch ?? ""];

    private static ProjectVariable Read(NpgsqlDataReader row) => new()
    {
        Name = row.GetString(0),
        Value = row.GetString(1),
        Environment = Given(row, 2),
        Branch = Given(row, 3),
        UpdatedAt = row.GetFieldValue<DateTimeOffset>(4),
        UpdatedBy = row.GetString(5),
        Org = Given(row, 6),
        Project = Given(row, 7),
    };

    private static string? Given(NpgsqlDataReader row, int column) => row.GetString(column) is { Length: > 0 } text ? text : null;
}
