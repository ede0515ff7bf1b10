using Npgsql;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Settings;

/// <summary>Small values of the whole cluster by key. What is a secret is in <see cref="SealedSettings"/>, in the same table, and not seen from here.</summary>
public sealed class SettingsStore(NpgsqlDataSource database)
{
    public Task<byte[]?> Get(string key, CancellationToken cancellationToken = default) =>
        database.Command("select value from settings where key = $1 and not sealed", key).First(Value, cancellationToken);

    /// <exception cref="InvalidOperationException">The setting is a sealed one.</exception>
    public async Task Set(string key, byte[] value, CancellationToken cancellationToken = default)
    {
        var stored = await database.Command(
            """
            insert into settings (key, value) values ($1, $2)
            on conflict (key) do update set value = excluded.value where not settings.sealed
            """,
            key, value).Execute(cancellationToken);
        if (stored == 0) throw new InvalidOperationException($"Setting '{key}' is sealed, and not to be stored in plain.");
    }

    public async Task<bool> Delete(string key, CancellationToken cancellationToken = default) =>
        await database.Command("delete from settings where key = $1 and not sealed", key).Execute(cancellationToken) > 0;

    private static byte[] Value(NpgsqlDataReader row) => row.GetFieldValue<byte[]>(0);
}
