using System.Reflection;
using System.Runtime.InteropServices;

namespace PRTS.Fuzz.Tests.Loop;

/// <summary>
/// The map that instrumented code counts its edges in, and which of them were ever seen. How often an edge is passed counts in powers of two,
/// as in AFL: a loop that turns twice is new, one that turns 1,001 times instead of 1,000 is not.
/// </summary>
internal sealed unsafe class Coverage
{
    private const int Size = 1 << 16;

    /// <summary>By reflection: SharpFuzz takes an assembly that refers to this type for one that is instrumented already, and the planted reader is in this one.</summary>
    private static readonly Type Trace = Assembly.Load("SharpFuzz.Common").GetType("SharpFuzz.Common.Trace", throwOnError: true)!;
    private static readonly FieldInfo PreviousLocation = Trace.GetField("PrevLocation")!;
    // Never freed: threads that still run may count on.
    private readonly byte* map = (byte*)NativeMemory.AlignedAlloc(Size, 64);
    private readonly byte[] seen = new byte[Size];

    public Coverage()
    {
        Trace.GetField("SharedMem")!.SetValue(null, Pointer.Box(map, typeof(byte*)));
        Clear();
    }

    /// <summary>Different edges so far.</summary>
    public int Edges { get; private set; }

    public void Clear()
    {
        new Span<byte>(map, Size).Clear();
        PreviousLocation.SetValue(null, 0);
    }

    /// <summary>Notes what the last execution did.</summary>
    /// <returns>Whether something of it is new.</returns>
    public bool Merge()
    {
        var isNew = false;
        var words = new ReadOnlySpan<ulong>(map, Size / 8);
        for (var word = 0; word < words.Length; word++)
        {
            if (words[word] == 0) continue;
            for (var at = word * 8; at < (word * 8) + 8; at++)
            {
                if (map[at] == 0) continue;
                var bucket = (byte)(1 << Math.Min(7, (int)uint.Log2(map[at])));
                if ((seen[at] & bucket) != 0) continue;
                if (seen[at] == 0) Edges++;
                seen[at] |= bucket;
                isNew = true;
            }
        }

        return isNew;
    }
}
