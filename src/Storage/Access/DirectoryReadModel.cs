using Npgsql;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Access;

/// <summary>
/// Tenants, organizations, teams and grants as their grains last said. Each projection replaces what an older version said, in one
/// transaction with the notice to all servers that rights changed (<see cref="AccessWatch"/>).
/// </summary>
public sealed class DirectoryReadModel(NpgsqlDataSource database, AccessWatch watch)
{
    public Task Project(string tenant, long version, TenantSummary summary, IReadOnlyList<CustomRole> roles) => Replace(
        tenant,
        new("insert into tenants (tenant, version, enabled, doc) values ($1, $2, $3, $4::jsonb) on conflict (tenant) do update set version = excluded.version, enabled = excluded.enabled, doc = excluded.doc where excluded.version >= tenants.version",
            [tenant, version, summary.Enabled, Document.From(summary)]),
        [
            new("delete from custom_roles where tenant = $1", [tenant]),
            .. roles.Select(role => new Statement("insert into custom_roles (tenant, name, permissions) values ($1, $2, $3)", [tenant, role.Name, role.Permissions.ToArray()])),
        ]);

    public Task Project(string tenant, string org, long version, string description, DateTimeOffset createdAt) => Replace(
        tenant,
        new("insert into organizations (tenant, org, version, description, created_at) values ($1, $2, $3, $4, $5) on conflict (tenant, org) do update set version = excluded.version, description = excluded.description where excluded.version >= organizations.version",
            [tenant, org, version, description, createdAt]),
        []);

    /// <param name="members">Null: the team is gone, with all that it was given.</param>
    public Task Project(string tenant, string org, string team, long version, string description, IReadOnlyList<Guid>? members) => Replace(
        tenant,
        new("insert into teams (tenant, org, team, version, description) values ($1, $2, $3, $4, $5) on conflict (tenant, org, team) do update set version = excluded.version, description = excluded.description where excluded.version >= teams.version",
            [tenant, org, team, version, description]),
        [
            new("delete from team_members where tenant = $1 and org = $2 and team = $3", [tenant, org, team]),
            .. (members ?? []).Select(user => new Statement(
                "insert into team_members (tenant, org, team, user_id) select $1, $2, $3, id from users where id = $4 and tenant = $1", [tenant, org, team, user])),
            .. members is null ? [new Statement("delete from teams where tenant = $1 and org = $2 and team = $3", [tenant, org, team])] : Array.Empty<Statement>(),
        ]);

    public Task Project(string tenant, AccessScope scope, long version, IReadOnlyList<(GrantSubject Subject, string Role)> grants) => Replace(
        tenant,
        new("insert into grant_scopes (tenant, org, project, version) values ($1, $2, $3, $4) on conflict (tenant, org, project) do update set version = excluded.version where excluded.version >= grant_scopes.version",
            [tenant, scope.Org ?? "", scope.Project ?? "", version]),
        [
            new("delete from role_grants where tenant = $1 and org = $2 and project = $3", [tenant, scope.Org ?? "", scope.Project ?? ""]),
            .. grants.Select(grant => new Statement(
                "insert into role_grants (tenant, org, project, subject, role, user_id, team) values ($1, $2, $3, $4, $5, $6, $7)",
                [tenant, scope.Org ?? "", scope.Project ?? "", grant.Subject.ToString(), grant.Role, grant.Subject.User, grant.Subject.Team])),
        ]);

    public async Task<(TenantSummary Summary, IReadOnlyList<CustomRole> Roles)?> Tenant(string tenant, CancellationToken cancellationToken = default) =>
        await database.Command("select doc from tenants where tenant = $1", tenant).First(Document.Read<TenantSummary>, cancellationToken) is { } summary
            ? (summary, await Roles(tenant, cancellationToken))
            : null;

    public Task<IReadOnlyList<TenantSummary>> Tenants(CancellationToken cancellationToken = default) =>
        database.Command("select doc from tenants order by tenant").All(Document.Read<TenantSummary>, cancellationToken);

    public Task<IReadOnlyList<CustomRole>> Roles(string tenant, CancellationToken cancellationToken = default) =>
        database.Command("select name, permissions from custom_roles where tenant = $1 order by name", tenant)
            .All(row => new CustomRole(row.GetString(0), row.GetFieldValue<string[]>(1)), cancellationToken);

