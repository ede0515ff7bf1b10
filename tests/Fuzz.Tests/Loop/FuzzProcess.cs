using System.Text.Json;
using PRTS.Fuzz.Tests.Targets;

namespace PRTS.Fuzz.Tests.Loop;

/// <summary>The process that searches.</summary>
internal static class FuzzProcess
{
    public const string Verb = "fuzz";

    /// <param name="json">A <see cref="FuzzOrder"/>.</param>
    public static int Run(string json)
    {
        var order = FuzzOrder.Parse(json);
        // Before any instrumented code runs.
        var coverage = new Coverage();
        using var guard = new Guard(order);
        var report = new FuzzLoop(AllTargets.Of(order.Target), order, coverage, guard).Run();
        File.WriteAllText(order.Report, JsonSerializer.Serialize(report));
        return 0;
    }
}
