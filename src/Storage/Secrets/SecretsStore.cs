using Npgsql;
using PRTS.Api.Secrets;
using PRTS.Contracts.Projects;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Sealing;
using PRTS.Storage.Secrets.Vault;

namespace PRTS.Storage.Secrets;

/// <summary>Secrets of tenants, organizations, projects and environments. Values go in and to jobs; nothing else shows them.</summary>
public sealed class SecretsStore(NpgsqlDataSource database, Sealer sealer, VaultConnections vaults, TimeProvider time)
{
    /// <summary>Of one scope.</summary>
    public const int Most = 500;

    private const string Columns = "org, project, environment, name, version, doc, last_used_at";
    private const string This = "where tenant = $1 and org = $2 and project = $3 and environment = $4";
    private static readonly TimeSpan LastUsedResolution = TimeSpan.FromMinutes(1);

    /// <summary>Of exactly this scope, by name.</summary>
    public Task<IReadOnlyList<SecretSummary>> List(SecretScope scope, CancellationToken cancellationToken = default) =>
        database.Command($"select {Columns} from secrets {This} order by name", Key(scope)).All(Read, cancellationToken);

    /// <summary>All that reach a place: its own and those of what is around it, for a project its environments', too; by name, the widest first.</summary>
    public Task<IReadOnlyList<SecretSummary>> Reaching(SecretScope place, CancellationToken cancellationToken = default) => database.Command(
        $"""
        select {Columns} from secrets where tenant = $1 and (org, project) in (('', ''), ($2, ''), ($2, $3)) and ($4 = '' or environment in ('', $4))
        order by name, org <> '', project <> '', environment
        """,
        Key(place)).All(Read, cancellationToken);

    public Task<SecretSummary?> Get(SecretScope scope, string name, CancellationToken cancellationToken = default) =>
        database.Command($"select {Columns} from secrets {This} and name = $5", [.. Key(scope), name]).First(Read, cancellationToken);

    /// <summary>Sets value and all else; without a value or reference, all else of a secret that is there.</summary>
    /// <exception cref="KeyProviderException"/>
    public async Task<SetSecretResult> Set(SecretScope scope, string name, SetSecret secret, string actor, CancellationToken cancellationToken = default)
    {
        if (SecretRules.Problem(scope, name, secret) is { } problem) return new(null, problem);
        while (true)
        {
            var former = await Get(scope, name, cancellationToken);
            if (former is null && secret.Value is null && secret.Vault is null) return new(null, $"There is no secret '{name}' yet: it needs a value or a reference to Vault.");
            var keeps = secret.Value is null && secret.Vault is null;
            var now = time.GetUtcNow();
            var next = new SecretSummary
            {
                Name = name,
                Org = Null(scope.Org),
                Project = Null(scope.Project),
                Environment = Null(scope.Environment),
                Description = secret.Description,
                Limits = secret.Limits,
                Vault = keeps ? former!.Vault : secret.Vault,
                Version = (former?.Version ?? 0) + (keeps ? 0 : 1),
                CreatedAt = former?.CreatedAt ?? now,
                CreatedBy = former?.CreatedBy ?? actor,
                UpdatedAt = now,
                UpdatedBy = actor,
            };
            if (await Store(scope, next, secret.Value, keeps, former, cancellationToken)) return new(next with { LastUsedAt = former?.LastUsedAt }, null);
            if (former is null && await IsFull(scope, cancellationToken)) return new(null, $"There are at most {Most} secrets in one place.");
        }
    }

    /// <returns>Whether it was there.</returns>
    public async Task<bool> Remove(SecretScope scope, string name, CancellationToken cancellationToken = default) =>
        await database.Command($"delete from secrets {This} and name = $5", [.. Key(scope), name]).Execute(cancellationToken) > 0;

    /// <summary>Forgets a scope that is gone, with all within and with the keys of it: no copy of a value opens again.</summary>
    public async Task RemoveAll(SecretScope scope, CancellationToken cancellationToken = default)
    {
        var gone = await database.Command(
            """
            delete from secrets where tenant = $1 and ($2 = '' or org = $2) and ($3 = '' or project = $3) and ($4 = '' or environment = $4)
            returning org, project, environment
            """,
            Key(scope)).All(row => SecretScope.FromRow(scope.Tenant, row.GetString(0), row.GetString(1), row.GetString(2)), cancellationToken);
        foreach (var place in gone.Append(scope).Distinct()) await sealer.Destroy(scope.Tenant, place.Key, cancellationToken);
    }

