using Npgsql;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Users;

/// <summary>An account. PasswordHash and Role are what the web layer says; this store does not look into them.</summary>
public sealed record StoredUser
{
    public required Guid Id { get; init; }
    public required string Tenant { get; init; }
    public required string Name { get; init; }
    public required string PasswordHash { get; init; }
    public required string Role { get; init; }
    public string? Culture { get; init; }
    public int FailedCount { get; init; }
    public DateTimeOffset? LockedUntil { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Names are unique in a tenant, whatever their case.</summary>
public sealed class UsersStore(NpgsqlDataSource database, TimeProvider time)
{
    internal const string Columns = "u.id, u.tenant, u.name, u.password_hash, u.role, u.culture, u.failed_count, u.locked_until, u.created_at";

    /// <returns>False when the name is taken.</returns>
    public async Task<bool> Create(StoredUser user, CancellationToken cancellationToken = default) => await database.Command(
        """
        insert into users (id, tenant, name, password_hash, role, culture, created_at) values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (tenant, lower(name)) do nothing
        """,
        user.Id, user.Tenant, user.Name, user.PasswordHash, user.Role, user.Culture, user.CreatedAt).Execute(cancellationToken) > 0;

    public Task<StoredUser?> Get(Guid id, CancellationToken cancellationToken = default) =>
        database.Command($"select {Columns} from users u where u.id = $1", id).First(Read, cancellationToken);

    public Task<StoredUser?> ByName(string tenant, string name, CancellationToken cancellationToken = default) =>
        database.Command($"select {Columns} from users u where u.tenant = $1 and lower(u.name) = lower($2)", tenant, name).First(Read, cancellationToken);

    public Task<IReadOnlyList<StoredUser>> List(string tenant, CancellationToken cancellationToken = default) =>
        database.Command($"select {Columns} from users u where u.tenant = $1 order by u.name", tenant).All(Read, cancellationToken);

    /// <summary>A new password also ends a lockout.</summary>
    public Task SetPassword(Guid id, string passwordHash, CancellationToken cancellationToken = default) =>
        database.Command("update users set password_hash = $2, failed_count = 0, locked_until = null where id = $1", id, passwordHash).Execute(cancellationToken);

    public Task SetRole(Guid id, string role, CancellationToken cancellationToken = default) =>
        database.Command("update users set role = $2 where id = $1", id, role).Execute(cancellationToken);

    public Task SetCulture(Guid id, string? culture, CancellationToken cancellationToken = default) =>
        database.Command("update users set culture = $2 where id = $1", id, culture).Execute(cancellationToken);

    /// <summary>Counts a wrong password; each full <paramref name="lockAfter"/> of them locks the account.</summary>
    /// <returns>Until when it is locked, if it is.</returns>
    public Task<DateTimeOffset?> RecordFailure(Guid id, int lockAfter, TimeSpan lockFor, CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        return database.Command(
            """
            update users set failed_count = failed_count + 1, locked_until = case when (failed_count + 1) % $2 = 0 then $3 else locked_until end
            where id = $1 returning case when locked_until > $4 then locked_until end
            """,
            id, lockAfter, now + lockFor, now).First(row => row.Nullable<DateTimeOffset>(0), cancellationToken);
    }

    public Task RecordSuccess(Guid id, CancellationToken cancellationToken = default) =>
        database.Command("update users set failed_count = 0, locked_until = null where id = $1 and (failed_count > 0 or locked_until is not null)", id).Execute(cancellationToken);

    internal static StoredUser Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Tenant = row.GetString(1),
        Name = row.GetString(2),
        PasswordHash = row.GetString(3),
        Role = row.GetString(4),
        Culture = row.Text(5),
        FailedCount = row.GetInt32(6),
        LockedUntil = row.Nullable<DateTimeOffset>(7),
        CreatedAt = row.Time(8),
    };
}
