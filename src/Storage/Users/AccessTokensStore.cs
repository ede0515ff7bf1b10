using Npgsql;
using PRTS.Contracts.Access;
using PRTS.Storage.Access;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Users;

/// <summary>A personal access token, without its secret. Prefix: the secret's first characters, for people to recognise it by.</summary>
public sealed record StoredAccessToken
{
    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }
    public required string Name { get; init; }
    public required string Prefix { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>What it cuts its user's rights down to; null: nothing.</summary>
    public AccessLimit? Limit { get; init; }
}

public sealed class AccessTokensStore(NpgsqlDataSource database, TimeProvider time)
{
    private const string Columns = "t.id, t.user_id, t.name, t.prefix, t.created_at, t.expires_at, t.last_used_at, t.permissions, t.org, t.project";
    private static readonly TimeSpan LastUsedResolution = TimeSpan.FromMinutes(1);

    public Task Create(StoredAccessToken token, byte[] secretSha256, CancellationToken cancellationToken = default) => database.Command(
        "insert into access_tokens (id, user_id, name, sha256, prefix, created_at, expires_at, permissions, org, project) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        token.Id, token.UserId, token.Name, secretSha256, token.Prefix, token.CreatedAt, token.ExpiresAt,
        token.Limit?.Permissions.ToArray(), token.Limit?.Scope.Org ?? "", token.Limit?.Scope.Project ?? "").Execute(cancellationToken);

    /// <summary>The valid token of this secret and its user, and notes its use (at most once a minute).</summary>
    public async Task<(StoredAccessToken Token, StoredUser User)?> Use(byte[] secretSha256, CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        var found = await database.Command(
            $"""
            select {UsersStore.Columns}, {Columns} from access_tokens t join users u on u.id = t.user_id
            where t.sha256 = $1 and (t.expires_at is null or t.expires_at > $2)
            """,
            secretSha256, now).First(row => ((StoredAccessToken, StoredUser)?)(Read(row, 11), UsersStore.Read(row)), cancellationToken);
        if (found is (var token, _) && (token.LastUsedAt is null || token.LastUsedAt <= now - LastUsedResolution))
        {
            await database.Command(
                "update access_tokens set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at <= $3)",
                token.Id, now, now - LastUsedResolution).Execute(cancellationToken);
        }

        return found;
    }

    /// <summary>The token and whose it is; null when it is revoked or has expired.</summary>
    public Task<(StoredAccessToken Token, StoredUser User)?> Get(Guid id, CancellationToken cancellationToken = default) => database.Command(
        $"select {UsersStore.Columns}, {Columns} from access_tokens t join users u on u.id = t.user_id where t.id = $1 and (t.expires_at is null or t.expires_at > $2)",
        id, time.GetUtcNow()).First(row => ((StoredAccessToken, StoredUser)?)(Read(row, 11), UsersStore.Read(row)), cancellationToken);

    public Task<IReadOnlyList<StoredAccessToken>> List(Guid userId, CancellationToken cancellationToken = default) =>
        database.Command($"select {Columns} from access_tokens t where t.user_id = $1 order by t.created_at", userId).All(row => Read(row, 0), cancellationToken);

    /// <summary>Deletes the user's own token, and tells all servers.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> Delete(Guid userId, Guid id, CancellationToken cancellationToken = default)
    {
        await using var batch = database.CreateBatch();
        batch.Add("delete from access_tokens where user_id = $1 and id = $2", userId, id);
        batch.Add("select pg_notify($1, (select tenant from users where id = $2))", AccessWatch.Channel, userId);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return batch.BatchCommands[0].RecordsAffected > 0;
    }

    private static StoredAccessToken Read(NpgsqlDataReader row, int from) => new()
    {
        Id = row.GetGuid(from),
        UserId = row.GetGuid(from + 1),
        Name = row.GetString(from + 2),
        Prefix = row.GetString(from + 3),
        CreatedAt = row.Time(from + 4),
        ExpiresAt = row.Nullable<DateTimeOffset>(from + 5),
        LastUsedAt = row.Nullable<DateTimeOffset>(from + 6),
        Limit = row.IsDBNull(from + 7) ? null : new(row.GetFieldValue<string[]>(from + 7), AccessFactsStore.Scope(row.GetString(from + 8), row.GetString(from + 9))),
    };
}
