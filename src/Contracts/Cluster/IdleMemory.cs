using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace PRTS.Contracts.Cluster;

/// <summary>
/// Gives memory back while there is little to do. The collector keeps what a busy minute or the start needed, because it might be needed
/// again; on a machine that builds software others need it more. docs/benchmarks.md has the figures.
/// </summary>
public sealed partial class IdleMemory(TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    /// <summary>Bytes: who allocates less in <see cref="Every"/> is idle.</summary>
    private const long Little = 32 << 20;

    /// <summary>Bytes: what is less is not worth a collection, nor is less than half of what lives.</summary>
    private const long Least = 8 << 20;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        // What the start needed goes at the first quiet moment, however little it was.
        var (last, trimmed, worth) = (0L, 0L, 0L);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var allocated = GC.GetTotalAllocatedBytes();
            if (allocated - last < Little && allocated - trimmed >= worth)
            {
                Trim();
                (trimmed, worth) = (allocated, Math.Max(Least, GC.GetTotalMemory(forceFullCollection: false) / 2));
            }

            last = allocated;
        }
    }

    private static void Trim()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (!OperatingSystem.IsLinux()) return;
        _ = MallocTrim(0);
        DropMetadata();
    }

    /// <summary>
    /// The runtime maps assemblies a second time, shared and read-only, to read their metadata, most of it once, when a type is loaded.
    /// Such pages can be dropped at any time: who touches one finds it in the system's file cache.
    /// </summary>
    private static void DropMetadata()
    {
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            // "7f47a8600000-7f47a94db000 r--s 00000000 fe:00 350922   /usr/share/…/System.Private.CoreLib.dll"
            if (!line.EndsWith(".dll", StringComparison.Ordinal) || !line.Contains(" r--s ", StringComparison.Ordinal)) continue;
            var range = line.AsSpan(0, line.IndexOf(' ', StringComparison.Ordinal));
            var dash = range.IndexOf('-');
            var start = nint.Parse(range[..dash], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var end = nint.Parse(range[(dash + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            _ = MemoryAdvise(start, (nuint)(end - start), DontNeed);
        }
    }

    private const int DontNeed = 4;

    /// <summary>glibc: returns freed memory of all its arenas, the JIT compiler's among them, to the system.</summary>
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nint pad);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(nint start, nuint bytes, int advice);
}
