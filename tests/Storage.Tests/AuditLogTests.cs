using Npgsql;
using PRTS.Audit;
using PRTS.Audit.Merkle;
using PRTS.Storage.Audit;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Tests;

/// <summary>Writing. Each test has a tenant of its own; those that stop or harm the database have a database of their own.</summary>
public sealed class AuditLogTests(StorageFixture storage)
{
    private static readonly ManualTime Time = ManualTime.Start;
    private readonly AuditLog log = new(storage.Database, Time);
    private readonly AuditEntries entries = new(storage.Database);

    [Fact]
    public async Task Record_First_IsThereWhenItReturns()
    {
        var tenant = NewTenant();
        var written = await log.Record(Entry(tenant, 1));
        Assert.Equal((1, Time.Now), (written.Sequence, written.At));
        var stored = Assert.Single(await All(storage.Database, tenant));
        Assert.Equal(Canonical.Bytes(written), stored.Canonical);
        Assert.Equal(MerkleHash.Leaf(stored.Canonical), stored.Hash);
    }

    /// <summary>Two servers are two stores with connections of their own.</summary>
    [Fact]
    public async Task Record_ManyWritersOfTwoServers_LeavesNoGapAndOneTree()
    {
        var tenant = NewTenant();
        await using var other = NpgsqlDataSource.Create(storage.Database.ConnectionString);
        AuditLog[] servers = [new(storage.Database, Time), new(other, Time)];
        var written = await Task.WhenAll(Enumerable.Range(0, 32).Select(writer => Task.Run(async () =>
        {
            var mine = new List<AuditEntry>();
            for (var i = 0; i < 30; i++) mine.Add(await servers[writer % 2].Record(Entry(tenant, (writer * 1000) + i)));
            return mine;
        })));

        var stored = await All(storage.Database, tenant);
        Assert.Equal(Enumerable.Range(1, 960).Select(n => (long)n), stored.Select(entry => entry.Sequence));
        Assert.Equal(written.SelectMany(mine => mine).OrderBy(entry => entry.Sequence).Select(entry => Convert.ToHexString(Canonical.Bytes(entry))), stored.Select(entry => Convert.ToHexString(entry.Canonical)));
        Assert.All(written, mine => Assert.Equal(mine.OrderBy(entry => entry.Sequence), mine));
        await HeadIsOf(storage.Database, tenant, stored);
    }

    [Fact]
    public async Task Record_OneByOne_MakesTheTreeOfTheLibraryAtEverySize()
    {
        var tenant = NewTenant();
        for (var i = 1; i <= 70; i++)
        {
            await log.Record(Entry(tenant, i));
            await HeadIsOf(storage.Database, tenant, await All(storage.Database, tenant));
        }
    }

