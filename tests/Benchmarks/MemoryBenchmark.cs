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
            var resident = Commands.ResidentMiB(processes[role]) * 1.048576;
            figures.Add($"idle memory, {role}", string.Create(CultureInfo.InvariantCulture, $"{resident:0} MB"), $"≤ {limit} MB");
        }
    }
}
