using System.Diagnostics;
using System.Globalization;
using PRTS.Audit;
using PRTS.Storage.Audit;
using PRTS.Storage.Postgres;
using PRTS.Tests;

namespace PRTS.Benchmarks;

internal static class AuditBenchmarks
{
    private const int Writers = 32;

    /// <summary>Entries into a PostgreSQL of its own, with fsync: one after another, and by many writers at once.</summary>
    public static async Task Record(Figures figures, int entries)
    {
        await using var postgres = new PostgresFixture { IsDurable = true };
        await postgres.InitializeAsync();
        await using var database = await postgres.NewDatabase();
        await Migrations.Apply(database);
        var log = new AuditLog(database, TimeProvider.System);
        for (var i = 0; i < 100; i++)
            await log.Record(Entry(i));

        var times = new List<double>();
        for (var i = 0; i < entries / 4; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await log.Record(Entry(i));
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        figures.Distribution("an audit entry, alone, on disk", times, "p50 ≤ 3 ms");

        var begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < entries / 4; i++)
                await log.Record(Entry(i));
        })));
        var rate = Writers * (entries / 4) / Stopwatch.GetElapsedTime(begun).TotalSeconds;
        figures.Add($"audit entries by {Writers} writers", string.Create(CultureInfo.InvariantCulture, $"{rate:0} a second"), "≥ 2,000 a second");
    }

    private static AuditEntry Entry(int n) => new AuditSource("bench", new(AuditActorKind.User, "0b7e4b0c-2f0f-4f8e-9d7b-4a6f1f6f3a11", "ann"), new(AuditVia.Cli, "192.0.2.7"), "0af7651916cd43dd8448eb211c80319c")
        .Allowed("variable:set", AuditTarget.In("demo", "hello", "variable", $"VARIABLE_{n}"), new() { ["value"] = "an old value" }, new() { ["value"] = $"a new value {n}" });
}