    [Fact]
    public async Task Record_OfAnyEntry_IsStoredAsItsCanonicalForm()
    {
        var tenant = NewTenant();
        var random = new Random(8785);
        var expected = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => log.Record(Entry(tenant, 1) with
        {
            Actor = new(AuditActorKind.Anonymous, Noise(random), Noise(random)),
            Target = new(Noise(random), Noise(random), Noise(random), Noise(random), Noise(random)),
            Reason = Noise(random),
            After = new() { ["value"] = Noise(random) },
        })));
        var stored = await All(storage.Database, tenant);
        Assert.Equal(expected.OrderBy(entry => entry.Sequence).Select(entry => Convert.ToHexString(Canonical.Bytes(entry))), stored.Select(entry => Convert.ToHexString(entry.Canonical)));
    }

    [Fact]
    public async Task Record_ServerThatDiesWhileItWrites_LeavesNoGap()
    {
        await using var database = await Migrated();
        var audit = new AuditLog(database, Time);
        await audit.Record(Entry("acme", 1));
        await using (var holder = await database.OpenConnectionAsync())
        {
            await using var transaction = await holder.BeginTransactionAsync();
            await holder.Command("select 1 from audit_heads where tenant = 'acme' for update").Execute(default);
            var dying = audit.Record(Entry("acme", 2));
            // It waits for the head, and its connection is ended there.
            while (!dying.IsCompleted && await holder.Command("select count(pg_terminate_backend(pid)) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()").First(row => row.GetInt64(0), default) == 0) await Task.Yield();
            await Assert.ThrowsAsync<AuditUnavailableException>(() => dying);
        }

        Assert.Equal(2, (await audit.Record(Entry("acme", 3))).Sequence);
        var stored = await All(database, "acme");
        Assert.Equal(["V1", "V3"], stored.Select(entry => entry.Entry.Target.Id));
        await HeadIsOf(database, "acme", stored);
    }

    [Fact]
    public async Task Record_DatabaseThatIsGone_IsRefusedAndServesAgainAfterwards()
    {
        await using var database = await Migrated();
        var audit = new AuditLog(database, Time);
        await audit.Record(Entry("acme", 1));
        var name = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database;
        await Admin($"alter database {name} allow_connections false");
        await Admin($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
        var refused = await Assert.ThrowsAsync<AuditUnavailableException>(() => audit.Record(Entry("acme", 2)));
        Assert.IsAssignableFrom<NpgsqlException>(refused.InnerException);
        await Assert.ThrowsAsync<AuditUnavailableException>(() => audit.Record(Entry("acme", 2)));

        await Admin($"alter database {name} allow_connections true");
        Assert.Equal(2, (await audit.Record(Entry("acme", 3))).Sequence);
    }

    [Fact]
    public async Task Record_TableThatTakesNothing_IsRefused()
    {
        await using var database = await Migrated();
        await database.Command("alter table audit_entries add constraint full_disk check (sequence < 3)").Execute(default);
        var audit = new AuditLog(database, Time);
        await audit.Record(Entry("acme", 1));
        await audit.Record(Entry("acme", 2));
        await Assert.ThrowsAsync<AuditUnavailableException>(() => audit.Record(Entry("acme", 3)));
        Assert.Equal(2, await new AuditEntries(database).Size("acme"));
    }

    [Fact]
    public async Task Record_SynchronousCommitOff_IsWaitedForAllTheSame()
    {
        await using var database = await Migrated();
        await using var connection = await database.OpenConnectionAsync();
        await connection.Command("set synchronous_commit = off").Execute(default);
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.Command("select audit_append('acme', array[now()], '{ann}', '{a:b}', '{c:d}', '{x}', '{allowed}', '{word}', array['{'::bytea], array['}'::bytea])").First(row => row.GetInt64(0), default);
        Assert.Equal("on", await connection.Command("show synchronous_commit").First(row => row.GetString(0), default));
    }

    [Fact]
    public async Task Record_ActionThatIsNone_IsABugAndNotWritten()
    {
        var tenant = NewTenant();
        await Assert.ThrowsAsync<FormatException>(() => log.Record(Entry(tenant, 1) with { Action = "nonsense" }));
        Assert.Equal(0, await entries.Size(tenant));
    }

    [Theory]
    [InlineData("update audit_entries set actor = 'nobody'")]
    [InlineData("update audit_entries set entry = '' where false")]
    [InlineData("delete from audit_entries")]
    [InlineData("truncate audit_entries")]
    [InlineData("insert into audit_entries select * from audit_entries on conflict (tenant, sequence) do update set entry = ''")]
    [InlineData("update audit_checkpoints set note = ''")]
    [InlineData("delete from audit_checkpoints")]
    [InlineData("truncate audit_checkpoints")]
    [InlineData("delete from audit_heads")]
    [InlineData("truncate audit_heads")]
    [InlineData("update audit_heads set size = size - 1")]
    [InlineData("update audit_heads set frontier = ''")]
    [InlineData("update audit_heads set tenant = 'x', size = size + 1")]
    [InlineData("set session_replication_role = replica; delete from audit_entries")]
    public async Task Tables_AnyOtherChange_IsRefused(string sql)
    {
        var tenant = NewTenant();
        await log.Record(Entry(tenant, 1));
        await using var connection = new NpgsqlConnection(storage.Database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.Command(sql).Execute(default));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        Assert.Single(await All(storage.Database, tenant));
    }

    private static AuditEntry Entry(string tenant, int n) =>
        new AuditSource(tenant, new(AuditActorKind.User, "7", "Ann"), new(AuditVia.Api, "192.0.2.7")).Allowed("variable:set", AuditTarget.In("demo", "hello", "variable", $"V{n}"), after: new() { ["value"] = n });

    private static string NewTenant() => $"t{Guid.NewGuid():N}";

    private static string Noise(Random random) => string.Concat(Enumerable.Range(0, random.Next(300)).Select(_ => (char)(random.Next(3) switch { 0 => random.Next(128), 1 => random.Next(0xD700, 0xE100), _ => random.Next(0x10000) })));

    private static async Task<List<StoredAuditEntry>> All(NpgsqlDataSource database, string tenant)
    {
        var all = new List<StoredAuditEntry>();
        await foreach (var entry in new AuditEntries(database).Stream(tenant, new(), long.MaxValue)) all.Add(entry);
        return all;
    }

    private static async Task HeadIsOf(NpgsqlDataSource database, string tenant, IReadOnlyList<StoredAuditEntry> stored)
    {
        var tree = new MerkleFrontier();
        foreach (var entry in stored) tree.Append(MerkleHash.Leaf(entry.Canonical));
        var head = await database.Command("select size, frontier from audit_heads where tenant = $1", tenant).First(row => (row.GetInt64(0), Convert.ToHexString(row.GetFieldValue<byte[]>(1))), default);
        Assert.Equal((tree.Size, Convert.ToHexString(tree.ToArray())), head);
    }

    private async Task Admin(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(storage.Database.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await connection.Command(sql).Execute(default);
    }

    private async Task<NpgsqlDataSource> Migrated()
    {
        var database = await storage.NewDatabase();
        await Migrations.Apply(database);
        return database;
    }
}
