using Npgsql;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Tests;

public sealed class MigrationsTests(StorageFixture storage)
{
    [Fact]
    public async Task Apply_EmptyDatabase_CreatesOrleansTablesAndOurs()
    {
        await using var database = await storage.NewDatabase();

        await Migrations.Apply(database);

        Assert.True(await Count(database, "orleansquery") >= 13);
        Assert.Equal(0, await Count(database, "builds"));
        Assert.Equal(Migrations.Scripts.Count, await Count(database, "schema_migrations"));
    }

    [Fact]
    public async Task Apply_ManyTogetherAndAgain_AppliesOnce()
    {
        await using var database = await storage.NewDatabase();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Migrations.Apply(database)));
        await Migrations.Apply(database);

        Assert.Equal(Migrations.Scripts.Count, await Count(database, "schema_migrations"));
    }

    [Fact]
    public async Task Apply_NewerDatabase_IsRefused()
    {
        await using var database = await storage.NewDatabase();
        await Migrations.Apply(database);
        await Execute(database, "insert into schema_migrations (version, name, checksum) values (9999, '9999-from-the-future', '\\x00')");

        var refused = await Assert.ThrowsAsync<UnusableDatabaseException>(() => Migrations.Apply(database));

        Assert.Contains("9999-from-the-future", refused.Message, StringComparison.Ordinal);
        Assert.Contains("newer PRTS", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_ChangedScript_IsRefused()
    {
        await using var database = await storage.NewDatabase();
        await Migrations.Apply(database);
        await Execute(database, "update schema_migrations set checksum = '\\x00' where version = 4");

        var refused = await Assert.ThrowsAsync<UnusableDatabaseException>(() => Migrations.Apply(database));

        Assert.Contains("0004-read-models", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_ScriptThatFails_LeavesNothingOfIt()
    {
        await using var database = await storage.NewDatabase();
        Migrations.Script[] scripts = [new(1, "0001-fine", "create table fine (id int)"), new(2, "0002-broken", "create table broken (id int); select nonsense")];

        await Assert.ThrowsAsync<PostgresException>(() => Migrations.Apply(database, scripts, default));
        await Migrations.Apply(database, [scripts[0], new(2, "0002-mended", "create table broken (id int)")], default);

        Assert.Equal(2, await Count(database, "schema_migrations"));
    }

    [Fact]
    public void Scripts_Numbers_CountFromOneWithoutGaps() =>
        Assert.Equal(Enumerable.Range(1, Migrations.Scripts.Count), Migrations.Scripts.Select(script => script.Version));

    private static async Task<long> Count(NpgsqlDataSource database, string table)
    {
        await using var command = database.CreateCommand($"select count(*) from {table}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task Execute(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
