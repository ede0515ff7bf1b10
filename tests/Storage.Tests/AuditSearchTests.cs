using PRTS.Audit;
using PRTS.Storage.Audit;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Tests;

/// <summary>Finding, filtering and streaming.</summary>
public sealed class AuditSearchTests(StorageFixture storage)
{
    private readonly ManualTime time = ManualTime.Start;
    private readonly AuditEntries entries = new(storage.Database);
    private readonly string tenant = $"t{Guid.NewGuid():N}";

    [Fact]
    public async Task Find_AnyFilter_GivesWhatPassesNewestFirst()
    {
        await Write();
        await Passes(new(), [6, 5, 4, 3, 2, 1]);
        await Passes(new() { Actor = "BOB" }, [4, 3]);
        await Passes(new() { Actor = "bo" }, []);
        await Passes(new() { Action = "variable" }, [3, 2, 1]);
        await Passes(new() { Action = "variable:set" }, [2, 1]);
        await Passes(new() { Action = "%" }, []);
        await Passes(new() { Target = "user" }, [6, 4]);
        await Passes(new() { Target = "user:eve" }, [4]);
        await Passes(new() { Project = "demo" }, [5, 3, 2, 1]);
        await Passes(new() { Project = "demo/Hello" }, [3, 1]);
        await Passes(new() { Project = "dem" }, []);
        await Passes(new() { Outcome = AuditOutcome.Denied }, [4]);
        await Passes(new() { Outcome = AuditOutcome.Failed }, [6]);
        await Passes(new() { From = ManualTime.Start.Now.AddHours(2), To = ManualTime.Start.Now.AddHours(4) }, [3, 2]);
        await Passes(new() { Action = "variable", Actor = "ann", Project = "demo/world" }, [2]);
        // A tenant's log is its own.
        Assert.Empty((await entries.Find($"{tenant}x", new(), null, 10)).Items);
    }

    [Theory]
    [InlineData("europe", new long[] { 2 })]
    [InlineData("EURO", new long[] { 2 })]
    [InlineData("rope", new long[0])]
    [InlineData("eu west", new long[] { 2 })]
    [InlineData("lacks account:manage", new long[] { 4 })]
    [InlineData("192.0.2.9", new long[] { 6, 5, 4, 3, 2, 1 })]
    [InlineData("张三", new long[] { 6 })]
    [InlineData("'):* | !", new long[] { 6, 5, 4, 3, 2, 1 })]
    [InlineData("ann' | 'bob", new long[0])]
    public async Task Find_ByText_GivesEntriesWithAllTheWords(string text, long[] expected)
    {
        await Write();
        await Passes(new() { Text = text }, expected);
    }

    [Fact]
    public async Task Find_PartByPart_GivesEachOnceWhileTheLogGrows()
    {
        await Write();
        var seen = new List<long>();
        long? before = null;
        do
        {
            var page = await entries.Find(tenant, new() { Project = "demo" }, before, 2);
            seen.AddRange(page.Items.Select(entry => entry.Sequence));
            await Write();
            before = page.Next;
        }
        while (before is not null);
        Assert.Equal([5, 3, 2, 1], seen);
    }

    [Fact]
    public async Task Stream_LongLog_IsWholeAndInOrder()
    {
        var log = new AuditLog(storage.Database, time);
        await Task.WhenAll(Enumerable.Range(0, 2300).Select(n => log.Record(Ann.Allowed("variable:set", AuditTarget.In("demo", n % 2 == 0 ? "even" : "odd", "variable", $"V{n}")))));
        Assert.Equal(Enumerable.Range(1, 2300).Select(n => (long)n), await Streamed(new(), 2300));
        Assert.Equal(Enumerable.Range(1, 1000).Select(n => (long)n), await Streamed(new(), 1000));
        Assert.Equal(1150, (await Streamed(new() { Project = "demo/odd" }, 2300)).Count);
    }

    /// <summary>A filter must not read the whole log: each is a range of an index.</summary>
    [Theory]
    [InlineData("actor = 'rare'", "audit_entries_by_actor")]
    [InlineData("action >= 'rare' and action < 'rare\U0010FFFF'", "audit_entries_by_action")]
    [InlineData("target >= 'rare' and target < 'rare\U0010FFFF'", "audit_entries_by_target")]
    [InlineData("scope <> '' and scope = 'rare/x'", "audit_entries_by_scope")]
    [InlineData("outcome = 'denied'", "audit_entries_refused")]
    [InlineData("at < '2000-01-01'", "audit_entries_by_time")]
    [InlineData("words @@ '''rare'':*'::tsquery", "audit_entries_by_words")]
    public async Task Indexes_AnyFilter_CanBeUsed(string condition, string index)
    {
        await using var database = await storage.NewDatabase();
        await Migrations.Apply(database);
        var log = new AuditLog(database, time);
        await Task.WhenAll(Enumerable.Range(0, 3000).Select(n => log.Record(Ann.Allowed("variable:set", AuditTarget.In("demo", "hello", "variable", $"V{n}"), after: new() { ["value"] = $"value {n}" }))));
        await database.Command("vacuum analyze audit_entries").Execute(default);
        var plan = string.Join('\n', await database.Command($"explain select entry from audit_entries where tenant = '{tenant}' and {condition} order by sequence desc limit 51").All(row => row.GetString(0), default));
        Assert.Contains(index, plan, StringComparison.Ordinal);
    }

    private AuditSource Ann => new(tenant, new(AuditActorKind.User, "7", "Ann"), new(AuditVia.Api, "192.0.2.9"));

    private async Task Write()
    {
        var log = new AuditLog(storage.Database, time);
        var bob = Ann with { Actor = new(AuditActorKind.User, "8", "bob") };
        AuditEntry[] all =
        [
            Ann.Allowed("variable:set", AuditTarget.In("demo", "hello", "variable", "REGION")),
            Ann.Allowed("variable:set", AuditTarget.In("demo", "world", "variable", "REGION"), new() { ["value"] = "Europe" }, new() { ["value"] = "eu-west-1" }),
            bob.Allowed("variable:remove", AuditTarget.In("demo", "hello", "variable", "REGION")),
            bob.Denied("user:change", new("user", "9", "Eve"), "bob lacks the permission account:manage"),
            Ann.Allowed("org:change", new("org", "demo", null, "demo")),
            Ann.Failed("user:create", new("user", "10", "张三"), "There is one of that name."),
        ];
        foreach (var entry in all)
        {
            time.Now = time.Now.AddHours(1);
            await log.Record(entry);
        }
    }

    private async Task Passes(AuditFilter filter, long[] expected) => Assert.Equal(expected, (await entries.Find(tenant, filter, null, 50)).Items.Select(entry => entry.Sequence));

    private async Task<List<long>> Streamed(AuditFilter filter, long last)
    {
        var all = new List<long>();
        await foreach (var entry in entries.Stream(tenant, filter, last)) all.Add(entry.Sequence);
        return all;
    }
}
