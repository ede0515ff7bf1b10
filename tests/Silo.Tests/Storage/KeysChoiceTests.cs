using System.Diagnostics;
using Npgsql;
using PRTS.Api.Secrets;
using PRTS.Silo.Startup;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Vault;
using PRTS.Storage.Settings;
using PRTS.Tests;

namespace PRTS.Silo.Tests.Storage;

public sealed class KeysChoiceTests(ServerFixture fixture)
{
    private const string TokenKey = "cluster/attempt-tokens";

    [Fact]
    public async Task KeysStoredInPlainByAnEarlierServer_AreSealedAtTheStart_AndStayTheSame()
    {
        var connection = await fixture.NewDatabase();
        await using var database = NpgsqlDataSource.Create(connection);
        await Migrations.Apply(database);
        var former = Enumerable.Repeat((byte)42, 32).ToArray();
        await new SettingsStore(database).Set(TokenKey, former);

        await using var server = await RunningServer.Start(RunningServer.Options(connection));

        Assert.Equal(former, await server.Get<SealedSettings>().Get(TokenKey));
        Assert.Equal(0L, await Count(database, "select count(*) from settings where not sealed and (starts_with(key, 'cluster/') or starts_with(key, 'data-protection/'))"));
        Assert.True(await Count(database, "select count(*) from settings where sealed") >= 3);
        Assert.True(await Count(database, "select count(*) from settings where not sealed") >= 1);
    }

    [Fact]
    public async Task Vault_WholeServer_TakesOverFromTheFile_AndRotatesWhileItRuns()
    {
        await using var vault = await FakeVault.Start();
        using var root = new VaultClient(new() { Address = vault.Address, Token = SecretText.Of(FakeVault.RootToken) }, VaultHttp.Handler, TimeProvider.System);
        await root.Post("transit/keys/prts", null, _ => true);
        var connection = await fixture.NewDatabase();
        var file = Path.Combine(Directory.CreateTempSubdirectory("prts-keyfile-").FullName, "keys.json");
        byte[] before;
        await using (var first = await RunningServer.Start(RunningServer.Options(connection, ("PRTS_KEYS_FILE", file))))
        {
            before = (await first.Get<SealedSettings>().Get(TokenKey))!;
            Assert.Equal("file", (await first.Get<KeyRotation>().Status()).Provider);
        }

        await using var server = await RunningServer.Start(RunningServer.Options(
            connection, ("PRTS_KEYS", "vault"), ("PRTS_KEYS_FORMER", "file"), ("PRTS_KEYS_FILE", file),
            ("PRTS_VAULT_URL", vault.Address.ToString()), ("PRTS_VAULT_ROLE_ID", FakeVault.RoleId), ("PRTS_VAULT_SECRET_ID", FakeVault.SecretId)));
        var rotation = server.Get<KeyRotation>();
        var key = await rotation.Begin();

        var waited = Stopwatch.StartNew();
        while (!(await rotation.Status()).IsComplete)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromMinutes(2), "The data keys were not re-wrapped.");
            await Task.Delay(50);
        }

        Assert.Equal(("vault", "transit/prts:2"), ((await rotation.Status()).Provider, key));
        Assert.Equal(before, await server.Get<SealedSettings>().Get(TokenKey));
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public async Task Vault_NobodyThere_TheStartSaysSoAndWritesNothing()
    {
        var options = RunningServer.Options("Host=nowhere", ("PRTS_KEYS", "vault"), ("PRTS_VAULT_URL", "http://127.0.0.1:1"), ("PRTS_VAULT_TOKEN", "hvs.s3cret"));
        var refusal = await Assert.ThrowsAsync<UnusableKeysException>(() => Foundation.Lay(options, TimeProvider.System));
        Assert.StartsWith("The keys for secrets cannot be used, the key transit/prts of Vault at http://127.0.0.1:1/: Vault at http://127.0.0.1:1/ cannot be reached: ", refusal.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(options.Home, "git")));
        Directory.Delete(options.Home, recursive: true);
    }

    private static async Task<long> Count(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
