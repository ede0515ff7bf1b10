using Npgsql;
using PRTS.Storage.Access;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Users;

/// <summary>A browser that somebody signed in with.</summary>
public sealed record StoredSession
{
    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The last request, to the minute.</summary>
    public required DateTimeOffset SeenAt { get; init; }

    /// <summary>When it ends however much it is used.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>How the person signed in: <c>password</c>, or the name of a sign-in provider.</summary>
    public required string Method { get; init; }
    public string? Address { get; init; }

    /// <summary>What the browser says of itself.</summary>
    public required string Client { get; init; }
}

/// <summary>Sessions end by their age, by not being used, and when they are ended; then every server hears of it at once (<see cref="AccessWatch"/>).</summary>
/// <param name="idle">A session that was not used for so long has ended.</param>
public sealed class SessionsStore(NpgsqlDataSource database, TimeProvider time, TimeSpan idle)
{
    private const string Columns = "s.id, s.user_id, s.created_at, s.seen_at, s.expires_at, s.method, s.address, s.client";
    private static readonly TimeSpan SeenResolution = TimeSpan.FromMinutes(1);

    /// <summary>Also forgets those that have ended.</summary>
    public async Task Create(StoredSession session, CancellationToken cancellationToken = default)
    {
        await using var batch = database.CreateBatch();
        batch.Add("delete from sessions where expires_at <= $1 or seen_at <= $2", session.CreatedAt, session.CreatedAt - idle);
        batch.Add(
            "insert into sessions (id, user_id, created_at, seen_at, expires_at, method, address, client) values ($1, $2, $3, $4, $5, $6, $7, $8)",
            session.Id, session.UserId, session.CreatedAt, session.SeenAt, session.ExpiresAt, session.Method, session.Address, session.Client);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Whose session it is; null when it has ended.</summary>
    /// <param name="isUse">Whether to note it as a use (at most once a minute). An open page that looks after itself is none: nobody may sit before it.</param>
    public async Task<StoredUser?> UserOf(Guid id, bool isUse, CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        var found = await database.Command(
            $"select {UsersStore.Columns}, s.seen_at from sessions s join users u on u.id = s.user_id where s.id = $1 and s.expires_at > $2 and s.seen_at > $3",
            id, now, now - idle).First(row => ((StoredUser User, DateTimeOffset SeenAt)?)(UsersStore.Read(row), row.Time(11)), cancellationToken);
        if (isUse && found is (_, var seen) && seen <= now - SeenResolution)
            await database.Command("update sessions set seen_at = $2 where id = $1 and seen_at < $2", id, now).Execute(cancellationToken);
        return found?.User;
    }

    /// <summary>Those that have not ended, the last used first.</summary>
    public Task<IReadOnlyList<StoredSession>> List(Guid userId, CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        return database.Command(
            $"select {Columns} from sessions s where s.user_id = $1 and s.expires_at > $2 and s.seen_at > $3 order by s.seen_at desc, s.id", userId, now, now - idle).All(Read, cancellationToken);
    }

    /// <summary>Ends one of the user's sessions.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> End(Guid userId, Guid id, CancellationToken cancellationToken = default) =>
        await End("delete from sessions where user_id = $1 and id = $2", cancellationToken, userId, id) > 0;

    /// <summary>Ends all of the user's sessions but one.</summary>
    /// <returns>How many.</returns>
    public Task<int> EndAll(Guid userId, Guid? except = null, CancellationToken cancellationToken = default) =>
        End("delete from sessions where user_id = $1 and ($2::uuid is null or id <> $2)", cancellationToken, userId, except);

    private async Task<int> End(string delete, CancellationToken cancellationToken, params object?[] values)
    {
        await using var batch = database.CreateBatch();
        batch.Add(delete, values);
        batch.Add("select pg_notify($1, (select tenant from users where id = $2))", AccessWatch.Channel, values[0]);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return (int)batch.BatchCommands[0].RecordsAffected;
    }

    private static StoredSession Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        UserId = row.GetGuid(1),
        CreatedAt = row.Time(2),
        SeenAt = row.Time(3),
        ExpiresAt = row.Time(4),
        Method = row.GetString(5),
        Address = row.Text(6),
        Client = row.GetString(7),
    };
}
