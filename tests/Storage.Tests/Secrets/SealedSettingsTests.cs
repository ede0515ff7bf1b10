using Npgsql;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Sealing;
using PRTS.Storage.Settings;

namespace PRTS.Storage.Tests.Secrets;

public sealed class SealedSettingsTests(StorageFixture storage) : IAsyncLifetime
{
    private readonly string home = Directory.CreateTempSubdirectory("prts-settings-").FullName;
    private NpgsqlDataSource database = null!;
    private Keyring keyring = null!;
    private SecretsServer server = null!;

    private SealedSettings Settings => server.Settings;

    public async ValueTask InitializeAsync()
    {
        database = await storage.NewDatabase();
        await Migrations.Apply(database);
        keyring = new(new LocalKeyFile(Path.Combine(home, "keys.json"), TimeProvider.System));
        server = new(database, keyring);
    }

    public async ValueTask DisposeAsync()
    {
        server.Dispose();
        keyring.Dispose();
        await database.DisposeAsync();
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task GetOrCreate_ManyAtOnce_AllGetTheSame()
    {
        using var other = new SecretsServer(database, keyring);
        var values = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => (i % 2 == 0 ? server : other).Settings.GetOrCreate("cluster/key", () => [(byte)i])));

        Assert.Single(values.Select(value => value[0]).Distinct());
        await Settings.Set("cluster/key", [200]);
        await Settings.Set("cluster_other", [1]);
        Assert.Equal([200], (await Settings.WithPrefix("cluster/"))["cluster/key"]);
        Assert.Single(await Settings.WithPrefix("cluster/"));
        Assert.True(await Settings.Delete("cluster/key"));
        Assert.Null(await Settings.Get("cluster/key"));
    }

    [Fact]
    public async Task SealPlain_SeveralServersAndAgain_SealsEachOnceAndLeavesMarks()
    {
        var plain = new SettingsStore(database);
        for (var n = 0; n < 20; n++) await plain.Set($"data-protection/key-{n}", [42, (byte)n, 42, 42]);
        await plain.Set("cluster/authority", [42, 1]);
        await plain.Set("startup/sample-project", [42, 2]);
        using var other = new SecretsServer(database, keyring);

        var counts = await Task.WhenAll(Settings.SealPlain(), other.Settings.SealPlain());

        Assert.Equal((21, 0), (counts.Sum(), await Settings.SealPlain()));
        Assert.Equal(1L, await Count("select count(*) from settings where not sealed"));
        Assert.Equal(0L, await Count("select count(*) from settings where sealed and position('\\x2a' in value) = 1"));
        Assert.Equal([42, 7, 42, 42], await Settings.Get("data-protection/key-7"));
        Assert.Equal(20, (await Settings.WithPrefix("data-protection/")).Count);
        Assert.Equal([42, 2], await plain.Get("startup/sample-project"));
        Assert.Null(await plain.Get("cluster/authority"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => plain.Set("cluster/authority", [1]));
    }

    [Fact]
    public async Task SealPlain_CutOffInTheMiddle_TheNextStartGoesOn()
    {
        var plain = new SettingsStore(database);
        for (var n = 0; n < 5; n++) await plain.Set($"cluster/{n}", [(byte)n]);
        // A crash after the second one.
        await Settings.Set("cluster/0", [0]);
        await Settings.Set("cluster/1", [1]);

        Assert.Equal(3, await Settings.SealPlain());

        for (var n = 0; n < 5; n++) Assert.Equal(n, Assert.Single((await Settings.Get($"cluster/{n}"))!));
    }

    [Fact]
    public async Task Get_ValueOfAnotherKey_IsRefused()
    {
        await Settings.Set("cluster/one", [1]);
        await Settings.Set("cluster/two", [2]);
        await database.Command("update settings set value = (select value from settings where key = 'cluster/one') where key = 'cluster/two'").Execute(default);

        await Assert.ThrowsAsync<SealBrokenException>(() => Settings.Get("cluster/two"));
    }

    private Task<long> Count(string sql) => database.Command(sql).First(row => row.GetInt64(0), default);
}
