using System.Globalization;

namespace PRTS.Benchmarks;

/// <summary>What was measured, beside what is asked for.</summary>
internal sealed class Figures
{
    private readonly List<(string Name, string Value, string Target)> rows = [];

    public static double Percentile(IReadOnlyList<double> values, double percent)
    {
        var sorted = values.Order().ToList();
        return sorted[Math.Clamp((int)Math.Ceiling(percent / 100 * sorted.Count) - 1, 0, sorted.Count - 1)];
    }

    public void Distribution(string name, IReadOnlyList<double> milliseconds, string target) => Add(
        name,
        string.Create(CultureInfo.InvariantCulture, $"p50 {Percentile(milliseconds, 50):0.0} ms, p99 {Percentile(milliseconds, 99):0.0} ms, n {milliseconds.Count}"),
        target);

    public void Add(string name, string value, string target)
    {
        rows.Add((name, value, target));
        Console.WriteLine($"  {name}: {value}");
    }

    public void Print()
    {
        Console.WriteLine();
        Console.WriteLine("| measured | result | asked for |");
        Console.WriteLine("|---|---|---|");
        foreach (var (name, value, target) in rows)
            Console.WriteLine($"| {name} | {value} | {target} |");
    }
}
