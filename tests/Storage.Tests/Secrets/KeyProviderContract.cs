using System.Security.Cryptography;
using Npgsql;
using PRTS.Api.Secrets;
using PRTS.Contracts.Projects;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Tests.Secrets;

/// <summary>What every key provider does, each against its real peer.</summary>
public abstract class KeyProviderContract(StorageFixture storage)
{
    private static readonly ProjectId Project = new("t", "acme", "web");

    /// <summary>Another client of the same keys, as another server has it.</summary>
    protected abstract IKeyProvider Connect();

    /// <summary>Makes a new current key by the provider's own means.</summary>
    protected virtual Task MakeNewKey(IKeyProvider provider) => provider.Rotate();

    /// <summary>Destroys all keys but the current one, where the provider can.</summary>
    protected virtual Task DestroyFormerKeys() => Task.CompletedTask;

    protected virtual Task Begin() => Task.CompletedTask;

    [Fact]
    public async Task Unwrap_SameContext_GivesTheKey_AndNoOtherDoes()
    {
        await Begin();
        using var provider = Connect();
        var context = new DataKeyContext(Guid.NewGuid(), "t", "project/acme/web");
        var key = RandomNumberGenerator.GetBytes(Envelope.KeyLength);

        var wrapped = await provider.Wrap(key, context);

        Assert.Equal(await provider.CurrentKey(), wrapped.KeyId);
        Assert.Equal(key, await provider.Unwrap(wrapped, context));
        Assert.DoesNotContain(Convert.ToHexString(key), Convert.ToHexString(wrapped.Bytes), StringComparison.Ordinal);
        DataKeyContext[] others = [context with { Id = Guid.NewGuid() }, context with { Tenant = "u" }, context with { Scope = "project/acme/api" }];
        foreach (var other in others) await Assert.ThrowsAsync<SealBrokenException>(() => provider.Unwrap(wrapped, other));
        foreach (var at in new[] { wrapped.Bytes.Length / 2, wrapped.Bytes.Length - 5 })
        {
            var changed = wrapped.Bytes.ToArray();
            changed[at] ^= 1;
            await Assert.ThrowsAsync<SealBrokenException>(() => provider.Unwrap(wrapped with { Bytes = changed }, context));
        }
    }

    [Fact]
    public async Task Rotation_WhileServersReadAndWrite_LosesNothing()
    {
        await Begin();
        await using var database = await storage.NewDatabase();
        await Migrations.Apply(database);
        using var keyring = new Keyring(Connect());
        await keyring.TryOut();
        using var one = new SecretsServer(database, keyring);
        using var other = new SecretsServer(database, keyring);
        // More than two batches of data keys.
        var scopes = Enumerable.Range(0, 40).Select(n => SecretScope.Of(Project with { Name = $"p{n}" })).ToList();
        foreach (var scope in scopes) await Set(one, scope, "BEFORE", $"before {scope.Project}");
        var former = await keyring.Current.CurrentKey();

        await MakeNewKey(keyring.Current);

        var status = await one.Rotation.Status();
        Assert.NotEqual(former, status.Key);
        Assert.Equal((keyring.Current.Name, 40, 0, false), (status.Provider, status.Total, status.Done, status.IsComplete));
        var counts = await Task.WhenAll(
            one.Rotation.Run(), other.Rotation.Run(),
            WriteAndRead(database, keyring, scopes, "DURING"), WriteAndRead(database, keyring, scopes, "MEANWHILE"));
        // Rows that one server held while the other passed are its own.
        Assert.Equal(40, counts[0] + counts[1]);
        status = await other.Rotation.Status();
        Assert.Equal((40, 40, 0, true), (status.Total, status.Done, status.Failing, status.IsComplete));
        Assert.Equal(0, await other.Rotation.Run());
        Assert.DoesNotContain(former, await Column(database, "select key_id from data_keys"));

        await DestroyFormerKeys();
        using var later = new Keyring(Connect());
        using var restarted = new SecretsServer(database, later);
        foreach (var scope in scopes)
        {
            using var all = await restarted.Secrets.ForJob(new() { Project = new(scope.Tenant, scope.Org, scope.Project), Event = "push" }, ["BEFORE", "DURING", "MEANWHILE"]);
            Assert.Equal($"before {scope.Project},DURING,MEANWHILE", string.Join(',', all.Granted.Select(secret => secret.Value.Reveal())));
        }
    }

    private static async Task<int> WriteAndRead(NpgsqlDataSource database, Keyring keyring, IReadOnlyList<SecretScope> scopes, string name)
    {
        using var server = new SecretsServer(database, keyring);
        foreach (var scope in scopes)
        {
            await Set(server, scope, name, name);
            using var read = await server.Secrets.ForJob(new() { Project = new(scope.Tenant, scope.Org, scope.Project), Event = "push" }, ["BEFORE"]);
            Assert.Equal($"before {scope.Project}", Assert.Single(read.Granted).Value.Reveal());
        }

        return 0;
    }

    private static async Task Set(SecretsServer server, SecretScope scope, string name, string value) =>
        Assert.Null((await server.Secrets.Set(scope, name, new() { Value = SecretText.Of(value) }, "ann")).Problem);

    private static Task<IReadOnlyList<string>> Column(NpgsqlDataSource database, string sql) => database.Command(sql).All(row => row.GetString(0), default);
}