    /// <summary>What a job would get, and why not the rest, without values.</summary>
    /// <param name="names">Null: all that reach it.</param>
    public async Task<IReadOnlyList<SecretDecision>> Explain(SecretUse use, IReadOnlyCollection<string>? names = null, CancellationToken cancellationToken = default)
    {
        var all = await Reaching(SecretScope.Of(use.Project), cancellationToken);
        var reaching = all.Where(secret => secret.Environment is null || secret.Environment == use.Environment);
        return SecretRules.Choose(all, use, names ?? [.. reaching.Select(secret => secret.Name)]);
    }

    /// <summary>
    /// The secrets that a job asks for, as far as <see cref="SecretRules"/> let it have them. What is out of reach just now, or does not open, is
    /// refused with its reason too; nothing of a value is in any message.
    /// </summary>
    public async Task<JobSecrets> ForJob(SecretUse use, IReadOnlyCollection<string> names, CancellationToken cancellationToken = default)
    {
        var rows = await database.Command(
            $"""
            select {Columns}, sealed from secrets
            where tenant = $1 and (org, project, environment) in (('', '', ''), ($2, '', ''), ($2, $3, ''), ($2, $3, $4)) and name = any($5)
            """,
            use.Project.Tenant, use.Project.Org, use.Project.Name, use.Environment ?? "", names.ToArray())
            .All(row => (Secret: Read(row), Sealed: row.IsDBNull(7) ? null : row.GetFieldValue<byte[]>(7)), cancellationToken);
        var sealedValues = rows.ToDictionary(row => (ScopeOf(use, row.Secret), row.Secret.Name), row => row.Sealed);
        var decisions = SecretRules.Choose(rows.Select(row => row.Secret), use, names);
        var granted = new List<JobSecret>();
        var refused = decisions.Where(decision => decision.Refusal is not null).ToList();
        try
        {
            var allowed = decisions.Where(decision => decision.Refusal is null).ToList();
            foreach (var decision in allowed.Where(decision => decision.Secret!.Vault is null))
                await Note(decision, async () => [Granted(use, decision.Secret!, await OpenValue(use, decision.Secret!, sealedValues[(ScopeOf(use, decision.Secret!), decision.Name)]!, cancellationToken))], granted, refused);
            var references = allowed.Where(decision => decision.Secret!.Vault is not null)
                .GroupBy(decision => (ScopeOf(use, decision.Secret!), decision.Secret!.Vault! with { Field = "" }));
            foreach (var same in references) await ReadVault(use, same.Key.Item1, same.Key.Item2, [.. same], granted, refused, cancellationToken);
            RefuseTooShort(decisions, granted, refused);
            await NoteUse(use, granted, cancellationToken);
            return new(Sorted(granted, secret => secret.Name), Sorted(refused, decision => decision.Name));
        }
        catch
        {
            foreach (var secret in granted) secret.Value.Dispose();
            throw;
        }
    }

    /// <summary>Fields of the same secret in Vault are read together, so that they fit each other.</summary>
    private async Task ReadVault(
        SecretUse use, SecretScope scope, VaultReference place, IReadOnlyList<SecretDecision> same, List<JobSecret> granted, List<SecretDecision> refused, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, SecretText> fields;
        try
        {
            var kv = await vaults.Find(scope, place.Connection, cancellationToken);
            fields = await kv.Read(place.Mount, place.Path, place.Version, [.. same.Select(decision => decision.Secret!.Vault!.Field).Distinct(StringComparer.Ordinal)], cancellationToken);
        }
        catch (Exception failure) when (failure is VaultException or KeyProviderException or SealBrokenException)
        {
            refused.AddRange(same.Select(decision => decision with { Refusal = Failed(decision.Name, failure) }));
            return;
        }

        foreach (var decision in same)
        {
            var field = decision.Secret!.Vault!.Field;
            if (fields.TryGetValue(field, out var value))
                granted.Add(Granted(use, decision.Secret, value.Copy()));
            else
                refused.Add(decision with { Refusal = new(SecretRefusalReason.NotThere, $"The secret '{decision.Name}' is not there: {place.Mount}/{place.Path} in Vault has no field '{field}'.") });
        }

        foreach (var value in fields.Values) value.Dispose();
    }

    /// <summary>What Vault has is as long as it is, and values were stored before short ones were refused.</summary>
    private static void RefuseTooShort(IReadOnlyList<SecretDecision> decisions, List<JobSecret> granted, List<SecretDecision> refused)
    {
        foreach (var secret in granted.Where(secret => SetSecret.IsTooShort(secret.Value.AsUtf8())).ToList())
        {
            granted.Remove(secret);
            secret.Value.Dispose();
            refused.Add(decisions.Single(decision => decision.Name == secret.Name) with { Refusal = new(SecretRefusalReason.TooShort, SetSecret.TooShort(secret.Name)) });
        }
    }

