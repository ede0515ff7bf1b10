using System.Numerics;

namespace PRTS.Audit.Merkle;

/// <summary>
/// The whole tree of RFC 6962 (section 2.1), and the two proofs: that a leaf is in a tree, and that a tree goes on from a smaller one. Leaves are given as
/// their hashes, indices count from 0.
/// </summary>
public static class MerkleTree
{
    public static MerkleHash Root(ReadOnlySpan<MerkleHash> leaves)
    {
        if (leaves.Length == 0) return MerkleHash.Empty;
        if (leaves.Length == 1) return leaves[0];
        var cut = Split(leaves.Length);
        return MerkleHash.Node(Root(leaves[..cut]), Root(leaves[cut..]));
    }

    /// <summary>The hashes beside the way from the leaf to the root, from below.</summary>
    public static IReadOnlyList<MerkleHash> InclusionProof(ReadOnlySpan<MerkleHash> leaves, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, leaves.Length);
        var proof = new List<MerkleHash>();
        Way(leaves, index, proof);
        return proof;
    }

    /// <summary>Shows that the first <paramref name="size"/> leaves are the smaller tree's; empty when there is nothing to show.</summary>
    public static IReadOnlyList<MerkleHash> ConsistencyProof(ReadOnlySpan<MerkleHash> leaves, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, leaves.Length);
        var proof = new List<MerkleHash>();
        if (size > 0 && size < leaves.Length) Common(leaves, size, known: true, proof);
        return proof;
    }

    /// <summary>Whether the proof leads from the leaf to the root (RFC 9162, section 2.1.3.2).</summary>
    public static bool IsIncluded(MerkleHash leaf, long index, long size, IReadOnlyList<MerkleHash> proof, MerkleHash root)
    {
        if (index < 0 || index >= size) return false;
        var (node, last, hash) = (index, size - 1, leaf);
        foreach (var beside in proof)
        {
            if (last == 0) return false;
            if ((node & 1) == 1 || node == last)
            {
                hash = MerkleHash.Node(beside, hash);
                while ((node & 1) == 0 && node != 0) (node, last) = (node >> 1, last >> 1);
            }
            else
            {
                hash = MerkleHash.Node(hash, beside);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && hash == root;
    }

    /// <summary>Whether the proof shows that the larger tree goes on from the smaller (RFC 9162, section 2.1.4.2).</summary>
    public static bool IsConsistent(long oldSize, MerkleHash oldRoot, long size, MerkleHash root, IReadOnlyList<MerkleHash> proof)
    {
        if (oldSize < 0 || oldSize > size) return false;
        if (oldSize == size) return proof.Count == 0 && oldRoot == root;
        if (oldSize == 0) return proof.Count == 0 && oldRoot == MerkleHash.Empty;
        // The root of a complete tree is known to who has the old root, so the proof leaves it out.
        IReadOnlyList<MerkleHash> path = BitOperations.IsPow2(oldSize) ? [oldRoot, .. proof] : proof;
        if (path.Count == 0) return false;
        var (node, last) = (oldSize - 1, size - 1);
        while ((node & 1) == 1) (node, last) = (node >> 1, last >> 1);
        var (oldHash, hash) = (path[0], path[0]);
        foreach (var beside in path.Skip(1))
        {
            if (last == 0) return false;
            if ((node & 1) == 1 || node == last)
            {
                (oldHash, hash) = (MerkleHash.Node(beside, oldHash), MerkleHash.Node(beside, hash));
                while ((node & 1) == 0 && node != 0) (node, last) = (node >> 1, last >> 1);
            }
            else
            {
                hash = MerkleHash.Node(hash, beside);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && oldHash == oldRoot && hash == root;
    }

    private static void Way(ReadOnlySpan<MerkleHash> leaves, int index, List<MerkleHash> proof)
    {
        if (leaves.Length == 1) return;
        var cut = Split(leaves.Length);
        if (index < cut)
        {
            Way(leaves[..cut], index, proof);
            proof.Add(Root(leaves[cut..]));
        }
        else
        {
            Way(leaves[cut..], index - cut, proof);
            proof.Add(Root(leaves[..cut]));
        }
    }

    /// <param name="leaves">A subtree.</param>
    /// <param name="size">How many of its leaves are the smaller tree's.</param>
    /// <param name="known">Whether the smaller tree is all of what was cut off, so that its root need not be told.</param>
    /// <param name="proof">Is added to.</param>
    private static void Common(ReadOnlySpan<MerkleHash> leaves, int size, bool known, List<MerkleHash> proof)
    {
        if (size == leaves.Length)
        {
            if (!known) proof.Add(Root(leaves));
            return;
        }

        var cut = Split(leaves.Length);
        if (size <= cut)
        {
            Common(leaves[..cut], size, known, proof);
            proof.Add(Root(leaves[cut..]));
        }
        else
        {
            Common(leaves[cut..], size - cut, known: false, proof);
            proof.Add(Root(leaves[..cut]));
        }
    }

    /// <summary>The largest power of two below the count, which is at least 2.</summary>
    private static int Split(int count) => 1 << BitOperations.Log2((uint)count - 1);
}
