using Npgsql;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Settings;

/// <summary>Small values of the whole cluster by key: signing keys, the certificate authority, data-protection keys.</summary>
public sealed class SettingsStore(NpgsqlDataSource database)
{
    public Task<byte[]?> Get(string key, CancellationToken cancellationToken = default) =>
        database.Command("select value from settings where key = $1", key).First(Value, cancellationToken);

    public Task Set(string key, byte[] value, CancellationToken cancellationToken = default) =>
        database.Command("insert into settings (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value", key, value).Execute(cancellationToken);

    /// <summary>The value, made on first use. Servers that start together all get the one that was stored first.</summary>
    public async Task<byte[]> GetOrCreate(string key, Func<byte[]> create, CancellationToken cancellationToken = default)
    {
        if (await Get(key, cancellationToken) is { } there) return there;
        var made = create();
        var stored = await database.Command("insert into settings (key, value) values ($1, $2) on conflict do nothing returning value", key, made).First(Value, cancellationToken);
        return stored ?? await Get(key, cancellationToken) ?? throw new InvalidOperationException($"Setting '{key}' was deleted while it was being made.");
    }

    public async Task<IReadOnlyDictionary<string, byte[]>> WithPrefix(string prefix, CancellationToken cancellationToken = default)
    {
        var rows = await database.Command("select value, key from settings where starts_with(key, $1) order by key", prefix)
            .All(row => (Key: row.GetString(1), Value: Value(row)), cancellationToken);
        return rows.ToDictionary(row => row.Key, row => row.Value, StringComparer.Ordinal);
    }

    public async Task<bool> Delete(string key, CancellationToken cancellationToken = default) =>
        await database.Command("delete from settings where key = $1", key).Execute(cancellationToken) > 0;

    private static byte[] Value(NpgsqlDataReader row) => row.GetFieldValue<byte[]>(0);
}
