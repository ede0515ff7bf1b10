using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using System.Text.Json;

namespace PRTS.Fuzz.Tests.Loop;

/// <summary>
/// Sees to what no exception tells: an input that takes too long or too much memory, and one that the process dies of, for which the input
/// lies in a file while it is read. Ends the process for one that takes too long, since it cannot be stopped otherwise.
/// </summary>
internal sealed class Guard : IDisposable
{
    /// <summary>For an input of at most 64 KiB.</summary>
    public const int LongestSeconds = 5;

    /// <summary>Even when the machine does other things all the time.</summary>
    private const int LongestWaitSeconds = 120;

    /// <summary>Allocated by one execution, whether it is freed at once or not.</summary>
    private const long MostAllocated = 1L << 30;

    /// <summary>Exit code of a process whose report names the input that took too long.</summary>
    public const int TookTooLong = 3;

    private readonly FuzzOrder order;
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor current;
    private readonly Timer timer;
    private long began;
    private long watched;
    private TimeSpan cpu;
    private long allocated;

    public Guard(FuzzOrder order)
    {
        this.order = order;
        file = MemoryMappedFile.CreateFromFile(order.Current, FileMode.Create, mapName: null, Mutator.Longest + sizeof(int));
        current = file.CreateViewAccessor();
        timer = new(_ => Look(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    public void Begin(byte[] input)
    {
        current.WriteArray(sizeof(int), input, 0, input.Length);
        current.Write(0, input.Length);
        allocated = GC.GetTotalAllocatedBytes();
        Volatile.Write(ref began, 0);
        Volatile.Write(ref began, Stopwatch.GetTimestamp());
    }

    /// <returns>What is wrong with the execution that ends.</returns>
    public Exception? End()
    {
        Volatile.Write(ref began, 0);
        var used = GC.GetTotalAllocatedBytes() - allocated;
        return used > MostAllocated ? new InsufficientMemoryException($"The input needs {used >> 20} MiB.") : null;
    }

    /// <summary>The input that the process of this folder read last.</summary>
    public static byte[] Read(string path)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        return reader.ReadBytes(reader.ReadInt32());
    }

    /// <summary>Processor time counts, so that a busy machine makes no finding.</summary>
    private void Look()
    {
        var since = Volatile.Read(ref began);
        var used = Process.GetCurrentProcess().TotalProcessorTime;
        if (since == 0 || since != watched)
        {
            (watched, cpu) = (since, used);
            return;
        }

        var took = Stopwatch.GetElapsedTime(since);
        if (took.TotalSeconds <= LongestSeconds || ((used - cpu).TotalSeconds < LongestSeconds - 1 && took.TotalSeconds < LongestWaitSeconds)) return;
        var report = new FuzzReport(0, 0, 0, 0, 0, 0, [new($"There is no answer after {took.TotalSeconds:F0} s ({(used - cpu).TotalSeconds:F1} s of processor time).", Read(order.Current))]);
        File.WriteAllText(order.Report, JsonSerializer.Serialize(report));
        Environment.Exit(TookTooLong);
    }

    public void Dispose()
    {
        timer.Dispose();
        current.Dispose();
        file.Dispose();
    }
}
