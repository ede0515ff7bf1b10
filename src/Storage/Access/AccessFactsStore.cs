using Npgsql;
using PRTS.Contracts.Access;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Access;

/// <summary>Reads what decides a user's rights, in one round trip.</summary>
public sealed class AccessFactsStore(NpgsqlDataSource database)
{
    /// <summary>Null when there is no such user.</summary>
    public async Task<AccessFacts?> Get(Guid userId, CancellationToken cancellationToken = default)
    {
        await using var batch = database.CreateBatch();
        batch.Add("select u.tenant, u.name, u.enabled and t.enabled from users u join tenants t on t.tenant = u.tenant where u.id = $1", userId);
        batch.Add(
            """
            select g.role, g.org, g.project, g.team from role_grants g join users u on u.id = $1 and u.tenant = g.tenant
            where g.user_id = $1
                or g.team in (select m.org || '/' || m.team from team_members m where m.user_id = $1 and m.tenant = u.tenant)
            order by g.org, g.project, g.role
            """,
            userId);
        batch.Add("select r.name, r.permissions from custom_roles r join users u on u.id = $1 and u.tenant = r.tenant", userId);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) return null;
        var facts = new AccessFacts { Tenant = reader.GetString(0), UserId = userId, Name = reader.GetString(1), Enabled = reader.GetBoolean(2) };
        await reader.NextResultAsync(cancellationToken);
        var roles = await reader.Rows(row => new HeldRole(row.GetString(0), Scope(row.GetString(1), row.GetString(2)), row.Text(3)), cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var custom = await reader.Rows(row => (Name: row.GetString(0), Permissions: row.GetFieldValue<string[]>(1)), cancellationToken);
        return facts with { Roles = roles, CustomRoles = custom.ToDictionary(role => role.Name, role => (IReadOnlyList<string>)role.Permissions, StringComparer.Ordinal) };
    }

    internal static AccessScope Scope(string org, string project) => new(org.Length > 0 ? org : null, project.Length > 0 ? project : null);
}
