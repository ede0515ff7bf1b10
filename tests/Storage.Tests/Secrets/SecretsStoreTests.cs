using System.Security.Cryptography;
using System.Text;
using Npgsql;
using PRTS.Api.Secrets;
using PRTS.Contracts.Projects;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Tests.Secrets;

public sealed class SecretsStoreTests : IAsyncLifetime
{
    private readonly ManualTime time = ManualTime.Start;
    private readonly string home = Directory.CreateTempSubdirectory("prts-secrets-").FullName;
    private readonly StorageFixture storage;
    private readonly Keyring keyring;
    private readonly ProjectId web = new("t", "acme", "web");
    private NpgsqlDataSource database = null!;
    private SecretsServer server = null!;

    public SecretsStoreTests(StorageFixture storage)
    {
        this.storage = storage;
        keyring = new(new LocalKeyFile(Path.Combine(home, "keys.json"), time));
    }

    private SecretsStore Secrets => server.Secrets;

    public async ValueTask InitializeAsync()
    {
        database = await storage.NewDatabase();
        await Migrations.Apply(database);
        server = new(database, keyring, time);
        await server.DataKeys.Prepare();
    }

    public async ValueTask DisposeAsync()
    {
        server.Dispose();
        keyring.Dispose();
        await database.DisposeAsync();
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Set_List_Remove_ShowAllButTheValue()
    {
        var scope = SecretScope.Of(web);
        var limits = new SecretLimits { Branches = ["main"], Environments = ["production"] };
        var set = await Set(scope, "TOKEN", "s3cret", limits, "For the registry");

        Assert.Equal((1, "ann", time.Now, "web", null), (set.Version, set.CreatedBy, set.CreatedAt, set.Project, set.Environment));
        time.Now += TimeSpan.FromHours(1);
        var changed = (await Secrets.Set(scope, "TOKEN", new() { Description = "New words" }, "bob")).Secret!;
        Assert.Equal((1, "ann", "bob", time.Now, "New words", 0), (changed.Version, changed.CreatedBy, changed.UpdatedBy, changed.UpdatedAt, changed.Description, changed.Limits.Branches.Count));
        Assert.Equal("s3cret", await Value("TOKEN"));
        Assert.Equal(2, (await Set(scope, "TOKEN", "other")).Version);
        Assert.Equal("other", await Value("TOKEN"));

        var listed = Assert.Single(await Secrets.List(scope));
        Assert.Equal((2, time.Now), (listed.Version, listed.LastUsedAt));
        Assert.Empty(await Secrets.List(SecretScope.Of(web, "production")));
        Assert.True(await Secrets.Remove(scope, "TOKEN"));
        Assert.False(await Secrets.Remove(scope, "TOKEN"));
        Assert.NotNull((await Secrets.Set(scope, "TOKEN", new() { Description = "no value" }, "ann")).Problem);
    }

    [Fact]
    public async Task ForJob_AllScopes_NarrowestFirst_AndOthersNever()
    {
        foreach (var (scope, number) in new[] { SecretScope.Of("t"), SecretScope.Of("t", "acme"), SecretScope.Of(web), SecretScope.Of(web, "production") }.Index().Select(pair => (pair.Item, pair.Index)))
        {
            for (var name = 0; name <= number; name++) await Set(scope, $"S{name}", $"{scope.Key} {name}");
        }

        await Set(SecretScope.Of("u"), "FOREIGN", "elsewhere");
        await Set(SecretScope.Of("t", "other"), "FOREIGN", "elsewhere");
        await Set(SecretScope.Of(web with { Name = "api" }), "FOREIGN", "elsewhere");
        await Set(SecretScope.Of(web, "staging"), "FOREIGN", "elsewhere");
        await Set(SecretScope.Of(web), "MAIN_ONLY", "for main", new() { Branches = ["main"] });

        using var got = await Secrets.ForJob(Use("fix", "production"), ["S0", "S1", "S2", "S3", "FOREIGN", "MAIN_ONLY", "NONE"]);

        Assert.All(got.Granted, secret => Assert.Equal($"environment/acme/web/production {secret.Name[1]}", secret.Value.Reveal()));
        Assert.Equal(4, got.Granted.Count);
        Assert.Equal([("FOREIGN", SecretRefusalReason.NotThere), ("MAIN_ONLY", SecretRefusalReason.Branch), ("NONE", SecretRefusalReason.NotThere)], got.Refused.Select(refusal => (refusal.Name, refusal.Refusal!.Reason)));
        using var without = await Secrets.ForJob(Use("fix"), ["S0", "S1", "S2", "S3"]);
        Assert.Equal(["project/acme/web 0", "project/acme/web 1", "project/acme/web 2"], without.Granted.Select(secret => secret.Value.Reveal()));
        Assert.Equal(["FOREIGN", "MAIN_ONLY", "S0", "S1", "S2"], (await Secrets.Explain(Use("fix", "staging"))).Select(decision => decision.Name).Order(StringComparer.Ordinal));
        Assert.Equal(12, (await Secrets.Reaching(SecretScope.Of(web))).Count);
    }

    [Fact]
    public async Task ForJob_ValueMovedOrChangedInTheDatabase_IsRefused()
    {
        await Set(SecretScope.Of(web), "ONE", "first");
        await Set(SecretScope.Of(web), "TWO", "second");
        await Set(SecretScope.Of(web, "production"), "THREE", "third");
        await Set(SecretScope.Of(web), "FOUR", "older");
        await Sql("create table kept as select sealed from secrets where name = 'FOUR'");
        await Set(SecretScope.Of(web), "FOUR", "newer");

        await Sql("update secrets set sealed = (select sealed from secrets where name = 'ONE') where name = 'TWO'");
        await Sql("update secrets set environment = '' where name = 'THREE'");
        await Sql("update secrets set sealed = (select sealed from kept) where name = 'FOUR'");
        using var got = await Secrets.ForJob(Use("main"), ["ONE", "TWO", "THREE", "FOUR"]);

        Assert.Equal("first", Assert.Single(got.Granted).Value.Reveal());
        Assert.All(got.Refused, refusal => Assert.Equal(SecretRefusalReason.Unreadable, refusal.Refusal!.Reason));
        Assert.False(got.MayBeRetried);
        await Sql("update data_keys set scope = 'elsewhere' where scope = 'project/acme/web'");
        using var restarted = new SecretsServer(database, keyring, time);
        using var none = await restarted.Secrets.ForJob(Use("main"), ["ONE"]);
        Assert.Equal(SecretRefusalReason.Unreadable, Assert.Single(none.Refused).Refusal!.Reason);
    }

    [Fact]
    public async Task Set_ManyAtOnce_EachIsAVersionAndTheLastOneOpens()
    {
        using var other = new SecretsServer(database, keyring, time);
        var results = await Task.WhenAll(Enumerable.Range(0, 12).Select(async n =>
            (Value: $"value {n}", (await (n % 2 == 0 ? server : other).Secrets.Set(SecretScope.Of(web), "TOKEN", new() { Value = SecretText.Of($"value {n}") }, "ann")).Secret!.Version)));

        Assert.Equal(Enumerable.Range(1, 12), results.Select(result => (int)result.Version).Order());
        Assert.Equal(results.MaxBy(result => result.Version).Value, await Value("TOKEN"));
        Assert.Equal(1L, await database.Command("select count(*) from data_keys").First(row => row.GetInt64(0), default));
    }

    [Fact]
    public async Task LastUsed_IsNotedOnceAMinute()
    {
        await Set(SecretScope.Of(web), "TOKEN", "s3cret");
        Assert.Null((await Secrets.Get(SecretScope.Of(web), "TOKEN"))!.LastUsedAt);
        var first = time.Now;
        await Value("TOKEN");
        time.Now = first.AddSeconds(59);
        await Value("TOKEN");
        Assert.Equal(first, (await Secrets.Get(SecretScope.Of(web), "TOKEN"))!.LastUsedAt);
        time.Now = first.AddSeconds(60);
        await Value("TOKEN");
        Assert.Equal(time.Now, (await Secrets.Get(SecretScope.Of(web), "TOKEN"))!.LastUsedAt);
    }

    [Fact]
    public async Task Seal_AfterAYear_WithANewKey_AndOldValuesOpen()
    {
        await Set(SecretScope.Of(web), "OLD", "older");
        time.Now += DataKeys.SealingTime + TimeSpan.FromSeconds(1);
        await Set(SecretScope.Of(web), "NEW", "newer");

        Assert.Equal(2L, await database.Command("select count(*) from data_keys").First(row => row.GetInt64(0), default));
        Assert.Equal(("older", "newer"), (await Value("OLD"), await Value("NEW")));
        await server.Rotation.Begin();
        Assert.Equal(2, await server.Rotation.Run());
    }

    [Fact]
    public async Task RemoveAll_Project_NothingOfItOpensAgain()
    {
        await Set(SecretScope.Of(web), "TOKEN", "s3cret");
        await Set(SecretScope.Of(web, "production"), "TOKEN", "s3cret");
        await Set(SecretScope.Of("t", "acme"), "ORG", "stays");
        await Sql("create table kept as select * from secrets");

        await Secrets.RemoveAll(SecretScope.Of(web));

        Assert.Equal(["org/acme"], await database.Command("select scope from data_keys").All(row => row.GetString(0), default));
        await Sql("insert into secrets select * from kept where project <> ''");
        using var restarted = new SecretsServer(database, keyring, time);
        using var got = await restarted.Secrets.ForJob(Use("main", "production"), ["TOKEN", "ORG"]);
        Assert.Equal("stays", Assert.Single(got.Granted).Value.Reveal());
        Assert.Equal(SecretRefusalReason.Unreadable, Assert.Single(got.Refused).Refusal!.Reason);
    }

    [Fact]
    public async Task Database_AfterAll_HasNoValueInPlain()
    {
        var canary = "canary-" + RandomNumberGenerator.GetHexString(20);
        await Set(SecretScope.Of(web), "TOKEN", canary);
        await Set(SecretScope.Of(web), "TOKEN", canary + "2");
        Assert.Null(await server.Vaults.Set(SecretScope.Of(web), new() { Name = "v", Address = "https://vault.example.com" }, SecretText.Of(canary), "ann"));
        await server.Settings.Set("cluster/canary", Encoding.UTF8.GetBytes(canary));

        foreach (var table in new[] { "secrets", "data_keys", "vault_connections", "settings" })
        {
            var dump = string.Join('\n', await database.Command($"select t::text from {table} t").All(row => row.GetString(0), default));
            Assert.NotEmpty(dump);
            Assert.DoesNotContain(canary, dump, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Convert.ToHexString(Encoding.UTF8.GetBytes(canary)), dump, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Set_FullScope_IsRefused()
    {
        await Sql($"insert into secrets (tenant, org, project, environment, name, version, doc) select 't', 'acme', 'web', '', 'N' || n, 1, '{{\"name\":\"N\"}}' from generate_series(1, {SecretsStore.Most}) n");
        Assert.Contains("at most 500", (await Secrets.Set(SecretScope.Of(web), "TOKEN", new() { Value = SecretText.Of("s3cret") }, "ann")).Problem, StringComparison.Ordinal);
        Assert.Null((await Secrets.Set(SecretScope.Of(web), "N1", new() { Value = SecretText.Of("s3cret") }, "ann")).Problem);
    }

    [Fact]
    public async Task ForJob_OneThatWasStoredBeforeShortOnesWereRefused_IsNamedAndNotGiven()
    {
        var scope = SecretScope.Of(web);
        await Set(scope, "PIN", "s3cret");
        var sealedValue = await server.Sealer.SealText(new() { Tenant = scope.Tenant, Scope = scope.Key, Purpose = "secret", Name = "PIN", Version = 1 }, SecretText.Of("123"), default);
        await database.Command("update secrets set sealed = $1 where name = 'PIN'", sealedValue).Execute(default);

        using var got = await Secrets.ForJob(Use("main"), ["PIN"]);

        Assert.Empty(got.Granted);
        Assert.Equal(SecretRefusalReason.TooShort, Assert.Single(got.Refused).Refusal!.Reason);
        Assert.Contains("'PIN'", got.Refused[0].Refusal!.Text, StringComparison.Ordinal);
        Assert.False(got.MayBeRetried);
    }

    private async Task<SecretSummary> Set(SecretScope scope, string name, string value, SecretLimits? limits = null, string description = "")
    {
        var (secret, problem) = await Secrets.Set(scope, name, new() { Value = SecretText.Of(value), Limits = limits ?? new(), Description = description }, "ann");
        Assert.Null(problem);
        return secret!;
    }

    private async Task<string> Value(string name)
    {
        using var got = await Secrets.ForJob(Use("main"), [name]);
        return Assert.Single(got.Granted).Value.Reveal();
    }

    private SecretUse Use(string branch, string? environment = null) => new() { Project = web, Branch = branch, Environment = environment, Event = "push" };

    private Task<int> Sql(string sql) => database.Command(sql).Execute(default);
}
