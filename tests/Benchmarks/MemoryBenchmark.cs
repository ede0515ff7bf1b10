using System.Globalization;

namespace PRTS.Benchmarks;

internal static class MemoryBenchmark
{
    /// <summary>Resident memory after some time without work, one build having run before.</summary>
    public static async Task Idle(Installation prts, Figures figures, int seconds)
    {
        var processes = await prts.Processes();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        foreach (var (role, limit) in new[] { ("agent", 100), ("server", 300) })
        {
            var (resident, share) = Memory(processes[role]);
            figures.Add($"idle memory, {role}", string.Create(CultureInfo.InvariantCulture, $"{resident:0} MB resident, {share:0} MB its share"), $"≤ {limit} MB");
        }
    }

    /// <summary>MB: all resident pages, and the same with each page that n processes map counted as an n-th (proc(5), smaps_rollup: Rss, Pss).</summary>
    private static (double Resident, double Share) Memory(int pid)
    {
        var lines = File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/smaps_rollup"));
        return (Of("Rss:"), Of("Pss:"));

        double Of(string name) => lines.First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kilobytes, ..]
            ? long.Parse(kilobytes, CultureInfo.InvariantCulture) * 1.024e-3
            : throw new FormatException($"{name} of process {pid} is not as expected.");
    }
}
