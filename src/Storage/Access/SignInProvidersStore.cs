using Npgsql;
using PRTS.Api.Access;
using PRTS.Api.Secrets;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Access;

/// <summary>Who else says for a tenant who somebody is, with the secrets that this needs, sealed. All servers hear of changes (<see cref="AccessWatch"/>).</summary>
public sealed class SignInProvidersStore(NpgsqlDataSource database, Sealer sealer, AccessWatch watch)
{
    private const string This = "where tenant = $1 and name = $2";

    /// <summary>By name.</summary>
    public Task<IReadOnlyList<SignInProvider>> List(string tenant, CancellationToken cancellationToken = default) =>
        database.Command("select doc from sign_in_providers where tenant = $1 order by name", tenant).All(Document.Read<SignInProvider>, cancellationToken);

    public Task<SignInProvider?> Get(string tenant, string name, CancellationToken cancellationToken = default) =>
        database.Command($"select doc from sign_in_providers {This}", tenant, name).First(Document.Read<SignInProvider>, cancellationToken);

    /// <param name="secret">Null: the one that is there stays where <paramref name="keeps"/>, else there is none.</param>
    public async Task Set(string tenant, SignInProvider provider, SecretText? secret, bool keeps, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var former = await database.Command($"select version, sealed from sign_in_providers {This}", tenant, provider.Name)
                .First(row => new Row(row.GetInt64(0), row.IsDBNull(1) ? null : row.GetFieldValue<byte[]>(1)), cancellationToken);
            // Sealed with its version, so a secret that stays is sealed anew.
            using var kept = secret is null && keeps && former?.Sealed is { } old ? await sealer.OpenText(Context(tenant, provider.Name, former.Version), old, cancellationToken) : null;
            var version = (former?.Version ?? 0) + 1;
            var value = (secret ?? kept) is { } text ? await sealer.SealText(Context(tenant, provider.Name, version), text, cancellationToken) : null;
            var stored = await Change(
                tenant,
                """
                insert into sign_in_providers (tenant, name, version, doc, sealed) values ($1, $2, $3, $4::jsonb, $5)
                on conflict (tenant, name) do update set version = excluded.version, doc = excluded.doc, sealed = excluded.sealed where sign_in_providers.version = $6
                """,
                [tenant, provider.Name, version, Document.From(provider with { HasSecret = value is not null }), value, former?.Version ?? 0], cancellationToken);
            if (stored > 0) return;
        }
    }

    /// <summary>Null: it has none.</summary>
    /// <exception cref="SealBrokenException"/>
    public async Task<SecretText?> Secret(string tenant, string name, CancellationToken cancellationToken = default) =>
        await database.Command($"select version, sealed from sign_in_providers {This} and sealed is not null", tenant, name)
            .First(row => new Row(row.GetInt64(0), row.GetFieldValue<byte[]>(1)), cancellationToken) is { Sealed: { } value } row
            ? await sealer.OpenText(Context(tenant, name, row.Version), value, cancellationToken)
            : null;

    /// <summary>Accounts that it made stay, and are known by it again should it come back under its name.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> Remove(string tenant, string name, CancellationToken cancellationToken = default) =>
        await Change(tenant, $"delete from sign_in_providers {This}", [tenant, name], cancellationToken) > 0;

    /// <summary>How people of the tenant sign in; by everything, unless it says otherwise.</summary>
    public async Task<SignInPolicy> Policy(string tenant, CancellationToken cancellationToken = default) =>
        await database.Command("select doc from sign_in_policies where tenant = $1", tenant).First(Document.Read<SignInPolicy>, cancellationToken) ?? new();

    public Task SetPolicy(string tenant, SignInPolicy policy, CancellationToken cancellationToken = default) => Change(
        tenant, "insert into sign_in_policies (tenant, doc) values ($1, $2::jsonb) on conflict (tenant) do update set doc = excluded.doc", [tenant, Document.From(policy)], cancellationToken);

    /// <summary>Notes that an assertion is used, until then.</summary>
    /// <returns>False when it was used before.</returns>
    public async Task<bool> UseAssertion(string issuer, string assertion, DateTimeOffset until, DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        await database.Command("delete from used_assertions where until < $1", now).Execute(cancellationToken);
        return await database.Command("insert into used_assertions (issuer, assertion, until) values ($1, $2, $3) on conflict do nothing", issuer, assertion, until).Execute(cancellationToken) > 0;
    }

    /// <returns>How many rows changed.</returns>
    private async Task<int> Change(string tenant, string sql, object?[] values, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.Add(sql, values);
        batch.Add("select pg_notify($1, $2)", AccessWatch.Channel, tenant);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        watch.Committed(tenant);
        return (int)batch.BatchCommands[0].RecordsAffected;
    }

    private static SealContext Context(string tenant, string name, long version) => new() { Tenant = tenant, Scope = "tenant", Purpose = "sign-in", Name = name, Version = version };

    private sealed record Row(long Version, byte[]? Sealed);
}
