using PRTS.Benchmarks;

// Real processes, started as users start them; docs/benchmarks.md explains each figure.
var quick = args.Contains("--quick", StringComparer.Ordinal);
var only = args.FirstOrDefault(argument => !argument.StartsWith('-'));
var figures = new Figures();
await using (var prts = await Installation.Start(Installation.Checkout(), slots: 20))
{
    if (Wanted("memory"))
        await MemoryBenchmark.Idle(prts, figures, quick ? 20 : 60);
    if (Wanted("push"))
        await JobBenchmarks.PushToStep(prts, figures, quick ? 15 : 105);
    if (Wanted("job"))
        await JobBenchmarks.Overhead(prts, figures, quick ? 15 : 100);
    if (Wanted("lines"))
        await LogBenchmarks.ToBrowser(prts, figures);
    if (Wanted("throughput"))
        await LogBenchmarks.Throughput(prts, figures, quick ? 200 : 1000);
}

figures.Print();
return 0;

bool Wanted(string name) => only is null || only == name;
