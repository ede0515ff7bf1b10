using System.Buffers.Binary;
using System.Text;

namespace PRTS.Storage.Secrets.Sealing;

/// <summary>
/// What a sealed value is and where it belongs. It is authenticated with the value: one that is moved to another row, tenant or version, or
/// read as something else, does not open.
/// </summary>
public sealed record SealContext
{
    /// <summary>Empty: of the cluster itself.</summary>
    public required string Tenant { get; init; }

    /// <summary>What shares a data key, within the tenant: an organization, a project, an environment, or a table's own word.</summary>
    public required string Scope { get; init; }

    /// <summary>What kind of value it is, for example <c>secret</c>.</summary>
    public required string Purpose { get; init; }

    /// <summary>Which one of its kind.</summary>
    public required string Name { get; init; }

    /// <summary>Counts up where a value can be replaced, so that an older one does not come back; 0 where nobody counts.</summary>
    public long Version { get; init; }

    /// <summary>Unambiguous bytes: each text with its length before it.</summary>
    internal byte[] Bytes()
    {
        var version = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(version, Version);
        return Canonical.Of("prts value 1"u8, Canonical.Text(Tenant), Canonical.Text(Scope), Canonical.Text(Purpose), Canonical.Text(Name), version);
    }
}

/// <summary>What a data key is for. Key providers that can authenticate it with the wrapped key do.</summary>
public readonly record struct DataKeyContext(Guid Id, string Tenant, string Scope)
{
    internal byte[] Bytes() => Canonical.Of("prts data key 1"u8, Id.ToByteArray(bigEndian: true), Canonical.Text(Tenant), Canonical.Text(Scope));

    /// <summary>As names and texts, for providers that keep a log of what their keys are used for.</summary>
    internal Dictionary<string, string> Pairs()
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal) { ["prts:data-key"] = Id.ToString("D"), ["prts:scope"] = Scope };
        if (Tenant.Length > 0) pairs["prts:tenant"] = Tenant;
        return pairs;
    }
}

/// <summary>Parts as bytes that no other parts have.</summary>
internal static class Canonical
{
    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] Of(ReadOnlySpan<byte> kind, params ReadOnlySpan<byte[]> parts)
    {
        var length = sizeof(int) + kind.Length;
        foreach (var part in parts) length += sizeof(int) + part.Length;
        var bytes = new byte[length];
        var rest = Append(bytes, kind);
        foreach (var part in parts) rest = Append(rest, part);
        return bytes;
    }

    private static Span<byte> Append(Span<byte> to, ReadOnlySpan<byte> part)
    {
        BinaryPrimitives.WriteInt32BigEndian(to, part.Length);
        part.CopyTo(to[sizeof(int)..]);
        return to[(sizeof(int) + part.Length)..];
    }
}
