using System.Collections.Concurrent;
using System.Security.Cryptography;
using Npgsql;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Secrets.Keys;

/// <summary>
/// The data keys, one for each tenant and scope at a time, wrapped in a table of their own: whatever column has a sealed value, a rotation
/// touches this table only.
/// </summary>
public sealed class DataKeys(NpgsqlDataSource database, Keyring keyring, DataKeyCache cache, TimeProvider time)
{
    /// <summary>Then a new one seals new values. It bounds what one key is used for, far below what AES-GCM allows with random nonces.</summary>
    public static readonly TimeSpan SealingTime = TimeSpan.FromDays(365);

    private readonly ConcurrentDictionary<Guid, Lazy<Task>> loading = new();

    /// <summary>Looks whether this server knows all providers that data keys are wrapped by, and makes the key file of a new installation.</summary>
    /// <exception cref="UnusableKeysException"/>
    public async Task Prepare(CancellationToken cancellationToken = default)
    {
        var used = await database.Command("select provider, count(*) from data_keys group by provider order by provider")
            .All(row => (Provider: row.GetString(0), Count: row.GetInt64(1)), cancellationToken);
        foreach (var (provider, count) in used)
        {
            if (!keyring.All.Any(known => known.Name == provider))
                throw new UnusableKeysException($"{count} data keys are wrapped by the provider '{provider}', which is not configured: add it to PRTS_KEYS_FORMER, with its settings, until they are re-wrapped.");
        }

        foreach (var file in keyring.All.OfType<LocalKeyFile>().Where(file => !file.Exists))
        {
            if (used.Any(row => row.Provider == LocalKeyFile.ProviderName))
                throw new UnusableKeysException($"There is no {file.Description[4..]}, and the database has values that only its keys open: restore the file.");
            if (ReferenceEquals(file, keyring.Current)) await file.Make(cancellationToken);
        }
    }

    /// <summary>The key for new values of a scope, made when there is none.</summary>
    internal async Task<(Guid Id, byte[] Key)> ForSealing(string tenant, string scope, CancellationToken cancellationToken)
    {
        var oldest = time.GetUtcNow() - SealingTime;
        await database.Command("update data_keys set retired_at = $3 where tenant = $1 and scope = $2 and retired_at is null and created_at < $4", tenant, scope, time.GetUtcNow(), oldest)
            .Execute(cancellationToken);
        while (true)
        {
            var id = await database.Command("select id from data_keys where tenant = $1 and scope = $2 and retired_at is null", tenant, scope).First(row => row.GetGuid(0), cancellationToken);
            if (id == Guid.Empty) id = await Make(tenant, scope, cancellationToken);
            // Null: another made one first, or this one was removed just now.
            if (id != Guid.Empty && await Find(id, cancellationToken) is { } key) return (id, key);
        }
    }

    /// <summary>The key of this id, for its user to overwrite; null when there is none.</summary>
    /// <exception cref="KeyProviderException"/>
    /// <exception cref="SealBrokenException"/>
    internal async Task<byte[]?> Find(Guid id, CancellationToken cancellationToken)
    {
        if (cache.Copy(id) is { } cached) return cached;
        // Many that need the same key ask once. The load goes on when the first of them gives up.
        await loading.GetOrAdd(id, _ => new(() => LoadIntoCache(id))).Value.WaitAsync(cancellationToken);
        return cache.Copy(id) ?? await Load(id, cancellationToken);
    }

    /// <summary>Forgets all keys of a scope: nothing that was sealed with them opens any more, also in copies of the database's rows.</summary>
    internal Task Destroy(string tenant, string scope, CancellationToken cancellationToken) =>
        database.Command("delete from data_keys where tenant = $1 and scope = $2", tenant, scope).Execute(cancellationToken);

    private async Task<Guid> Make(string tenant, string scope, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        if (keyring.Current is LocalKeyFile { Exists: false }) await Prepare(cancellationToken);
        var key = RandomNumberGenerator.GetBytes(Envelope.KeyLength);
        var wrapped = await keyring.Current.Wrap(key, new(id, tenant, scope), cancellationToken);
        var stored = await database.Command(
            """
            insert into data_keys (id, tenant, scope, provider, key_id, wrapped, created_at) values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (tenant, scope) where retired_at is null do nothing
            """,
            id, tenant, scope, keyring.Current.Name, wrapped.KeyId, wrapped.Bytes, time.GetUtcNow()).Execute(cancellationToken) > 0;
        if (stored)
        {
            cache.Put(id, key);
            return id;
        }

        CryptographicOperations.ZeroMemory(key);
        return Guid.Empty;
    }

    private async Task LoadIntoCache(Guid id)
    {
        try
        {
            if (await Load(id, CancellationToken.None) is { } key) cache.Put(id, key);
        }
        finally
        {
            loading.TryRemove(id, out _);
        }
    }

    private async Task<byte[]?> Load(Guid id, CancellationToken cancellationToken)
    {
        if (await Row(id, cancellationToken) is not { } row) return null;
        try
        {
            return await keyring.Of(row.Provider).Unwrap(row.Wrapped, row.Context, cancellationToken);
        }
        catch (Exception failure) when (failure is KeyProviderException or SealBrokenException)
        {
            // Re-wrapped meanwhile, and the former key is gone already.
            if (await Row(id, cancellationToken) is not { } now || (now.Provider, now.Wrapped.KeyId) == (row.Provider, row.Wrapped.KeyId)) throw;
            return await keyring.Of(now.Provider).Unwrap(now.Wrapped, now.Context, cancellationToken);
        }
    }

    private Task<StoredDataKey?> Row(Guid id, CancellationToken cancellationToken) =>
        database.Command($"select {StoredDataKey.Columns} from data_keys where id = $1", id).First(StoredDataKey.Read, cancellationToken);
}

/// <summary>A row of the table.</summary>
internal sealed record StoredDataKey(DataKeyContext Context, string Provider, WrappedKey Wrapped)
{
    public const string Columns = "id, tenant, scope, provider, key_id, wrapped";

    public static StoredDataKey Read(NpgsqlDataReader row) =>
        new(new(row.GetGuid(0), row.GetString(1), row.GetString(2)), row.GetString(3), new(row.GetString(4), row.GetFieldValue<byte[]>(5)));
}
