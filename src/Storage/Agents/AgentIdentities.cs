using System.Security.Cryptography;
using Npgsql;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Agents;

/// <summary>What a join token allows. Name: the agent's, when the token was made for one; null lets the agent choose.</summary>
public sealed record JoinToken
{
    public required string Tenant { get; init; }
    public string? Name { get; init; }
    public IReadOnlyList<string> Labels { get; init; } = [];
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Who an agent is. Thumbprint: of its certificate. CredentialHash: SHA-256 of its secret.</summary>
public sealed record AgentIdentity
{
    public required string Tenant { get; init; }
    public required string Name { get; init; }
    public required byte[] CredentialHash { get; init; }
    public required string Thumbprint { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

public sealed class AgentIdentities(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Nobody of a disabled tenant gets in.</summary>
    private const string Open = "not exists (select from tenants t where t.tenant = a.tenant and not t.enabled)";

    private const string InsertIdentity = """
        insert into agent_identities (tenant, name, credential_hash, thumbprint, created_at) values ($1, $2, $3, $4, $5)
        on conflict (tenant, name) do update set
            credential_hash = excluded.credential_hash, thumbprint = excluded.thumbprint, created_at = excluded.created_at, revoked_at = null
        """;

    /// <summary>Keeps the token's SHA-256. Tokens that expired more than a week ago are forgotten on the way.</summary>
    public async Task CreateToken(byte[] sha256, JoinToken token, CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        await using var batch = database.CreateBatch();
        batch.Add("delete from agent_join_tokens where expires_at < $1", now.AddDays(-7));
        batch.Add(
            "insert into agent_join_tokens (hash, tenant, name, labels, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
            sha256, token.Tenant, token.Name, token.Labels.ToArray(), now, token.ExpiresAt);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <returns>The token, when an agent could join with it now.</returns>
    public Task<JoinToken?> FindToken(byte[] tokenSha256, CancellationToken cancellationToken = default) => database.Command(
        $"select tenant, name, labels, expires_at from agent_join_tokens a where hash = $1 and used_by is null and expires_at > $2 and {Open}", tokenSha256, time.GetUtcNow())
        .First(ReadToken, cancellationToken);

    /// <summary>
    /// Uses the token up and registers the identity that <paramref name="issue"/> makes for it, both or neither. A name that is taken is
    /// taken over (a rebuilt machine joins under its old name).
    /// </summary>
    /// <returns>Null when the token is unknown, used or expired, or its tenant disabled.</returns>
    public async Task<AgentIdentity?> Join(byte[] tokenSha256, string usedBy, Func<JoinToken, AgentIdentity> issue, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var token = await connection.Command(
            $"""
            update agent_join_tokens a set used_by = $2, used_at = $3
            where hash = $1 and used_by is null and expires_at > $3 and {Open}
            returning tenant, name, labels, expires_at
            """,
            tokenSha256, usedBy, time.GetUtcNow())
            .First(ReadToken, cancellationToken);
        if (token is null) return null;
        var identity = issue(token);
        await connection.Command(InsertIdentity, Values(identity)).Execute(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return identity;
    }

    /// <summary>Registers without a token: for the agent that the control plane starts itself.</summary>
    public Task Register(AgentIdentity identity, CancellationToken cancellationToken = default) =>
        database.Command(InsertIdentity, Values(identity)).Execute(cancellationToken);

    /// <summary>The identity, unless it is unknown or revoked, or its tenant disabled.</summary>
    public Task<AgentIdentity?> Find(string tenant, string name, CancellationToken cancellationToken = default) => database.Command(
        $"select tenant, name, credential_hash, thumbprint, created_at from agent_identities a where tenant = $1 and name = $2 and revoked_at is null and {Open}", tenant, name)
        .First(
            row => new AgentIdentity
            {
                Tenant = row.GetString(0),
                Name = row.GetString(1),
                CredentialHash = row.GetFieldValue<byte[]>(2),
                Thumbprint = row.GetString(3),
                CreatedAt = row.Time(4),
            },
            cancellationToken);

    /// <summary>Whether this credential is the named agent's, which may be in the cluster.</summary>
    public async Task<bool> Verify(string tenant, string name, byte[] credentialSha256, CancellationToken cancellationToken = default) =>
        await Find(tenant, name, cancellationToken) is { } identity && CryptographicOperations.FixedTimeEquals(identity.CredentialHash, credentialSha256);

    /// <returns>Whether there was a valid identity to revoke.</returns>
    public async Task<bool> Revoke(string tenant, string name, CancellationToken cancellationToken = default) => await database.Command(
        "update agent_identities set revoked_at = $3 where tenant = $1 and name = $2 and revoked_at is null", tenant, name, time.GetUtcNow()).Execute(cancellationToken) > 0;

    private static JoinToken ReadToken(NpgsqlDataReader row) =>
        new() { Tenant = row.GetString(0), Name = row.Text(1), Labels = row.GetFieldValue<string[]>(2), ExpiresAt = row.Time(3) };

    private static object?[] Values(AgentIdentity identity) => [identity.Tenant, identity.Name, identity.CredentialHash, identity.Thumbprint, identity.CreatedAt];
}
