using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PRTS.Audit.Merkle;

/// <summary>A hash of the tree of RFC 6962: SHA-256, with a first byte that tells leaves from nodes, so that none can be passed off as the other.</summary>
public readonly struct MerkleHash : IEquatable<MerkleHash>
{
    /// <summary>Bytes.</summary>
    public const int Length = 32;
    private const byte LeafMark = 0;
    private const byte NodeMark = 1;
    private readonly ulong a, b, c, d;

    /// <param name="bytes"><see cref="Length"/> of them.</param>
    public MerkleHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length) throw new ArgumentException($"A hash has {Length} bytes, and these are {bytes.Length}.", nameof(bytes));
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        (a, b, c, d) = (words[0], words[1], words[2], words[3]);
    }

    /// <summary>The root of the tree that has no leaves.</summary>
    public static MerkleHash Empty { get; } = new(SHA256.HashData([]));

    public static MerkleHash Leaf(ReadOnlySpan<byte> entry)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(entry.Length + 1);
        try
        {
            buffer[0] = LeafMark;
            entry.CopyTo(buffer.AsSpan(1));
            return Of(buffer.AsSpan(0, entry.Length + 1));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public static MerkleHash Node(MerkleHash left, MerkleHash right)
    {
        Span<byte> buffer = stackalloc byte[1 + (2 * Length)];
        buffer[0] = NodeMark;
        left.CopyTo(buffer[1..]);
        right.CopyTo(buffer[(1 + Length)..]);
        return Of(buffer);
    }

    public void CopyTo(Span<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes[..Length]);
        (words[0], words[1], words[2], words[3]) = (a, b, c, d);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    public bool Equals(MerkleHash other) => (a, b, c, d) == (other.a, other.b, other.c, other.d);

    public override bool Equals(object? obj) => obj is MerkleHash other && Equals(other);

    public override int GetHashCode() => a.GetHashCode();

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());

    public static bool operator ==(MerkleHash left, MerkleHash right) => left.Equals(right);

    public static bool operator !=(MerkleHash left, MerkleHash right) => !left.Equals(right);

    private static MerkleHash Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[Length];
        SHA256.HashData(bytes, hash);
        return new MerkleHash(hash);
    }
}
