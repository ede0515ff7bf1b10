using System.Security.Cryptography;
using Npgsql;
using PRTS.Grains;
using PRTS.Silo.Cluster;
using PRTS.Silo.Configuration;
using PRTS.Silo.Gateway;
using PRTS.Storage;
using PRTS.Storage.Blobs;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Sealing;
using PRTS.Storage.Secrets.Vault;
using PRTS.Storage.Settings;
using PRTS.Web;

namespace PRTS.Silo.Startup;

/// <summary>What must stand before the host is built: the schema, which Orleans reads at its start, and the cluster's keys.</summary>
public sealed class Foundation : IAsyncDisposable
{
    public required NpgsqlDataSource Database { get; init; }
    public required Keyring Keyring { get; init; }
    public required ClusterAuthority Authority { get; init; }
    public required StorageOptions Storage { get; init; }
    public required GrainsOptions Grains { get; init; }
    public required WebOptions Web { get; init; }

    /// <summary>Null: TLS does not end here.</summary>
    public required Certificates? Certificates { get; init; }

    /// <exception cref="InvalidSettingsException"/>
    /// <exception cref="UnusableBlobStoreException"/>
    /// <exception cref="UnusableKeysException"/>
    /// <exception cref="UnusableDatabaseException"/>
    public static async Task<Foundation> Lay(ServerOptions options, TimeProvider time, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(options.Home);
        // Statements are planned once for each connection, not with each use. What is given wins.
        var connection = new NpgsqlConnectionStringBuilder($"No Reset On Close=true;Max Auto Prepare=100;Maximum Pool Size=40;{options.Database}") { ApplicationName = "prts-server" };
        var storage = new StorageOptions
        {
            ConnectionString = connection.ConnectionString,
            RepositoriesPath = Path.Combine(options.Home, "git"),
            BlobsPath = Path.Combine(options.Home, "blobs"),
            Azure = options.Blobs.Azure,
            S3 = options.Blobs.S3,
            Caches = options.Caches,
            Keys = options.Keys,
        };
        // Before anything is written: a start that cannot succeed leaves nothing behind.
        if (await new BlobStoreCheck(storage).TryOut(cancellationToken) is { } problem)
            throw new UnusableBlobStoreException(problem);
        var certificates = options.Tls.IsOn ? new Certificates(options, time) : null;
        var keyring = Keyring.Create(options.Keys, VaultHttp.Handler, time);
        await keyring.TryOut(cancellationToken);
        KeepPrivate(storage.RepositoriesPath);
        if (storage is { Azure: null, S3: null })
            KeepPrivate(storage.BlobsPath);
        var database = new NpgsqlDataSourceBuilder(connection.ConnectionString).Build();
        await Migrations.Apply(database, cancellationToken);
        using var cache = new DataKeyCache(time);
        var keys = new DataKeys(database, keyring, cache, time);
        await keys.Prepare(cancellationToken);
        var settings = new SealedSettings(database, new Sealer(keys));
        await settings.SealPlain(cancellationToken);
        var tokenKey = await settings.GetOrCreate("cluster/attempt-tokens", () => RandomNumberGenerator.GetBytes(32), cancellationToken);
        return new Foundation
        {
            Database = database,
            Keyring = keyring,
            Authority = await ClusterAuthority.Load(settings, time, cancellationToken),
            Storage = storage,
            Grains = new GrainsOptions { PublicUrl = options.PublicUrl, TokenKey = tokenKey },
            Web = new WebOptions
            {
                Home = options.Home,
                PublicUrl = options.PublicUrl,
                SessionIdle = options.SessionIdle,
                SessionLifetime = options.SessionLifetime,
                TenantAgents = options.TenantAgents,
                Gateway = options.Gateway with { KeyPin = () => certificates?.Pin, Trust = () => certificates?.Trust },
            },
            Certificates = certificates,
        };
    }

    /// <summary>Jobs may run on this machine as other users: what projects keep is none of their business.</summary>
    private static void KeepPrivate(string directory)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (OperatingSystem.IsWindows())
            return;
        Directory.CreateDirectory(directory, OwnerOnly);
        File.SetUnixFileMode(directory, OwnerOnly);
    }

    public async ValueTask DisposeAsync()
    {
        Authority.Dispose();
        Keyring.Dispose();
        await Database.DisposeAsync();
    }
}
