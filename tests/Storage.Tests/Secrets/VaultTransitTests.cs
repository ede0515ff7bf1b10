using PRTS.Api.Secrets;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Sealing;
using PRTS.Storage.Secrets.Vault;
using PRTS.Tests;

namespace PRTS.Storage.Tests.Secrets;

public sealed class VaultTransitTests(StorageFixture storage) : KeyProviderContract(storage), IAsyncLifetime
{
    private readonly StorageFixture storage = storage;
    private readonly ManualTime time = ManualTime.Start;
    private FakeVault vault = null!;
    private VaultClient root = null!;

    public async ValueTask InitializeAsync()
    {
        vault = await FakeVault.Start(time);
        root = new(new() { Address = vault.Address, Token = SecretText.Of(FakeVault.RootToken) }, VaultHttp.Handler, time);
        await root.Post("transit/keys/prts", null, _ => true);
    }

    public async ValueTask DisposeAsync()
    {
        root.Dispose();
        await vault.DisposeAsync();
    }

    protected override IKeyProvider Connect() => Connect(AppRole());

    protected override Task DestroyFormerKeys() =>
        root.Post("transit/keys/prts/config", new Dictionary<string, int>(StringComparer.Ordinal) { ["min_decryption_version"] = 2 }, _ => true);

    [Fact]
    public async Task AppRole_TokenGrowsOld_IsRenewedThenReplaced()
    {
        using var provider = Connect();
        await provider.CurrentKey();
        Assert.Equal((1, 0), (vault.CountOf("POST auth/approle/login"), vault.CountOf("POST auth/token/renew-self")));
        time.Now += TimeSpan.FromMinutes(41);
        await provider.CurrentKey();
        Assert.Equal((1, 1), (vault.CountOf("POST auth/approle/login"), vault.CountOf("POST auth/token/renew-self")));
        time.Now += TimeSpan.FromHours(2);
        await provider.CurrentKey();
        Assert.Equal(2, vault.CountOf("POST auth/approle/login"));
        vault.RevokeAll();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => provider.CurrentKey()));
        Assert.Equal(3, vault.CountOf("POST auth/approle/login"));
    }

    [Fact]
    public async Task Token_GrowsOld_IsRenewed_AndToldWhenItHasEnded()
    {
        using var provider = Connect(new() { Address = vault.Address, Token = SecretText.Of(vault.NewToken(TimeSpan.FromHours(1))), Namespace = "team" });
        await provider.CurrentKey();
        Assert.Equal("team", vault.Namespace);
        time.Now += TimeSpan.FromMinutes(41);
        await provider.CurrentKey();
        Assert.Equal(1, vault.CountOf("POST auth/token/renew-self"));
        time.Now += TimeSpan.FromHours(2);
        Assert.Contains("permission denied", (await Assert.ThrowsAsync<KeyProviderException>(() => provider.CurrentKey())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Troubles_AreToldInOneSentenceWithoutTheToken()
    {
        async Task<string> Refusal(VaultConfig config, string key = "prts")
        {
            using var keyring = new Keyring(Connect(config, key));
            var failure = await Assert.ThrowsAsync<UnusableKeysException>(() => keyring.TryOut());
            Assert.DoesNotContain("hvs.", failure.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(FakeVault.SecretId, failure.ToString(), StringComparison.Ordinal);
            return failure.Message;
        }

        Assert.EndsWith("refuses auth/token/lookup-self to this login: permission denied", await Refusal(new() { Address = vault.Address, Token = SecretText.Of("hvs.wrong") }), StringComparison.Ordinal);
        Assert.EndsWith("invalid role or secret ID", await Refusal(AppRole() with { RoleId = "other" }), StringComparison.Ordinal);
        Assert.Contains("has nothing at transit/keys/other", await Refusal(AppRole(), "other"), StringComparison.Ordinal);
        Assert.Contains("cannot be reached", await Refusal(AppRole() with { Address = new("http://127.0.0.1:1") }), StringComparison.Ordinal);
        vault.IsSealed = true;
        Assert.EndsWith("is sealed or in maintenance: Vault is sealed", await Refusal(AppRole()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotation_FromTheKeyFile_ValuesStayAndTheFileIsNeededNoMore()
    {
        var home = Directory.CreateTempSubdirectory("prts-keys-").FullName;
        var path = Path.Combine(home, "keys.json");
        await using var database = await storage.NewDatabase();
        await Migrations.Apply(database);
        using (var before = new Keyring(new LocalKeyFile(path, time)))
        using (var server = new SecretsServer(database, before, time))
        {
            await server.DataKeys.Prepare();
            await server.Settings.Set("cluster/key", [1, 2]);
        }

        using (var alone = new Keyring(Connect()))
        using (var server = new SecretsServer(database, alone, time))
        {
            Assert.Contains("PRTS_KEYS_FORMER", (await Assert.ThrowsAsync<UnusableKeysException>(() => server.DataKeys.Prepare())).Message, StringComparison.Ordinal);
            Assert.Equal(0, await server.Rotation.Run());
            var stuck = await server.Rotation.Status();
            Assert.Equal((1, 0, 1), (stuck.Total, stuck.Done, stuck.Failing));
            Assert.Contains("'file', which is not configured", stuck.Problem, StringComparison.Ordinal);
        }

        using (var both = new Keyring(Connect(), new LocalKeyFile(path, time)))
        using (var server = new SecretsServer(database, both, time))
        {
            await both.TryOut();
            await server.DataKeys.Prepare();
            Assert.Equal([1, 2], await server.Settings.Get("cluster/key"));
            Assert.Equal(1, await server.Rotation.Run());
            Assert.Equal((true, 0), ((await server.Rotation.Status()).IsComplete, (await server.Rotation.Status()).Failing));
        }

        Directory.Delete(home, recursive: true);
        using var after = new Keyring(Connect());
        using var last = new SecretsServer(database, after, time);
        await last.DataKeys.Prepare();
        Assert.Equal([1, 2], await last.Settings.Get("cluster/key"));
    }

    [Fact]
    public async Task Rotation_VaultStopsInTheMiddle_GoesOnWhereItWas()
    {
        await using var database = await storage.NewDatabase();
        await Migrations.Apply(database);
        using var keyring = new Keyring(Connect());
        using var server = new SecretsServer(database, keyring, time);
        for (var n = 0; n < 5; n++) await server.Sealer.Seal(new() { Tenant = "t", Scope = $"s{n}", Purpose = "p", Name = "n" }, new byte[] { 1 });
        await server.Rotation.Begin();
        vault.IsSealed = true;
        await Assert.ThrowsAsync<KeyProviderException>(() => server.Rotation.Run());
        vault.IsSealed = false;
        // As a crash leaves it: a part is done.
        await database.Command("update data_keys set failure = 'as it was' where scope = 's4'").Execute(default);
        Assert.Equal((5, 0, 1), ((await server.Rotation.Status()).Total, (await server.Rotation.Status()).Done, (await server.Rotation.Status()).Failing));
        Assert.Equal(5, await server.Rotation.Run());
        Assert.Equal((true, 0, null), ((await server.Rotation.Status()).IsComplete, (await server.Rotation.Status()).Failing, (await server.Rotation.Status()).Problem));
    }

    private VaultConfig AppRole() => new() { Address = vault.Address, RoleId = FakeVault.RoleId, SecretId = SecretText.Of(FakeVault.SecretId) };

    private VaultTransit Connect(VaultConfig config, string key = "prts") => new(new VaultClient(config, VaultHttp.Handler, time), "transit", key);
}
