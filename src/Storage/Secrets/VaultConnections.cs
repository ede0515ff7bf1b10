using System.Collections.Concurrent;
using Npgsql;
using PRTS.Api.Secrets;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Sealing;
using PRTS.Storage.Secrets.Vault;

namespace PRTS.Storage.Secrets;

/// <summary>
/// The Vaults that a tenant, organization or project reads secrets from. Each has its own login there, so nobody reads with the operator's:
/// what a connection may read is what its owner could read anyway.
/// </summary>
/// <param name="handlers">For requests to these servers: through the egress client.</param>
public sealed class VaultConnections(NpgsqlDataSource database, Sealer sealer, VaultHandlers handlers, TimeProvider time) : IDisposable
{
    private const string This = "where tenant = $1 and org = $2 and project = $3";
    private readonly ConcurrentDictionary<(SecretScope Scope, string Name), Client> clients = new();

    /// <summary>By name; those of exactly this scope, which is no environment.</summary>
    public Task<IReadOnlyList<VaultConnection>> List(SecretScope scope, CancellationToken cancellationToken = default) =>
        database.Command($"select doc, org, project from vault_connections {This} order by name", Key(scope)).All(Read, cancellationToken);

    /// <summary>All that a secret of this scope may name: those of the scope and of what is around it; the narrowest first.</summary>
    public async Task<IReadOnlyList<VaultConnection>> Reaching(SecretScope scope, CancellationToken cancellationToken = default)
    {
        var found = new List<VaultConnection>();
        foreach (var place in scope.Outwards().Where(place => place.Level != SecretLevel.Environment)) found.AddRange(await List(place, cancellationToken));
        return found;
    }

    public Task<VaultConnection?> Get(SecretScope scope, string name, CancellationToken cancellationToken = default) =>
        database.Command($"select doc, org, project from vault_connections {This} and name = $4", [.. Key(scope), name]).First(Read, cancellationToken);

    /// <summary>Its credential is always given anew: one that was meant for another address must not go to this one.</summary>
    /// <returns>What is wrong with it, in a sentence; null: it is set.</returns>
    public async Task<string?> Set(SecretScope scope, VaultConnection connection, SecretText credential, string actor, CancellationToken cancellationToken = default)
    {
        if (Problem(scope, connection, credential) is { } problem) return problem;
        while (true)
        {
            var former = await database.Command($"select version from vault_connections {This} and name = $4", [.. Key(scope), connection.Name]).First(row => row.GetInt64(0), cancellationToken);
            var sealedCredential = await sealer.SealText(Context(scope, connection.Name, former + 1), credential, cancellationToken);
            var stored = await database.Command(
                """
                insert into vault_connections (tenant, org, project, name, version, doc, sealed) values ($1, $2, $3, $4, $5, $6::jsonb, $7)
                on conflict (tenant, org, project, name) do update set version = excluded.version, doc = excluded.doc, sealed = excluded.sealed
                where vault_connections.version = $8
                """,
                [.. Key(scope), connection.Name, former + 1, Document.From(connection with { UpdatedAt = time.GetUtcNow(), UpdatedBy = actor }), sealedCredential, former])
                .Execute(cancellationToken);
            // Another was quicker: this one comes after it, with the next version.
            if (stored > 0) return null;
        }
    }

    /// <returns>Whether it was there.</returns>
    public async Task<bool> Remove(SecretScope scope, string name, CancellationToken cancellationToken = default)
    {
        if (clients.TryRemove((scope, name), out var client)) client.Retire();
        return await database.Command($"delete from vault_connections {This} and name = $4", [.. Key(scope), name]).Execute(cancellationToken) > 0;
    }

