using Npgsql;
using PRTS.Contracts.Access;
using PRTS.Storage.Access;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Users;

/// <summary>An account. PasswordHash is what the web layer says, null for those who sign in elsewhere; this store does not look into it.</summary>
public sealed record StoredUser
{
    public required Guid Id { get; init; }
    public required string Tenant { get; init; }
    public required string Name { get; init; }
    public string? PasswordHash { get; init; }
    public string DisplayName { get; init; } = "";
    public string? Email { get; init; }
    public bool Enabled { get; init; } = true;
    public string? Culture { get; init; }
    public int FailedCount { get; init; }
    public DateTimeOffset? LockedUntil { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>What an account proves itself with besides its password.</summary>
/// <param name="Providers">Sign-in providers that know it.</param>
public sealed record StoredProofs(bool SecondFactor, IReadOnlyList<string> Providers)
{
    public static StoredProofs None { get; } = new(false, []);
}

/// <summary>Names are unique in a tenant, whatever their case.</summary>
public sealed class UsersStore(NpgsqlDataSource database, AccessWatch watch, TimeProvider time)
{
    internal const string Columns = "u.id, u.tenant, u.name, u.password_hash, u.display_name, u.email, u.enabled, u.culture, u.failed_count, u.locked_until, u.created_at";

    /// <summary>Takes the name for this account, before the account's grain writes it down.</summary>
    /// <returns>False when another account of the tenant has it.</returns>
    public async Task<bool> Claim(string tenant, Guid id, UserProfile profile, CancellationToken cancellationToken = default)
    {
        try
        {
            return await database.Command(
                """
                insert into users (id, tenant, name, created_at, enabled) values ($1, $2, $3, $4, $5)
                on conflict (id) do update set name = excluded.name where users.tenant = excluded.tenant
                """,
                id, tenant, profile.Name, profile.CreatedAt, profile.Enabled).Execute(cancellationToken) > 0;
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return false;
        }
    }

    /// <summary>Shows what the account's grain says, unless something newer is there, and tells all servers.</summary>
    /// <param name="identities">Provider and subject of each.</param>
    public async Task Project(string tenant, Guid id, long version, UserProfile profile, IReadOnlyList<(string Provider, string Subject)> identities, CancellationToken cancellationToken = default)
    {
        await using var batch = database.CreateBatch();
        batch.Add(
            """
            insert into users (id, tenant, name, created_at, version, display_name, email, enabled) values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (id) do update set name = excluded.name, version = excluded.version, display_name = excluded.display_name, email = excluded.email, enabled = excluded.enabled
            where excluded.version >= users.version
            """,
            id, tenant, profile.Name, profile.CreatedAt, version, profile.DisplayName, profile.Email, profile.Enabled);
        foreach (var (provider, subject) in identities)
            batch.Add("insert into user_identities (tenant, provider, subject, user_id) values ($1, $2, $3, $4) on conflict do nothing", tenant, provider, subject, id);
        batch.Add("select pg_notify($1, $2)", AccessWatch.Channel, tenant);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        watch.Committed(tenant);
    }

    /// <summary>The account that is known by this identity of a sign-in provider.</summary>
    public Task<StoredUser?> ByIdentity(string tenant, string provider, string subject, CancellationToken cancellationToken = default) => database.Command(
        $"select {Columns} from users u join user_identities i on i.user_id = u.id where i.tenant = $1 and i.provider = $2 and i.subject = $3", tenant, provider, subject).First(Read, cancellationToken);

    public Task<StoredUser?> Get(Guid id, CancellationToken cancellationToken = default) =>
        database.Command($"select {Columns} from users u where u.id = $1", id).First(Read, cancellationToken);

    public Task<StoredUser?> ByName(string tenant, string name, CancellationToken cancellationToken = default) =>
        database.Command($"select {Columns} from users u where u.tenant = $1 and lower(u.name) = lower($2)", tenant, name).First(Read, cancellationToken);

    public Task<IReadOnlyList<StoredUser>> List(string tenant, CancellationToken cancellationToken = default) =>
        database.Command($"select {Columns} from users u where u.tenant = $1 order by u.name", tenant).All(Read, cancellationToken);

    /// <summary>How each account of the tenant proves who it is, besides a password.</summary>
    public async Task<IReadOnlyDictionary<Guid, StoredProofs>> Proofs(string tenant, CancellationToken cancellationToken = default) => (await database.Command(
        """
        select u.id, exists (select 1 from second_factors f where f.user_id = u.id and f.confirmed_at is not null),
            array(select distinct i.provider from user_identities i where i.user_id = u.id order by i.provider)
        from users u where u.tenant = $1
        """,
        tenant).All(row => (Id: row.GetGuid(0), Proofs: new StoredProofs(row.GetBoolean(1), row.GetFieldValue<string[]>(2))), cancellationToken)).ToDictionary(row => row.Id, row => row.Proofs);

    /// <summary>A new password also ends a lockout.</summary>
    public Task SetPassword(Guid id, string passwordHash, CancellationToken cancellationToken = default) =>
        database.Command("update users set password_hash = $2, failed_count = 0, locked_until = null where id = $1", id, passwordHash).Execute(cancellationToken);

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
        PasswordHash = row.Text(3),
        DisplayName = row.GetString(4),
        Email = row.Text(5),
        Enabled = row.GetBoolean(6),
        Culture = row.Text(7),
        FailedCount = row.GetInt32(8),
        LockedUntil = row.Nullable<DateTimeOffset>(9),
        CreatedAt = row.Time(10),
    };
}
