using System.Text;
using Npgsql;
using PRTS.Audit;
using PRTS.Audit.Checkpoints;
using PRTS.Audit.Export;
using PRTS.Audit.Merkle;
using PRTS.Audit.Verification;
using PRTS.Storage.Audit;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Tests.Secrets;

namespace PRTS.Storage.Tests;

/// <summary>Each in a database of its own, for who is due is asked of all tenants.</summary>
public sealed class AuditCheckpointsTests(StorageFixture storage) : IAsyncLifetime
{
    private readonly ManualTime time = ManualTime.Start;
    private readonly string home = Directory.CreateTempSubdirectory("prts-audit-").FullName;
    private NpgsqlDataSource database = null!;
    private Keyring keyring = null!;
    private SecretsServer server = null!;

    private AuditEntries Entries => new(database);

    private AuditCheckpoints Checkpoints => new(database, Entries, new SettingsAuditKey(server.Settings), time);

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
    public async Task Now_Asked_IsSignedOnceForASize()
    {
        var none = await Checkpoints.Now("acme");
        Assert.Equal((0, true), (none.Size, none.IsSigned));
        await Write("acme", 5);
        var five = await Checkpoints.Now("acme");
        time.Now = time.Now.AddDays(1);
        Assert.Equal(five.Text, (await Checkpoints.Now("acme")).Text);
        Assert.Equal((5, true, ManualTime.Start.Now), (five.Size, five.IsSigned, five.At));
        await Write("acme", 1);
        Assert.Equal((6, five.Key), ((await Checkpoints.Now("acme")).Size, (await Checkpoints.Now("acme")).Key));
    }