    public Task<IReadOnlyList<OrganizationSummary>> Organizations(string tenant, CancellationToken cancellationToken = default) => database.Command(
        """
        select o.org, o.description, o.created_at,
            (select count(*) from projects p where p.tenant = o.tenant and p.org = o.org), (select count(*) from teams t where t.tenant = o.tenant and t.org = o.org)
        from organizations o where o.tenant = $1 order by o.org
        """,
        tenant).All(row => new OrganizationSummary { Name = row.GetString(0), Description = row.GetString(1), CreatedAt = row.Time(2), Projects = row.GetInt64(3), Teams = row.GetInt64(4) }, cancellationToken);

    /// <summary>Teams of an organization, or of all when none is named.</summary>
    public Task<IReadOnlyList<TeamSummary>> Teams(string tenant, string? org, CancellationToken cancellationToken = default) => database.Command(
        """
        select t.org, t.team, t.description, array(
            select u.name from team_members m join users u on u.id = m.user_id where m.tenant = t.tenant and m.org = t.org and m.team = t.team order by u.name)
        from teams t where t.tenant = $1 and ($2::text is null or t.org = $2) order by t.org, t.team
        """,
        tenant, org).All(row => new TeamSummary { Org = row.GetString(0), Name = row.GetString(1), Description = row.GetString(2), Members = row.GetFieldValue<string[]>(3) }, cancellationToken);

    /// <summary>Grants of exactly this place; of all places of the tenant when it is null.</summary>
    public Task<IReadOnlyList<GrantSummary>> Grants(string tenant, AccessScope? scope, CancellationToken cancellationToken = default) => database.Command(
        """
        select u.name, g.team, g.role, g.org, g.project from role_grants g left join users u on u.id = g.user_id
        where g.tenant = $1 and ($2::text is null or (g.org = $2 and g.project = $3::text)) order by g.org, g.project, g.team nulls first, u.name, g.role
        """,
        tenant, scope is { } place ? place.Org ?? "" : null, scope is { } at ? at.Project ?? "" : null).All(
        row => new GrantSummary { User = row.Text(0), Team = row.Text(1), Role = row.GetString(2), Scope = AccessFactsStore.Scope(row.GetString(3), row.GetString(4)).ToString() }, cancellationToken);

    /// <summary>What a grain takes over that has no state yet.</summary>
    public Task<IReadOnlyList<(GrantSubject Subject, string Role)>> Subjects(string tenant, AccessScope scope, CancellationToken cancellationToken = default) =>
        database.Command("select subject, role from role_grants where tenant = $1 and org = $2 and project = $3", tenant, scope.Org ?? "", scope.Project ?? "")
            .All(row => (GrantSubject.Parse(row.GetString(0)), row.GetString(1)), cancellationToken);

    /// <summary>How many accounts that can be used have the role everywhere in the tenant, personally.</summary>
    public Task<long> Holders(string tenant, string role, Guid except, CancellationToken cancellationToken = default) => database.Command(
        "select count(*) from role_grants g join users u on u.id = g.user_id and u.enabled where g.tenant = $1 and g.org = '' and g.role = $2 and u.id <> $3", tenant, role, except)
        .First(row => row.GetInt64(0), cancellationToken);

    /// <summary>Who has the role, and where it was given.</summary>
    public Task<IReadOnlyList<(AccessScope Scope, GrantSubject Subject)>> Holders(string tenant, string role, CancellationToken cancellationToken = default) => database.Command(
        "select org, project, subject from role_grants where tenant = $1 and role = $2 order by org, project, subject", tenant, role)
        .All(row => (AccessFactsStore.Scope(row.GetString(0), row.GetString(1)), GrantSubject.Parse(row.GetString(2))), cancellationToken);

    private sealed record Statement(string Sql, object?[] Values);

    /// <summary>The rest is done only when the first changed a row: else something newer is there.</summary>
    private async Task Replace(string tenant, Statement guard, IReadOnlyList<Statement> rest)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        if (await connection.Command(guard.Sql, guard.Values).Execute(CancellationToken.None) > 0)
        {
            foreach (var statement in rest) await connection.Command(statement.Sql, statement.Values).Execute(CancellationToken.None);
            await connection.Command("select pg_notify($1, $2)", AccessWatch.Channel, tenant).Execute(CancellationToken.None);
        }

        await transaction.CommitAsync();
        watch.Committed(tenant);
    }
}
