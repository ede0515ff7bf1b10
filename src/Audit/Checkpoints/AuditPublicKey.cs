using System.Security.Cryptography;

namespace PRTS.Audit.Checkpoints;

/// <summary>With which checkpoints are checked: ECDSA on P-256 with SHA-256.</summary>
public sealed class AuditPublicKey : IEquatable<AuditPublicKey>
{
    private const string PemLabel = "PUBLIC KEY";
    /// <summary>What comes before the point in every key of P-256: the algorithm, the curve, and that the point is uncompressed.</summary>
    private static readonly byte[] BeforePoint = Convert.FromHexString("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
    private const int SpkiLength = 91;
    private readonly byte[] spki;

    private AuditPublicKey(byte[] spki) => this.spki = spki;

    /// <summary>SubjectPublicKeyInfo (RFC 5280), DER.</summary>
    public ReadOnlySpan<byte> Spki => spki;

    /// <summary>The key id of signed notes for ECDSA: the first 4 bytes of the SHA-256 of <see cref="Spki"/>.</summary>
    public byte[] Id => SHA256.HashData(spki)[..4];

    public static AuditPublicKey From(ECDsa key) => FromSpki(key.ExportSubjectPublicKeyInfo()) ?? throw new ArgumentException("The key is not one of P-256.", nameof(key));

    /// <returns>Null when it is no key of P-256, or written otherwise than we write it.</returns>
    public static AuditPublicKey? FromSpki(ReadOnlySpan<byte> spki)
    {
        if (spki.Length != SpkiLength || !spki.StartsWith(BeforePoint)) return null;
        try
        {
            // Refuses points that are not on the curve.
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(spki, out _);
            return new AuditPublicKey(spki.ToArray());
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>All public keys in a PEM text; other blocks are passed over.</summary>
    public static IReadOnlyList<AuditPublicKey> FromPem(string text)
    {
        var keys = new List<AuditPublicKey>();
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var block))
        {
            if (rest[block.Label] is PemLabel && FromSpki(Convert.FromBase64String(rest[block.Base64Data].ToString())) is { } key) keys.Add(key);
            rest = rest[block.Location.End..];
        }

        return keys;
    }

    public string ToPem() => PemEncoding.WriteString(PemLabel, spki) + "\n";

    /// <param name="data">What was signed.</param>
    /// <param name="signature">DER (RFC 3279).</param>
    public bool Verifies(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(spki, out _);
        return key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    public bool Equals(AuditPublicKey? other) => other is not null && spki.AsSpan().SequenceEqual(other.spki);

    public override bool Equals(object? obj) => Equals(obj as AuditPublicKey);

    public override int GetHashCode() => BitConverter.ToInt32(Id);
}

/// <summary>Signs checkpoints. Where the private key is and what protects it is its own business.</summary>
public interface IAuditKey
{
    Task<AuditPublicKey> Public(CancellationToken cancellationToken = default);

    /// <returns>ECDSA on P-256 with SHA-256, DER (RFC 3279).</returns>
    Task<byte[]> Sign(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default);
}