    private static async Task Note(SecretDecision decision, Func<Task<IReadOnlyList<JobSecret>>> open, List<JobSecret> granted, List<SecretDecision> refused)
    {
        try
        {
            granted.AddRange(await open());
        }
        catch (Exception failure) when (failure is KeyProviderException or SealBrokenException)
        {
            refused.Add(decision with { Refusal = Failed(decision.Name, failure) });
        }
    }

    private static SecretRefusal Failed(string name, Exception failure) => new(
        failure switch
        {
            SealBrokenException => SecretRefusalReason.Unreadable,
            VaultException { Status: 404 } => SecretRefusalReason.NotThere,
            _ => SecretRefusalReason.Unavailable,
        },
        $"The secret '{name}' cannot be read: {failure.Message}");

    private Task<SecretText> OpenValue(SecretUse use, SecretSummary secret, byte[] value, CancellationToken cancellationToken) =>
        sealer.OpenText(Context(ScopeOf(use, secret), secret.Name, secret.Version), value, cancellationToken);

    private static JobSecret Granted(SecretUse use, SecretSummary secret, SecretText value) => new(secret.Name, value, ScopeOf(use, secret), secret.Version) { Vault = secret.Vault };

    private async Task NoteUse(SecretUse use, IReadOnlyList<JobSecret> granted, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        foreach (var same in granted.GroupBy(secret => secret.Scope))
        {
            await database.Command(
                $"update secrets set last_used_at = $5 {This} and name = any($6) and (last_used_at is null or last_used_at <= $7)",
                [.. Key(same.Key), now, same.Select(secret => secret.Name).ToArray(), now - LastUsedResolution]).Execute(cancellationToken);
        }
    }

    /// <returns>False when it was changed meanwhile, or the scope is full.</returns>
    private async Task<bool> Store(SecretScope scope, SecretSummary next, SecretText? value, bool keeps, SecretSummary? former, CancellationToken cancellationToken)
    {
        var doc = Document.From(next with { Version = 0, LastUsedAt = null });
        object?[] key = [.. Key(scope), next.Name];
        if (keeps)
            return await database.Command($"update secrets set doc = $6::jsonb {This} and name = $5 and version = $7", [.. key, doc, next.Version]).Execute(cancellationToken) > 0;
        var sealedValue = value is null ? null : await sealer.SealText(Context(scope, next.Name, next.Version), value, cancellationToken);
        return former is null
            ? await database.Command(
                $"""
                insert into secrets (tenant, org, project, environment, name, version, doc, sealed)
                select $1, $2, $3, $4, $5, $6, $7::jsonb, $8 where (select count(*) from secrets {This}) < {Most}
                on conflict do nothing
                """,
                [.. key, next.Version, doc, sealedValue]).Execute(cancellationToken) > 0
            : await database.Command(
                $"update secrets set version = $6, doc = $7::jsonb, sealed = $8 {This} and name = $5 and version = $9", [.. key, next.Version, doc, sealedValue, former.Version])
                .Execute(cancellationToken) > 0;
    }

    private Task<bool> IsFull(SecretScope scope, CancellationToken cancellationToken) =>
        database.Command($"select count(*) >= {Most} from secrets {This}", Key(scope)).First(row => row.GetBoolean(0), cancellationToken);

    private static SecretScope ScopeOf(SecretUse use, SecretSummary secret) =>
        SecretScope.FromRow(use.Project.Tenant, secret.Org ?? "", secret.Project ?? "", secret.Environment ?? "");

    private static SealContext Context(SecretScope scope, string name, long version) =>
        new() { Tenant = scope.Tenant, Scope = scope.Key, Purpose = "secret", Name = name, Version = version };

    private static object?[] Key(SecretScope scope) => [scope.Tenant, scope.Org, scope.Project, scope.Environment];

    private static string? Null(string text) => text.Length > 0 ? text : null;

    private static IReadOnlyList<T> Sorted<T>(IEnumerable<T> all, Func<T, string> name) => [.. all.OrderBy(name, StringComparer.Ordinal)];

    private static SecretSummary Read(NpgsqlDataReader row) => Document.Read<SecretSummary>(row, 5) with
    {
        Name = row.GetString(3),
        Org = Null(row.GetString(0)),
        Project = Null(row.GetString(1)),
        Environment = Null(row.GetString(2)),
        Version = row.GetInt64(4),
        LastUsedAt = row.Nullable<DateTimeOffset>(6),
    };
}