    /// <summary>The reader of the connection of this name in the narrowest scope from here outwards.</summary>
    /// <exception cref="VaultException">There is none.</exception>
    internal async Task<VaultKv> Find(SecretScope from, string name, CancellationToken cancellationToken)
    {
        foreach (var scope in from.Outwards().Where(scope => scope.Level != SecretLevel.Environment))
        {
            var row = await database.Command($"select version, doc, sealed from vault_connections {This} and name = $4", [.. Key(scope), name])
                .First(row => new Row(row.GetInt64(0), Document.Read<VaultConnection>(row, 1), row.GetFieldValue<byte[]>(2)), cancellationToken);
            if (row is not null) return await Kv(scope, row, cancellationToken);
        }

        throw new VaultException($"There is no connection to a Vault named '{name}' for {from}.", status: 404);
    }

    public void Dispose()
    {
        foreach (var client in clients.Values) client.Dispose();
    }

    /// <summary>Clients live on, so that a login serves many jobs, until their connection changes.</summary>
    private async Task<VaultKv> Kv(SecretScope scope, Row row, CancellationToken cancellationToken)
    {
        var key = (scope, row.Connection.Name);
        if (clients.TryGetValue(key, out var known) && known.Version == row.Version) return known.Kv;
        var credential = await sealer.OpenText(Context(scope, row.Connection.Name, row.Version), row.Sealed, cancellationToken);
        var config = new VaultConfig
        {
            Address = new Uri(row.Connection.Address),
            Namespace = row.Connection.Namespace,
            CaCertificates = row.Connection.CaCertificates,
            RoleId = row.Connection.RoleId,
            AppRoleMount = row.Connection.AppRoleMount,
            Token = row.Connection.RoleId is null ? credential : null,
            SecretId = row.Connection.RoleId is null ? null : credential,
        };
        var fresh = new Client(row.Version, new VaultClient(config, handlers, time));
        var kept = clients.AddOrUpdate(key, fresh, (_, now) => now.Version >= row.Version ? now : fresh);
        if (!ReferenceEquals(kept, fresh)) fresh.Dispose();
        // It may be at work for another job.
        else known?.Retire();
        return kept.Kv;
    }

    /// <summary>What is wrong with a connection that is to be set, in a sentence; null: nothing.</summary>
    public static string? Problem(SecretScope scope, VaultConnection connection, SecretText credential) =>
        scope.Level == SecretLevel.Environment ? "Connections belong to a project, an organization or the tenant."
        : connection.Name.Length is 0 or > 64 || !connection.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? "A connection's name has 1 to 64 letters, digits, '-', '_' and '.'."
        : !Uri.TryCreate(connection.Address, UriKind.Absolute, out var address) || !(address.Scheme == "https" || (address.Scheme == "http" && address.IsLoopback)) || address.UserInfo.Length > 0 || address.Query.Length > 0
            ? "The address of a Vault is an https address, for example https://vault.example.com:8200."
        : connection.CaCertificates is { } pem && !VaultHttp.AreCertificates(pem) ? "The authorities are no certificates in PEM."
        : credential.CountBytes() is 0 or > 4096 ? "A connection has a token or an AppRole's secret id, of at most 4096 bytes."
        : connection.RoleId is { Length: 0 } ? "An AppRole has a role id."
        : null;

    private static SealContext Context(SecretScope scope, string name, long version) =>
        new() { Tenant = scope.Tenant, Scope = scope.Key, Purpose = "vault-connection", Name = name, Version = version };

    private static VaultConnection Read(NpgsqlDataReader row) => Document.Read<VaultConnection>(row, 0) with { Org = Given(row.GetString(1)), Project = Given(row.GetString(2)) };

    private static string? Given(string text) => text.Length > 0 ? text : null;

    private static object?[] Key(SecretScope scope) => [scope.Tenant, scope.Org, scope.Project];

    private sealed record Row(long Version, VaultConnection Connection, byte[] Sealed);

    private sealed class Client(long version, VaultClient client) : IDisposable
    {
        public long Version => version;
        public VaultKv Kv { get; } = new(client);

        public void Retire() => client.Retire();

        public void Dispose() => client.Dispose();
    }
}
