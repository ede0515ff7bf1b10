using System.Numerics;

namespace PRTS.Audit.Merkle;

/// <summary>
/// A tree that grows and of which only the right-hand edge is kept: the roots of the complete subtrees, the largest first, one for each bit
/// that is set in the size. Enough to append and to know the root; 32 bytes for each doubling of the log.
/// </summary>
public sealed class MerkleFrontier
{
    private readonly List<MerkleHash> peaks = [];

    /// <summary>Leaves.</summary>
    public long Size { get; private set; }

    public MerkleHash Root
    {
        get
        {
            if (peaks.Count == 0) return MerkleHash.Empty;
            var root = peaks[^1];
            for (var at = peaks.Count - 2; at >= 0; at--) root = MerkleHash.Node(peaks[at], root);
            return root;
        }
    }

    public void Append(MerkleHash leaf)
    {
        for (var rest = Size; (rest & 1) == 1; rest >>= 1)
        {
            leaf = MerkleHash.Node(peaks[^1], leaf);
            peaks.RemoveAt(peaks.Count - 1);
        }

        peaks.Add(leaf);
        Size++;
    }

    /// <summary>The peaks, one after another.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[peaks.Count * MerkleHash.Length];
        foreach (var (index, peak) in peaks.Index()) peak.CopyTo(bytes.AsSpan(index * MerkleHash.Length));
        return bytes;
    }

    /// <param name="size">Leaves.</param>
    /// <param name="bytes">As <see cref="ToArray"/> gave them.</param>
    /// <exception cref="FormatException">The bytes are not those of a tree of this size.</exception>
    public static MerkleFrontier From(long size, ReadOnlySpan<byte> bytes)
    {
        if (size < 0 || bytes.Length != BitOperations.PopCount((ulong)size) * MerkleHash.Length) throw new FormatException($"A tree of {size} leaves has another frontier than {bytes.Length} bytes.");
        var frontier = new MerkleFrontier { Size = size };
        for (; bytes.Length > 0; bytes = bytes[MerkleHash.Length..]) frontier.peaks.Add(new MerkleHash(bytes[..MerkleHash.Length]));
        return frontier;
    }
}
