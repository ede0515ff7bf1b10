using System.Runtime.InteropServices;

namespace PRTS.Supervisor.Masking;

/// <summary>What is to be masked: parts of a text in their order, none touching another.</summary>
internal sealed class Hidden
{
    private readonly List<(int Start, int End)> parts = [];

    public ReadOnlySpan<(int Start, int End)> Parts => CollectionsMarshal.AsSpan(parts);

    public void Clear() => parts.Clear();

    public void Add(int start, int end)
    {
        // Almost always it is the last one.
        var after = parts.Count;
        while (after > 0 && parts[after - 1].Start > end)
            after--;
        var first = after;
        while (first > 0 && parts[first - 1].End >= start)
        {
            first--;
            (start, end) = (Math.Min(start, parts[first].Start), Math.Max(end, parts[first].End));
        }
        parts.RemoveRange(first, after - first);
        parts.Insert(first, (start, end));
    }

    /// <summary>The text begins later by so many bytes, and what ended before a position is over.</summary>
    public void Forget(int gone, int position)
    {
        var over = 0;
        while (over < parts.Count && parts[over].End - gone <= position)
            over++;
        parts.RemoveRange(0, over);
        foreach (ref var part in CollectionsMarshal.AsSpan(parts))
            part = (part.Start - gone, part.End - gone);
    }
}
