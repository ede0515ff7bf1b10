using Npgsql;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Settings;

/// <summary>Secrets of the cluster itself by key: signing keys, the certificate authority, data-protection keys. The database has them sealed only.</summary>
public sealed class SealedSettings(NpgsqlDataSource database, Sealer sealer)
{
    /// <summary>Beginnings of keys of which all settings are secrets: <see cref="SealPlain"/> finds those that were stored before they were sealed.</summary>
    public static readonly IReadOnlyList<string> Prefixes = ["cluster/", "data-protection/", "audit/"];

    /// <exception cref="SealBrokenException"/>
    public async Task<byte[]?> Get(string key, CancellationToken cancellationToken = default) =>
        await database.Command("select key, value, sealed from settings where key = $1", key).First(Read, cancellationToken) is { } row ? await Open(row, cancellationToken) : null;

    public async Task Set(string key, byte[] value, CancellationToken cancellationToken = default) => await database.Command(
        """
        insert into settings (key, value, sealed) values ($1, $2, true)
        on conflict (key) do update set value = excluded.value, sealed = true
        """,
        key, await sealer.Seal(Context(key), value, cancellationToken)).Execute(cancellationToken);

    /// <summary>The value, made on first use. Servers that start together all get the one that was stored first.</summary>
    public async Task<byte[]> GetOrCreate(string key, Func<byte[]> create, CancellationToken cancellationToken = default)
    {
        if (await Get(key, cancellationToken) is { } there) return there;
        var made = create();
        var stored = await database.Command(
            "insert into settings (key, value, sealed) values ($1, $2, true) on conflict do nothing", key, await sealer.Seal(Context(key), made, cancellationToken)).Execute(cancellationToken);
        if (stored > 0) return made;
        return await Get(key, cancellationToken) ?? throw new InvalidOperationException($"Setting '{key}' was deleted while it was being made.");
    }

    public async Task<IReadOnlyDictionary<string, byte[]>> WithPrefix(string prefix, CancellationToken cancellationToken = default)
    {
        var values = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var row in await database.Command("select key, value, sealed from settings where starts_with(key, $1) order by key", prefix).All(Read, cancellationToken))
            values.Add(row.Key, await Open(row, cancellationToken));
        return values;
    }

    public async Task<bool> Delete(string key, CancellationToken cancellationToken = default) =>
        await database.Command("delete from settings where key = $1", key).Execute(cancellationToken) > 0;

    /// <summary>
    /// Seals what an earlier PRTS stored in plain. Each value is exchanged by itself and only if it is still the same, so a crash or another
    /// server at the same work does no harm.
    /// </summary>
    /// <returns>How many were sealed here.</returns>
    public async Task<int> SealPlain(CancellationToken cancellationToken = default)
    {
        var plain = await database.Command("select key, value, sealed from settings where not sealed and exists (select from unnest($1) p where starts_with(key, p)) order by key", [Prefixes.ToArray()])
            .All(Read, cancellationToken);
        var count = 0;
        foreach (var row in plain)
        {
            count += await database.Command(
                "update settings set value = $3, sealed = true where key = $1 and not sealed and value = $2", row.Key, row.Value, await sealer.Seal(Context(row.Key), row.Value, cancellationToken))
                .Execute(cancellationToken);
        }

        // Without this the former values would lie in the table's file until PostgreSQL needs the room.
        if (count > 0) await database.Command("vacuum full settings").Execute(cancellationToken);
        return count;
    }

    /// <summary>A plain value was stored by an earlier PRTS that still runs; the next start seals it.</summary>
    private Task<byte[]> Open(Row row, CancellationToken cancellationToken) =>
        row.Sealed ? sealer.Open(Context(row.Key), row.Value, cancellationToken) : Task.FromResult(row.Value);

    private static SealContext Context(string key) => new() { Tenant = "", Scope = "settings", Purpose = "setting", Name = key };

    private static Row Read(NpgsqlDataReader row) => new(row.GetString(0), row.GetFieldValue<byte[]>(1), row.GetBoolean(2));

    private sealed record Row(string Key, byte[] Value, bool Sealed);
}
