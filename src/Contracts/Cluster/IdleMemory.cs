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

    /// <summary>Bytes: who allocates less in <see cref="Every"/> is idle, and what is less than that is not worth a collection.</summary>
    private const long Little = 32 << 20;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        var (last, trimmed) = (0L, 0L);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var allocated = GC.GetTotalAllocatedBytes();
            if (allocated - last < Little && allocated - trimmed >= Little)
            {
                Trim();
                trimmed = allocated;
            }

            last = allocated;
        }
    }

    private static void Trim()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (OperatingSystem.IsLinux())
            _ = MallocTrim(0);
    }

    /// <summary>glibc: returns freed memory of all its arenas, the JIT compiler's among them, to the system.</summary>
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nint pad);
}
