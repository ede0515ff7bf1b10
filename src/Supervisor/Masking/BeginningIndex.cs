using System.Numerics;
using System.Runtime.CompilerServices;

namespace PRTS.Supervisor.Masking;

/// <summary>Which needles begin with four bytes: a table of bits tells almost always that none does, buckets tell which.</summary>
internal sealed class BeginningIndex
{
    private const int SmallestBits = 15;
    private const int LargestBits = 23;

    /// <summary>Of the bits at most one in so many is set.</summary>
    private const int Sparsity = 32;
    private const uint Spread = 0x9E3779B1;

    private readonly byte[] bits;
    private readonly int shift;
    private readonly int[] buckets;
    private readonly int bucketShift;
    private readonly uint[] keys;
    private readonly int[] values;

    /// <param name="beginnings">Sets of bytes, the first in the highest bits, and what begins with them.</param>
    public BeginningIndex(IReadOnlyList<(uint Beginning, int Value)> beginnings)
    {
        var prefixes = new HashSet<uint>();
        foreach (var (beginning, _) in beginnings)
        {
            prefixes.Add(beginning);
            for (var length = 1; length < Beginnings.Length; length++)
                prefixes.Add(Shortened(beginning >> (8 * (Beginnings.Length - length)), length));
        }
        var size = Math.Clamp(BitOperations.Log2((uint)Math.Max(1, prefixes.Count) * Sparsity) + 1, SmallestBits, LargestBits);
        (bits, shift) = (new byte[1 << (size - 3)], 32 - size);
        foreach (var prefix in prefixes)
        {
            var hash = Hash(prefix) >> shift;
            bits[hash >> 3] |= (byte)(1 << (int)(hash & 7));
        }

        var bucketBits = BitOperations.Log2((uint)Math.Max(1, beginnings.Count)) + 1;
        bucketShift = 32 - bucketBits;
        buckets = new int[(1 << bucketBits) + 1];
        foreach (var (beginning, _) in beginnings)
            buckets[Bucket(beginning) + 1]++;
        for (var i = 1; i < buckets.Length; i++)
            buckets[i] += buckets[i - 1];
        (keys, values) = (new uint[beginnings.Count], new int[beginnings.Count]);
        var next = buckets.AsSpan(0, buckets.Length - 1).ToArray();
        foreach (var (beginning, value) in beginnings)
        {
            var place = next[Bucket(beginning)]++;
            (keys[place], values[place]) = (beginning, value);
        }
    }

    /// <summary>The table and the shift of <see cref="Hash"/> that finds a bit in it, for the loop over all bytes.</summary>
    public (byte[] Bits, int Shift) Table => (bits, shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(uint beginning) => beginning * Spread;

    /// <summary>False: nothing begins with so many bytes, which are fewer than four.</summary>
    public bool MayBegin(uint bytes, int length)
    {
        var hash = Hash(Shortened(bytes, length)) >> shift;
        return (bits[hash >> 3] >> (int)(hash & 7) & 1) != 0;
    }

    /// <summary>What begins with four bytes: the places among <see cref="Find"/>'s answers.</summary>
    public Range BucketOf(uint beginning) => buckets[Bucket(beginning)]..buckets[Bucket(beginning) + 1];

    /// <summary>The value at a place of a bucket; -1: it has another beginning.</summary>
    public int Find(int place, uint beginning) => keys[place] == beginning ? values[place] : -1;

    private int Bucket(uint beginning) => (int)(Hash(beginning) >> bucketShift);

    /// <summary>A shorter beginning among those of four bytes.</summary>
    private static uint Shortened(uint bytes, int length) => bytes ^ ((uint)length << 30 | 0x2AAAAAAAu);
}
