using PRTS.Contracts.Logs;

namespace PRTS.Grains.Logs;

/// <summary>
/// The end of a log that is not durable yet: at most eight full megabytes that wait to be sealed and one that fills. Knows nothing of
/// stores and time.
/// </summary>
internal sealed class UnsealedLog(long durable, long newLines)
{
    public const int MaxFull = 8;
    private readonly Queue<LogBuffer> full = new();
    private LogBuffer? filling;
    private int capacity = LogBuffer.SmallCapacity;

    /// <summary>All before this is held.</summary>
    public long Received { get; private set; } = durable;

    /// <summary>Line feeds before <see cref="Received"/>.</summary>
    public long NewLines { get; private set; } = newLines;

    /// <summary>All before this is sealed.</summary>
    public long Durable { get; private set; } = durable;

    /// <summary>Line feeds before <see cref="Durable"/>.</summary>
    private long DurableNewLines { get; set; } = newLines;

    public bool HasRoom => filling is not { Full: true } || full.Count < MaxFull;

    /// <summary>What waits to be sealed, in order. Sealing all of it at once is what keeps up with a job that writes faster than a disk can flush.</summary>
    public IReadOnlyCollection<LogBuffer> Waiting => full;

    /// <summary>There are bytes that do not yet wait to be sealed.</summary>
    public bool IsFilling => filling is { Length: > 0 };

    /// <summary>Takes what there is room for, and says how much that was.</summary>
    public int Append(ReadOnlySpan<byte> bytes, long atMs)
    {
        var taken = 0;
        while (taken < bytes.Length && HasRoom)
        {
            if (filling is { Full: true }) Rotate();
            filling ??= new(Received, NewLines, capacity);
            var now = filling.Append(bytes[taken..], atMs);
            // Span.Count is vectorised.
            NewLines += bytes.Slice(taken, now).Count((byte)'\n');
            Received += now;
            taken += now;
        }

        if (filling is { Full: true } && full.Count < MaxFull) Rotate();
        return taken;
    }

    /// <summary>What fills now is to be sealed, full or not; false when the queue has no room for it.</summary>
    public bool Rotate()
    {
        if (!IsFilling) return true;
        if (full.Count >= MaxFull) return false;
        capacity = filling!.Full ? LogBuffer.MaxLength : LogBuffer.SmallCapacity;
        full.Enqueue(filling);
        filling = null;
        return true;
    }

    /// <summary>The first buffers of <see cref="Waiting"/> are durable.</summary>
    public void Sealed(int count)
    {
        for (; count > 0; count--)
        {
            using var done = full.Dequeue();
            Durable = done.Offset + done.Length;
        }

        DurableNewLines = full.TryPeek(out var next) ? next.NewLines : filling?.NewLines ?? NewLines;
    }

    public LogTail Tail(bool closed)
    {
        var bytes = new byte[Received - Durable];
        Copy(Durable, bytes);
        return new()
        {
            Offset = Durable,
            Bytes = bytes,
            NewLines = DurableNewLines,
            Marks = [.. Buffers().SelectMany(buffer => buffer.Marks)],
            Closed = closed,
        };
    }

    /// <summary>A copy of the bytes from there to the end and the line feeds before them; null when they are sealed already.</summary>
    public (byte[] Bytes, long NewLines)? From(long offset)
    {
        if (offset < Durable) return null;
        var bytes = new byte[Received - offset];
        Copy(offset, bytes);
        return (bytes, NewLines - bytes.AsSpan().Count((byte)'\n'));
    }

    private void Copy(long offset, Span<byte> to)
    {
        foreach (var buffer in Buffers())
        {
            var skip = (int)Math.Clamp(offset - buffer.Offset, 0, buffer.Length);
            if (skip == buffer.Length) continue;
            buffer.Bytes.Span[skip..].CopyTo(to[(int)(buffer.Offset + skip - offset)..]);
        }
    }

    private IEnumerable<LogBuffer> Buffers() => filling is null ? full : full.Append(filling);
}
