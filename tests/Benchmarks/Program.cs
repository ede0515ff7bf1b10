using PRTS.Benchmarks;
using PRTS.Tests;

// Real processes, started as users start them; docs/benchmarks.md explains each figure.
string[] all = ["plan", "audit", "mask", "memory", "push", "job", "matrix", "unchanged", "container", "lines", "throughput"];
if (args.FirstOrDefault(argument => argument != "--quick" && !all.Contains(argument, StringComparer.Ordinal)) is { } unknown)
{
    await Console.Error.WriteLineAsync($"'{unknown}' is no benchmark. ./prts bench [--quick] runs all of them, ./prts bench [--quick] NAME one: {string.Join(", ", all)}.");
    return 2;
}

var quick = args.Contains("--quick", StringComparer.Ordinal);
var only = args.FirstOrDefault(argument => !argument.StartsWith('-'));
var figures = new Figures();
if (Wanted("plan"))
    PipelineBenchmarks.Plan(figures, quick ? 20 : 100);
if (Wanted("audit"))
    await AuditBenchmarks.Record(figures, quick ? 200 : 2000);
if (Wanted("mask"))
{
    MaskBenchmark.Masker(figures, quick ? 10 : 50);
    MaskBenchmark.Secrets(figures, quick ? 5 : 20);
    await MaskBenchmark.Supervisor(figures, Path.Combine(Installation.Checkout(), "out/supervisor/prts-supervisor"), quick ? 5 : 20);
}
if (only is "plan" or "audit" or "mask")
{
    // These need no installation.
    figures.Print();
    return 0;
}

await using var engine = Wanted("container") ? new EngineFixture() : null;
if (engine is not null)
    await engine.InitializeAsync();
await using (var prts = await Installation.Start(Installation.Checkout(), slots: 20, engine is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["PRTS_CONTAINERS"] = "unix://" + engine.Socket }))
{
    if (Wanted("memory"))
        await MemoryBenchmark.Idle(prts, figures, quick ? 20 : 60);
    if (Wanted("push"))
        await JobBenchmarks.PushToStep(prts, figures, quick ? 15 : 105);
    if (Wanted("job"))
        await JobBenchmarks.Overhead(prts, figures, quick ? 15 : 100);
    if (Wanted("matrix"))
        await PipelineBenchmarks.Matrix(prts, figures, quick ? 3 : 10);
    if (Wanted("unchanged"))
        await PipelineBenchmarks.Unchanged(prts, figures, quick ? 5 : 20);
    if (engine is not null)
        await ContainerBenchmarks.Overhead(prts, engine, figures, quick ? 10 : 40);
    if (Wanted("lines"))
        await LogBenchmarks.ToBrowser(prts, figures);
    if (Wanted("throughput"))
        await LogBenchmarks.Throughput(prts, figures, quick ? 200 : 1000);
}

figures.Print();
return 0;

bool Wanted(string name) => only is null || only == name;
