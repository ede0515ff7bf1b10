using Microsoft.Win32.SafeHandles;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor;

/// <summary>
/// Writes the log to segment files and deletes those that are durable elsewhere. Appending blocks while too much is unacknowledged
/// or the disk is full: the pipe fills, the step waits, no byte is lost.
/// </summary>
internal sealed class Spool(string directory, long limit, long segmentSize, TimeProvider clock, Bell bell) : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(250);
    private readonly object gate = new();
    private readonly Lock appending = new();
    private readonly byte[] indexEntry = new byte[SpoolFiles.IndexEntrySize];
    private SafeFileHandle? segment;
    private SafeFileHandle? index;
    private long segmentStart;
    private long indexLength;
    private long lastTimestamp;
    private long length;
    private long durable;
    private bool abandoned;

    public long Length => Volatile.Read(ref length);

    /// <summary>In one piece, whoever else appends.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (appending)
        {
            while (!bytes.IsEmpty && WaitForRoom())
            {
                var part = bytes;
                if (TryWrite(ref part))
                    bytes = bytes[part.Length..];
                else
                    WaitForDisk();
            }
        }
    }

    /// <summary>All before the offset is durable elsewhere.</summary>
    public void Acknowledge(long offset)
    {
        lock (gate)
        {
            durable = Math.Max(durable, Math.Min(offset, length));
            Monitor.PulseAll(gate);
        }
        var segments = SpoolFiles.Segments(directory);
        for (var i = 0; i + 1 < segments.Count && segments[i + 1] <= durable; i++)
        {
            // In this order: where there is a segment, there is its index.
            File.Delete(Path.Combine(directory, SpoolFiles.SegmentName(segments[i])));
            File.Delete(Path.Combine(directory, SpoolFiles.IndexName(segments[i])));
        }
    }

    /// <summary>Nobody will read on: appended bytes are thrown away.</summary>
    public void Abandon()
    {
        lock (gate)
        {
            abandoned = true;
            Monitor.PulseAll(gate);
        }
    }

    public void Dispose()
    {
        segment?.Dispose();
        index?.Dispose();
    }

    private bool WaitForRoom()
    {
        lock (gate)
        {
            if (length - durable >= limit && !abandoned)
            {
                bell.Ring(spool: SpoolState.Full);
                while (length - durable >= limit && !abandoned)
                    Monitor.Wait(gate);
                bell.Ring(spool: SpoolState.Flowing);
            }
            return !abandoned;
        }
    }

    private void WaitForDisk()
    {
        bell.Ring(spool: SpoolState.DiskFull);
        lock (gate)
        {
            if (!abandoned)
                Monitor.Wait(gate, RetryAfter);
        }
    }

    /// <summary>Writes as much as fits into the segment. What a failed write left behind is written over: the length has not moved.</summary>
    private bool TryWrite(ref ReadOnlySpan<byte> part)
    {
        try
        {
            var file = CurrentSegment();
            part = part[..(int)Math.Min(part.Length, segmentStart + segmentSize - length)];
            WriteIndex();
            RandomAccess.Write(file, part, length - segmentStart);
        }
        catch (IOException)
        {
            return false;
        }
        Volatile.Write(ref length, length + part.Length);
        bell.Ring(logLength: length, spool: SpoolState.Flowing);
        return true;
    }

    private SafeFileHandle CurrentSegment()
    {
        if (segment is not null && index is not null && length < segmentStart + segmentSize)
            return segment;
        segment?.Dispose();
        index?.Dispose();
        Directory.CreateDirectory(directory, Private | UnixFileMode.UserExecute);
        index = Create(SpoolFiles.IndexName(length));
        segment = Create(SpoolFiles.SegmentName(length));
        segmentStart = length;
        indexLength = 0;
        lastTimestamp = -1;
        return segment;
    }

    private void WriteIndex()
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (now == lastTimestamp)
            return;
        SpoolFiles.WriteIndexEntry(indexEntry, length, now);
        RandomAccess.Write(index!, indexEntry, indexLength);
        indexLength += SpoolFiles.IndexEntrySize;
        lastTimestamp = now;
    }

    private SafeFileHandle Create(string name)
    {
        var path = Path.Combine(directory, name);
        // A file that is there was left by a failed attempt to begin this very segment.
        File.Delete(path);
        var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        File.SetUnixFileMode(handle, Private);
        return handle;
    }
}