    [Fact]
    public async Task Now_ManyServersAtOnce_AgreeOnOne()
    {
        await Write("acme", 20);
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Checkpoints.Now("acme"))));
        Assert.Single(all.Select(checkpoint => checkpoint.Text).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task MakeDue_AfterManyEntriesOrSomeTime_SignsWhatChanged()
    {
        await Write("few", 3);
        await Write("many", AuditCheckpoints.EveryEntries);
        Assert.Equal(["many"], (await Checkpoints.MakeDue()).Made.Select(checkpoint => checkpoint.Tenant));
        time.Now += AuditCheckpoints.Every;
        Assert.Equal(["few"], (await Checkpoints.MakeDue()).Made.Select(checkpoint => checkpoint.Tenant));
        time.Now += AuditCheckpoints.Every;
        Assert.Empty((await Checkpoints.MakeDue()).Made);
        await Write("few", 1);
        Assert.Empty((await Checkpoints.MakeDue()).Made);
        time.Now += AuditCheckpoints.Every;
        Assert.Equal(4, (await Checkpoints.MakeDue()).Made.Single().Size);
    }

    [Fact]
    public async Task Export_OfTheLog_IsProvenByACheckpointKeptElsewhere()
    {
        await Write("acme", 40);
        var kept = await Checkpoints.Now("acme");
        await Write("acme", 25);
        using var file = await Export("acme");
        var verdict = ExportVerifier.Verify(file, [kept], []);
        Assert.Null(verdict.Fault);
        Assert.Equal((65, 40), (verdict.Entries, verdict.Proven.Single().Size));
    }

    /// <summary>Whoever is master of the database can take the triggers away. What then happens is seen when the next checkpoint is due, and by whoever kept one.</summary>
    [Theory]
    [InlineData("update audit_entries set entry = convert_to(replace(convert_from(entry, 'UTF8'), 'Ann', 'Eve'), 'UTF8') where sequence = 12", "entry 12 was changed", AuditFaultKind.Changed, 12)]
    [InlineData("with forged as (select convert_to(replace(convert_from(entry, 'UTF8'), 'Ann', 'Eve'), 'UTF8') as entry from audit_entries where sequence = 12) update audit_entries set entry = forged.entry, hash = sha256('\\x00'::bytea || forged.entry) from forged where sequence = 12", "do not lead", AuditFaultKind.Root, 20)]
    [InlineData("delete from audit_entries where sequence = 12", "entry 12 was removed", AuditFaultKind.Missing, 12)]
    [InlineData("delete from audit_entries where sequence > 17", "entry 18 was removed", AuditFaultKind.Truncated, 18)]
    [InlineData("delete from audit_entries where sequence > 8; update audit_heads set size = 8, frontier = (select frontier from audit_checkpoints where size = 8)", "it has 8 entries, and had 10", AuditFaultKind.Truncated, 9)]
    public async Task Log_ChangedInTheDatabase_GetsNoCheckpointAndIsNotProven(string sql, string problem, AuditFaultKind kind, int line)
    {
        await Write("acme", 8);
        await Checkpoints.Now("acme");
        await Write("acme", 2);
        await Checkpoints.Now("acme");
        await Write("acme", 10);
        var kept = await Kept("acme");
        await using (var master = await database.OpenConnectionAsync())
        {
            await master.Command($"alter table audit_entries disable trigger all; alter table audit_heads disable trigger all; {sql}").Execute(default);
        }

        var damage = await Assert.ThrowsAsync<AuditDamagedException>(() => Checkpoints.Now("acme"));
        Assert.Contains(problem, damage.Message, StringComparison.Ordinal);
        Assert.Equal("acme", damage.Tenant);
        time.Now += AuditCheckpoints.Every;
        Assert.Contains(problem, Assert.Single((await Checkpoints.MakeDue()).Damaged).Message, StringComparison.Ordinal);

        using var file = await Export("acme");
        var fault = ExportVerifier.Verify(file, [kept], []).Fault;
        Assert.Equal((kind, line), (fault?.Kind, (int?)fault?.Line));
    }

    [Fact]
    public async Task Checkpoint_ExchangedInTheDatabase_IsNotContinued()
    {
        await Write("acme", 3);
        await Checkpoints.Now("acme");
        await Write("acme", 1);
        await database.Command("alter table audit_checkpoints disable trigger all; update audit_checkpoints set note = replace(note, 'time 2026', 'time 2027')").Execute(default);
        Assert.Contains("a checkpoint was changed", (await Assert.ThrowsAsync<AuditDamagedException>(() => Checkpoints.Now("acme"))).Message, StringComparison.Ordinal);
    }

    /// <summary>A checkpoint of the log as it is, of which the database knows nothing.</summary>
    private async Task<Checkpoint> Kept(string tenant)
    {
        var tree = new MerkleFrontier();
        await foreach (var entry in Entries.Stream(tenant, new(), long.MaxValue)) tree.Append(MerkleHash.Leaf(entry.Canonical));
        return await Checkpoint.Sign(tenant, tree.Size, tree.Root, time.Now, new SettingsAuditKey(server.Settings));
    }

    private async Task Write(string tenant, int count)
    {
        var source = new AuditSource(tenant, new(AuditActorKind.User, "7", "Ann"), new(AuditVia.Api, "192.0.2.7"));
        var log = new AuditLog(database, time);
        await Task.WhenAll(Enumerable.Range(0, count).Select(n => log.Record(source.Allowed("variable:set", AuditTarget.In("demo", "hello", "variable", $"V{n}")))));
    }

    /// <summary>As the endpoint does it; a damaged log has no closing checkpoint.</summary>
    private async Task<MemoryStream> Export(string tenant)
    {
        var file = new MemoryStream();
        await foreach (var entry in Entries.Stream(tenant, new(), long.MaxValue))
        {
            file.Write(AuditLine.Of(entry.Canonical, entry.Hash));
            file.WriteByte((byte)'\n');
        }

        try
        {
            file.Write([.. AuditLine.Of(await Checkpoints.Now(tenant)), (byte)'\n']);
        }
        catch (AuditDamagedException)
        {
            Assert.NotEqual(0, file.Length);
        }

        file.Position = 0;
        return file;
    }
}
