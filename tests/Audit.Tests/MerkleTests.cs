using CsCheck;
using PRTS.Audit.Merkle;

namespace PRTS.Audit.Tests;

/// <summary>The vectors are those published with the reference implementation of Certificate Transparency.</summary>
public sealed class MerkleTests
{
    private static readonly string[] Inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] Roots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    private static readonly MerkleHash[] Published = [.. Inputs.Select(input => MerkleHash.Leaf(Convert.FromHexString(input)))];

    private static readonly Gen<MerkleHash[]> Leaves = Gen.Int[0, 200].SelectMany(count => Gen.Byte.Array[8].Array[count]).Select(all => all.Select(bytes => MerkleHash.Leaf(bytes)).ToArray());

    [Fact]
    public void Root_OfThePublishedLeaves_IsAsPublished()
    {
        var tree = new MerkleFrontier();
        for (var size = 0; size <= Published.Length; size++)
        {
            Assert.Equal(Roots[size], MerkleTree.Root(Published.AsSpan(0, size)).ToString());
            Assert.Equal(Roots[size], tree.Root.ToString());
            if (size < Published.Length) tree.Append(Published[size]);
        }
    }

    [Theory]
    [InlineData(0, 8, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7 5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e 6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")]
    [InlineData(5, 8, "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0 d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    public void InclusionProof_OfThePublishedLeaves_IsAsPublished(int index, int size, string proof) =>
        Assert.Equal(proof.Split(' '), MerkleTree.InclusionProof(Published.AsSpan(0, size), index).Select(hash => hash.ToString()));

    [Theory]
    [InlineData(1, 8, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7 5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e 6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")]
    [InlineData(6, 8, "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0 d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(2, 5, "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")]
    public void ConsistencyProof_OfThePublishedLeaves_IsAsPublished(int oldSize, int size, string proof) =>
        Assert.Equal(proof.Split(' '), MerkleTree.ConsistencyProof(Published.AsSpan(0, size), oldSize).Select(hash => hash.ToString()));

    [Fact]
    public void Frontier_OfAnyTree_HasItsRootAlsoAfterItWasStored() => Leaves.Sample(leaves =>
    {
        var tree = new MerkleFrontier();
        foreach (var leaf in leaves)
        {
            tree = MerkleFrontier.From(tree.Size, tree.ToArray());
            tree.Append(leaf);
        }

        return tree.Root == MerkleTree.Root(leaves) && tree.Size == leaves.Length;
    }, iter: 200);

    [Fact]
    public void Frontier_OfAnotherSize_IsRefused()
    {
        var tree = Samples.Tree(Samples.Entries(5));
        Assert.Throws<FormatException>(() => MerkleFrontier.From(7, tree.ToArray()));
        Assert.Throws<FormatException>(() => MerkleFrontier.From(-1, []));
    }

    [Fact]
    public void InclusionProof_OfAnyLeaf_HoldsForItAndForNothingElse()
    {
        Gen.Select(Leaves.Where(leaves => leaves.Length > 0), Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue]).Sample((leaves, some, other) =>
        {
            var (index, size) = (some % leaves.Length, leaves.Length);
            var (proof, root) = (MerkleTree.InclusionProof(leaves, index), MerkleTree.Root(leaves));
            Assert.True(MerkleTree.IsIncluded(leaves[index], index, size, proof, root));
            Assert.False(MerkleTree.IsIncluded(MerkleHash.Leaf([1]), index, size, proof, root));
            Assert.False(MerkleTree.IsIncluded(leaves[index], index, size, [.. proof, root], root));
            Assert.False(MerkleTree.IsIncluded(leaves[index], index, size, proof, MerkleHash.Leaf([1])));
            Assert.False(MerkleTree.IsIncluded(leaves[index], size, size, proof, root));
            if (proof.Count == 0) return;
            Assert.False(MerkleTree.IsIncluded(leaves[index], index, size, [.. proof.Take(proof.Count - 1)], root));
            Assert.False(MerkleTree.IsIncluded(leaves[index], index, size, Altered(proof, other % proof.Count), root));
            var elsewhere = (index + 1) % size;
            Assert.False(MerkleTree.IsIncluded(leaves[index], elsewhere, size, proof, root));
        }, iter: 200);
    }

    [Fact]
    public void ConsistencyProof_OfAnySizes_HoldsForThemAndForNothingElse()
    {
        Gen.Select(Leaves, Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue]).Sample((leaves, some, other) =>
        {
            var (oldSize, size) = (some % (leaves.Length + 1), leaves.Length);
            var (proof, oldRoot, root) = (MerkleTree.ConsistencyProof(leaves, oldSize), MerkleTree.Root(leaves.AsSpan(0, oldSize)), MerkleTree.Root(leaves));
            Assert.True(MerkleTree.IsConsistent(oldSize, oldRoot, size, root, proof));
            Assert.False(MerkleTree.IsConsistent(oldSize, MerkleHash.Leaf([1]), size, root, proof));
            Assert.False(MerkleTree.IsConsistent(size + 1, oldRoot, size, root, proof));
            Assert.False(MerkleTree.IsConsistent(oldSize, oldRoot, size, root, [.. proof, root]));
            if (proof.Count == 0) return;
            Assert.False(MerkleTree.IsConsistent(oldSize, oldRoot, size, MerkleHash.Leaf([1]), proof));
            Assert.False(MerkleTree.IsConsistent(oldSize, oldRoot, size, root, Altered(proof, other % proof.Count)));
            Assert.False(MerkleTree.IsConsistent(oldSize, oldRoot, size, root, [.. proof.Skip(1)]));
        }, iter: 200);
    }

    private static MerkleHash[] Altered(IReadOnlyList<MerkleHash> proof, int at)
    {
        var altered = proof.ToArray();
        altered[at] = MerkleHash.Node(altered[at], altered[at]);
        return altered;
    }
}
