using Npgsql;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Users;

/// <summary>What an account proves itself with besides its password. ConfirmedAt: null until its owner has shown a right code.</summary>
public sealed record StoredSecondFactor(byte[] Secret, DateTimeOffset? ConfirmedAt, long LastStep);

/// <summary>Secrets of one-time passwords, sealed, and hashes of recovery codes.</summary>
public sealed class SecondFactorsStore(NpgsqlDataSource database, Sealer sealer, TimeProvider time)
{
    /// <summary>A new secret that is not asked for until it is confirmed. One that is confirmed stays.</summary>
    /// <returns>False when there is a confirmed one.</returns>
    public async Task<bool> Begin(StoredUser user, byte[] secret, CancellationToken cancellationToken = default) => await database.Command(
        """
        insert into second_factors (user_id, secret, created_at) values ($1, $2, $3)
        on conflict (user_id) do update set secret = excluded.secret, created_at = excluded.created_at, last_step = 0 where second_factors.confirmed_at is null
        """,
        user.Id, await sealer.Seal(Context(user), secret, cancellationToken), time.GetUtcNow()).Execute(cancellationToken) > 0;

    public async Task<StoredSecondFactor?> Get(StoredUser user, CancellationToken cancellationToken = default) =>
        await database.Command("select secret, confirmed_at, last_step from second_factors where user_id = $1", user.Id)
            .First(row => new StoredSecondFactor(row.GetFieldValue<byte[]>(0), row.Nullable<DateTimeOffset>(1), row.GetInt64(2)), cancellationToken) is { } stored
            ? stored with { Secret = await sealer.Open(Context(user), stored.Secret, cancellationToken) }
            : null;

    public async Task<bool> IsConfirmed(Guid user, CancellationToken cancellationToken = default) =>
        await database.Command("select 1 from second_factors where user_id = $1 and confirmed_at is not null", user).First(_ => true, cancellationToken);

    /// <summary>From now on it is asked for; with new recovery codes in place of any others.</summary>
    public async Task Confirm(Guid user, IReadOnlyList<byte[]> recoveryCodes, CancellationToken cancellationToken = default)
    {
        await using var batch = database.CreateBatch();
        batch.Add("update second_factors set confirmed_at = coalesce(confirmed_at, $2) where user_id = $1", user, time.GetUtcNow());
        batch.Add("delete from recovery_codes where user_id = $1", user);
        batch.Add("insert into recovery_codes (user_id, sha256) select $1, unnest($2)", user, recoveryCodes.ToArray());
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Takes the code of this time step, whoever else tries it at the same moment.</summary>
    /// <returns>False: it or a later one was taken already.</returns>
    public async Task<bool> Take(Guid user, long step, CancellationToken cancellationToken = default) =>
        await database.Command("update second_factors set last_step = $2 where user_id = $1 and last_step < $2", user, step).Execute(cancellationToken) > 0;

    /// <returns>False: there is no such code, or it was used already.</returns>
    public async Task<bool> TakeRecoveryCode(Guid user, byte[] sha256, CancellationToken cancellationToken = default) =>
        await database.Command("delete from recovery_codes where user_id = $1 and sha256 = $2", user, sha256).Execute(cancellationToken) > 0;

    public Task<int> RecoveryCodes(Guid user, CancellationToken cancellationToken = default) =>
        database.Command("select count(*)::int from recovery_codes where user_id = $1", user).First(row => row.GetInt32(0), cancellationToken);

    public async Task<bool> Remove(Guid user, CancellationToken cancellationToken = default)
    {
        await using var batch = database.CreateBatch();
        batch.Add("delete from second_factors where user_id = $1", user);
        batch.Add("delete from recovery_codes where user_id = $1", user);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return batch.BatchCommands[0].RecordsAffected > 0;
    }

    private static SealContext Context(StoredUser user) => new() { Tenant = user.Tenant, Scope = "users", Purpose = "second factor", Name = user.Id.ToString() };
}
