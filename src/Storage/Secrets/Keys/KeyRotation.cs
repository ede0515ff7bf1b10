using System.Threading.Channels;
using Npgsql;
using PRTS.Api;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Secrets.Keys;

/// <summary>
/// Wraps all data keys with the current key while everything goes on: values stay as they are, and a data key opens before and after. Servers
/// share the work row by row; whoever comes after a crash takes what is left.
/// </summary>
public sealed class KeyRotation(NpgsqlDataSource database, Keyring keyring, TimeProvider time)
{
    /// <summary>Rows of one transaction, so few because the provider is asked while they are locked.</summary>
    internal const int Batch = 16;

    private readonly Channel<bool> asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Makes a new current key, and lets the background re-wrap begin at once.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="KeyProviderException">Also where the provider's keys are made elsewhere; the message says how.</exception>
    public async Task<string> Begin(CancellationToken cancellationToken = default)
    {
        var id = await keyring.Current.Rotate(cancellationToken);
        asked.Writer.TryWrite(true);
        return id;
    }

    /// <summary>Returns when a rotation was begun here, or after this time: keys may also have been made elsewhere.</summary>
    public async Task WaitUntilDue(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await asked.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // It is time.
        }
    }

    /// <exception cref="KeyProviderException">The current provider does not tell its key.</exception>
    public async Task<KeyStatus> Status(CancellationToken cancellationToken = default)
    {
        var (provider, key) = (keyring.Current.Name, await keyring.Current.CurrentKey(cancellationToken));
        return (await database.Command(
            """
            select count(*), count(*) filter (where provider = $1 and key_id = $2), count(*) filter (where failure is not null), min(failure), max(rewrapped_at) from data_keys
            """,
            provider, key).First(
            row => new KeyStatus
            {
                Provider = provider,
                Description = keyring.Current.Description,
                Key = key,
                Total = row.GetInt64(0),
                Done = row.GetInt64(1),
                Failing = row.GetInt64(2),
                Problem = row.Text(3),
                LastRewrappedAt = row.Nullable<DateTimeOffset>(4),
            },
            cancellationToken))!;
    }

    /// <summary>
    /// Re-wraps what is not wrapped with the current key. What cannot be is marked with the reason and left for the next run; rows that another
    /// server holds are its own.
    /// </summary>
    /// <returns>How many were re-wrapped here.</returns>
    /// <exception cref="KeyProviderException">The current provider does not wrap.</exception>
    public async Task<int> Run(CancellationToken cancellationToken = default)
    {
        var current = await keyring.Current.CurrentKey(cancellationToken);
        var pass = new Pass(current);
        while (await RewrapSome(pass, cancellationToken))
        {
        }

        return pass.Rewrapped;
    }

    /// <returns>Whether there may be more.</returns>
    private async Task<bool> RewrapSome(Pass pass, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var rows = await connection.Command(
            $"""
            select {StoredDataKey.Columns} from data_keys where (provider <> $1 or key_id <> $2) and id > $3
            order by id limit {Batch} for update skip locked
            """,
            keyring.Current.Name, pass.Key, pass.After).All(StoredDataKey.Read, cancellationToken);
        foreach (var row in rows) await Rewrap(connection, row, pass, cancellationToken);
        // All that came so far holds, also when the provider has just failed.
        await transaction.CommitAsync(cancellationToken);
        if (pass.Failure is { } failure) throw failure;
        if (rows.Count > 0) pass.After = rows[^1].Context.Id;
        return rows.Count == Batch;
    }

    private async Task Rewrap(NpgsqlConnection connection, StoredDataKey row, Pass pass, CancellationToken cancellationToken)
    {
        if (pass.Failure is not null) return;
        var wrappedBy = (row.Provider, row.Wrapped.KeyId);
        // One that does not answer would be waited for once a row.
        if (pass.Unusable.TryGetValue(wrappedBy, out var known))
        {
            await Note(connection, row, known, cancellationToken);
            return;
        }

        byte[] key;
        try
        {
            key = await keyring.Of(row.Provider).Unwrap(row.Wrapped, row.Context, cancellationToken);
        }
        catch (Exception failure) when (failure is KeyProviderException or SealBrokenException)
        {
            if (failure is KeyProviderException) pass.Unusable[wrappedBy] = failure.Message;
            await Note(connection, row, failure.Message, cancellationToken);
            return;
        }

        try
        {
            var wrapped = await keyring.Current.Wrap(key, row.Context, cancellationToken);
            await connection.Command(
                "update data_keys set provider = $2, key_id = $3, wrapped = $4, rewrapped_at = $5, failure = null where id = $1",
                row.Context.Id, keyring.Current.Name, wrapped.KeyId, wrapped.Bytes, time.GetUtcNow()).Execute(cancellationToken);
            pass.Rewrapped++;
        }
        catch (KeyProviderException failure)
        {
            pass.Failure = failure;
            await Note(connection, row, failure.Message, cancellationToken);
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(key);
        }
    }

    private static Task Note(NpgsqlConnection connection, StoredDataKey row, string failure, CancellationToken cancellationToken) =>
        connection.Command("update data_keys set failure = $2 where id = $1", row.Context.Id, failure).Execute(cancellationToken);

    private sealed class Pass(string key)
    {
        public string Key => key;
        public Guid After { get; set; }
        public int Rewrapped { get; set; }
        public Dictionary<(string Provider, string Key), string> Unusable { get; } = [];
        public KeyProviderException? Failure { get; set; }
    }
}
