using System.Buffers;
using PRTS.Contracts.Logs;

namespace PRTS.Grains.Logs;

/// <summary>A run of a log's bytes in pooled memory. Small at first: many logs never have much to say.</summary>
internal sealed class LogBuffer(long offset, long newLines, int capacity) : IDisposable
{
    public const int MaxLength = 1 << 20;
    public const int SmallCapacity = 64 * 1024;
    private readonly List<LogMark> marks = [];
    private byte[] bytes = ArrayPool<byte>.Shared.Rent(capacity);

    public long Offset => offset;

    /// <summary>Line feeds before <see cref="Offset"/>.</summary>
    public long NewLines => newLines;

    public int Length { get; private set; }

    public bool Full => Length == MaxLength;

    public IReadOnlyList<LogMark> Marks => marks;

    public ReadOnlyMemory<byte> Bytes => bytes.AsMemory(0, Length);

    /// <summary>Takes as much as there is room for, and says how much that was.</summary>
    public int Append(ReadOnlySpan<byte> more, long atMs)
    {
        var taken = Math.Min(more.Length, MaxLength - Length);
        if (Length + taken > bytes.Length) Grow(Length + taken);
        more[..taken].CopyTo(bytes.AsSpan(Length));
        if (marks.Count == 0 || marks[^1].AtMs != atMs) marks.Add(new(offset + Length, atMs));
        Length += taken;
        return taken;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        Length = 0;
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(MaxLength, Math.Max(needed, bytes.Length * 2)));
        bytes.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }
}
