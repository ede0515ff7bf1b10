using Npgsql;
using PRTS.Storage.Secrets;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Sealing;
using PRTS.Storage.Secrets.Vault;
using PRTS.Storage.Settings;

namespace PRTS.Storage.Tests.Secrets;

/// <summary>What one server has for secrets, with an empty cache. Several of them over one database are several servers.</summary>
internal sealed class SecretsServer : IDisposable
{
    private readonly DataKeyCache cache;

    public SecretsServer(NpgsqlDataSource database, Keyring keyring, TimeProvider? clock = null)
    {
        var time = clock ?? TimeProvider.System;
        cache = new(time);
        DataKeys = new(database, keyring, cache, time);
        Sealer = new(DataKeys);
        Vaults = new(database, Sealer, VaultHttp.Handler, time);
        Secrets = new(database, Sealer, Vaults, time);
        Rotation = new(database, keyring, time);
        Settings = new(database, Sealer);
    }

    public DataKeys DataKeys { get; }
    public Sealer Sealer { get; }
    public VaultConnections Vaults { get; }
    public SecretsStore Secrets { get; }
    public KeyRotation Rotation { get; }
    public SealedSettings Settings { get; }

    public void Dispose()
    {
        Vaults.Dispose();
        cache.Dispose();
    }
}
