using System.Security.Cryptography;

namespace PRTS.Storage.Secrets.Sealing;

/// <summary>A sealed value does not open: it was changed, or belongs to another context or key. The message says what, never its contents.</summary>
public sealed class SealBrokenException(string message) : IOException(message);

/// <summary>A sealed value's parts: one byte of format, 16 of the data key's id, then <see cref="Aead"/>'s box.</summary>
internal readonly ref struct SealedValue
{
    private const byte Format = 1;
    private const int IdLength = 16;
    private const int HeaderLength = 1 + IdLength;

    private SealedValue(ReadOnlySpan<byte> bytes)
    {
        Header = bytes[..HeaderLength];
        Box = bytes[HeaderLength..];
        DataKey = new Guid(bytes.Slice(1, IdLength), bigEndian: true);
    }

    public Guid DataKey { get; }
    public ReadOnlySpan<byte> Header { get; }
    public ReadOnlySpan<byte> Box { get; }

    /// <exception cref="SealBrokenException">These are no bytes of a sealed value, or of a format that a later PRTS wrote.</exception>
    public static SealedValue Parse(ReadOnlySpan<byte> bytes) =>
        bytes.Length < HeaderLength + Aead.Overhead ? throw new SealBrokenException("The sealed value is cut off.")
        : bytes[0] != Format ? throw new SealBrokenException($"The sealed value has format {bytes[0]}, and this PRTS knows {Format} only.")
        : new(bytes);

    public static byte[] HeaderOf(Guid dataKey)
    {
        var header = new byte[HeaderLength];
        header[0] = Format;
        dataKey.TryWriteBytes(header.AsSpan(1), bigEndian: true, out _);
        return header;
    }
}

/// <summary>
/// Seals values under a data key: AES-256-GCM with a random nonce of 96 bits. Header (format and key) and context are authenticated.
/// </summary>
public static class Envelope
{
    /// <summary>Bytes of a data key.</summary>
    public const int KeyLength = 32;

    public static byte[] Seal(ReadOnlySpan<byte> dataKey, Guid dataKeyId, SealContext context, ReadOnlySpan<byte> value)
    {
        var header = SealedValue.HeaderOf(dataKeyId);
        return [.. header, .. Aead.Seal(dataKey, Authenticated(header, context), value)];
    }

    /// <summary>The data key that a sealed value needs.</summary>
    /// <exception cref="SealBrokenException"/>
    public static Guid DataKeyOf(ReadOnlySpan<byte> sealedValue) => SealedValue.Parse(sealedValue).DataKey;

    /// <exception cref="SealBrokenException">Any bit of value, key or context differs from what was sealed.</exception>
    public static byte[] Open(ReadOnlySpan<byte> dataKey, SealContext context, ReadOnlySpan<byte> sealedValue)
    {
        var parts = SealedValue.Parse(sealedValue);
        return Aead.Open(dataKey, Authenticated(parts.Header, context), parts.Box)
            ?? throw new SealBrokenException($"The sealed {context.Purpose} '{context.Name}' does not open: it was changed, or moved here from another place.");
    }

    private static byte[] Authenticated(ReadOnlySpan<byte> header, SealContext context) => [.. header, .. context.Bytes()];
}

/// <summary>AES-256-GCM in one box: 12 bytes of random nonce, the ciphertext, 16 bytes of tag.</summary>
internal static class Aead
{
    public const int NonceLength = 12;
    public const int TagLength = 16;
    public const int Overhead = NonceLength + TagLength;

    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> authenticated, ReadOnlySpan<byte> plain)
    {
        var box = new byte[Overhead + plain.Length];
        var nonce = box.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = Cipher(key);
        aes.Encrypt(nonce, plain, box.AsSpan(NonceLength, plain.Length), box.AsSpan(NonceLength + plain.Length), authenticated);
        return box;
    }

    /// <returns>Null when the tag does not fit.</returns>
    public static byte[]? Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> authenticated, ReadOnlySpan<byte> box)
    {
        if (box.Length < Overhead) return null;
        var plain = new byte[box.Length - Overhead];
        using var aes = Cipher(key);
        try
        {
            aes.Decrypt(box[..NonceLength], box[NonceLength..^TagLength], box[^TagLength..], plain, authenticated);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static AesGcm Cipher(ReadOnlySpan<byte> key) =>
        key.Length == Envelope.KeyLength ? new(key, TagLength) : throw new ArgumentException($"A key has {Envelope.KeyLength} bytes.", nameof(key));
}
