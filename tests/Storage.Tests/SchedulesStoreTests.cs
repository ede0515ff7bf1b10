using PRTS.Contracts.Projects;
using PRTS.Storage.Schedules;

namespace PRTS.Storage.Tests;

/// <summary>In a database of its own: claims take whatever is due, whosesoever it is.</summary>
public sealed class SchedulesStoreTests(StorageFixture storage)
{
    private static readonly DateTimeOffset Now = ManualTime.Start.Now;
    private readonly ProjectId project = new("default", "demo", "hello");

    [Fact]
    public async Task ClaimDue_ManyServers_GiveEachOccurrenceToOne()
    {
        await using var database = await Migrated();
        var schedules = new SchedulesStore(database);
        await schedules.Replace(project, [.. Enumerable.Range(0, 50).Select(i => new ScheduleDefinition($"f{i}", "* * * * *", "main", Now))]);

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var mine = new List<string>();
            while (await schedules.ClaimDue(Now, 7, TimeSpan.FromMinutes(1)) is { Count: > 0 } due) mine.AddRange(due.Select(one => one.Occurrence));
            return mine;
        })));

        var all = claims.SelectMany(mine => mine).ToList();
        Assert.Equal((50, 50), (all.Count, all.Distinct().Count()));
    }

    [Fact]
    public async Task ClaimDue_RowLockedByAnother_IsSkipped()
    {
        await using var database = await Migrated();
        var schedules = new SchedulesStore(database);
        await schedules.Replace(project, [new("a", "0 * * * *", "main", Now), new("b", "0 * * * *", "main", Now)]);
        await using var other = await database.OpenConnectionAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await using var locking = other.CreateCommand();
        locking.CommandText = "select * from schedules where file = 'a' for update";
        await locking.ExecuteNonQueryAsync();

        Assert.Equal(["b"], (await schedules.ClaimDue(Now, 10, TimeSpan.FromMinutes(1))).Select(due => due.File));
    }

    [Fact]
    public async Task ClaimDue_TenantThatIsDisabled_WaitsUntilItIsNot()
    {
        await using var database = await Migrated();
        var schedules = new SchedulesStore(database);
        await schedules.Replace(new("acme", "demo", "hello"), [new("theirs", "0 * * * *", "main", Now)]);
        await schedules.Replace(project, [new("ours", "0 * * * *", "main", Now)]);
        await Tenant(enabled: false);
        Assert.Equal(["ours"], (await schedules.ClaimDue(Now, 10, TimeSpan.FromMinutes(1))).Select(due => due.File));
        await Tenant(enabled: true);
        Assert.Equal(["theirs"], (await schedules.ClaimDue(Now, 10, TimeSpan.FromMinutes(1))).Select(due => due.File));

        async Task Tenant(bool enabled)
        {
            await using var command = database.CreateCommand("insert into tenants (tenant, version, enabled, doc) values ('acme', 1, $1, '{}') on conflict (tenant) do update set enabled = $1");
            command.Parameters.Add(new() { Value = enabled });
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task ClaimDue_ServerThatDied_GivesTheSameOccurrenceAgain()
    {
        await using var database = await Migrated();
        var schedules = new SchedulesStore(database);
        await schedules.Replace(project, [new("f", "0 * * * *", "main", Now)]);

        var first = Assert.Single(await schedules.ClaimDue(Now.AddSeconds(5), 10, TimeSpan.FromMinutes(1)));
        Assert.Empty(await schedules.ClaimDue(Now.AddSeconds(30), 10, TimeSpan.FromMinutes(1)));
        var again = Assert.Single(await schedules.ClaimDue(Now.AddMinutes(2), 10, TimeSpan.FromMinutes(1)));

        Assert.Equal((first.Occurrence, Now), (again.Occurrence, again.DueAt));
        Assert.True(await schedules.Advance(again, Now.AddHours(1)));
        Assert.False(await schedules.Advance(first, Now.AddHours(9)));
        Assert.Empty(await schedules.ClaimDue(Now.AddMinutes(59), 10, TimeSpan.FromMinutes(1)));
        var next = Assert.Single(await schedules.ClaimDue(Now.AddHours(1), 10, TimeSpan.FromMinutes(1)));
        Assert.NotEqual(first.Occurrence, next.Occurrence);
        Assert.True(await schedules.Advance(next, null));
        Assert.Empty(await schedules.ClaimDue(Now.AddYears(9), 10, TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task Replace_Again_KeepsTimesAndRemovesWhatIsGone()
    {
        await using var database = await Migrated();
        var schedules = new SchedulesStore(database);
        await schedules.Replace(new("default", "demo", "other"), [new("o", "0 * * * *", "main", Now)]);
        await schedules.Replace(project, [new("a", "0 * * * *", "main", Now), new("b", "0 * * * *", "main", Now)]);
        await schedules.Replace(project, [new("b", "0 * * * *", "main", Now.AddHours(5)), new("c", "0 * * * *", "main", Now.AddHours(5))]);

        Assert.Equal(["b", "o"], (await schedules.ClaimDue(Now, 10, TimeSpan.FromMinutes(1))).Select(due => due.File).Order());
        await schedules.Replace(project, []);
        Assert.Equal(["o"], (await schedules.ClaimDue(Now.AddHours(9), 10, TimeSpan.FromMinutes(1))).Select(due => due.File));
    }

    private async Task<Npgsql.NpgsqlDataSource> Migrated()
    {
        var database = await storage.NewDatabase();
        await Postgres.Migrations.Apply(database);
        return database;
    }
}
