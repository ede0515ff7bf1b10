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
    private const long Least = 2 << 20;

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
                allocated = trimmed = GC.GetTotalAllocatedBytes();
                worth = Math.Max(Least, GC.GetTotalMemory(forceFullCollection: false) / 2);
            }

            last = allocated;
        }
    }

    private static void Trim()
    {
        if (OperatingSystem.IsLinux()) DropFilePages();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (OperatingSystem.IsLinux()) _ = MallocTrim(0);
    }

    /// <summary>
    /// Lets go of pages that are copies of files: programs' code, and the assemblies' metadata, which is mapped a second time to be read. Much
    /// of it is needed once, at the start. Who touches a page again finds it in the system's file cache, without a read. Mappings in
    /// which a page differs from its file (a debugger's breakpoint) are left alone.
    /// </summary>
    private static void DropFilePages()
    {
        var range = default((nint Start, nuint Length)?);
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            // "7f47a8600000-7f47a94db000 r--s 00000000 fe:00 350922   /usr/share/…/System.Private.CoreLib.dll", then its "Private_Dirty:   0 kB" and the like.
            if (!line.EndsWith(" kB", StringComparison.Ordinal))
            {
                range = ReadOnlyFile(line);
            }
            else if (range is { } file && line.StartsWith("Private_Dirty:", StringComparison.Ordinal))
            {
                if (line.EndsWith(" 0 kB", StringComparison.Ordinal)) _ = MemoryAdvise(file.Start, file.Length, DontNeed);
                range = null;
            }
        }
    }

    private static (nint Start, nuint Length)? ReadOnlyFile(string line)
    {
        var name = line.IndexOf(" /", StringComparison.Ordinal);
        if (name < 0 || line.AsSpan(name).StartsWith(" /memfd:", StringComparison.Ordinal)) return null;
        if (!line.Contains(" r--s ", StringComparison.Ordinal) && !line.Contains(" r-xp ", StringComparison.Ordinal)) return null;
        var (dash, space) = (line.IndexOf('-', StringComparison.Ordinal), line.IndexOf(' ', StringComparison.Ordinal));
        var start = nint.Parse(line.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var end = nint.Parse(line.AsSpan(dash + 1, space - dash - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (start, (nuint)(end - start));
    }

    private const int DontNeed = 4;

    /// <summary>glibc: returns freed memory of all its arenas, the JIT compiler's among them, to the system.</summary>
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nint pad);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(nint start, nuint bytes, int advice);
}
