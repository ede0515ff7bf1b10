using System.Globalization;
using System.Security.Cryptography;

namespace PRTS.Storage.Blobs;

/// <summary>Counts and hashes a blob's bytes on their way to a store, and holds them against the limit and against what was announced.</summary>
internal sealed class BlobHasher(string key, long limit, long counted = 0) : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Bytes so far.</summary>
    public long Length { get; private set; } = counted;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (Length > limit) throw new BlobTooLargeException(key, Length, limit);
        hash.AppendData(bytes);
    }

    /// <summary>Called when all bytes are there, before the blob can be seen.</summary>
    public BlobInfo Finish(long? expectedLength, string? expectedSha256)
    {
        if (expectedLength is { } announced && announced != Length)
        {
            throw new BlobMismatchException(key, "length", announced.ToString(CultureInfo.InvariantCulture), Length.ToString(CultureInfo.InvariantCulture));
        }

        var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (expectedSha256 is not null && !string.Equals(sha256, expectedSha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new BlobMismatchException(key, "SHA-256", expectedSha256, sha256);
        }

        return new(key, Length, sha256);
    }

    /// <summary>Fills the buffer as far as the stream goes, so that parts have even sizes.</summary>
    /// <returns>The number of bytes; less than the buffer only at the end.</returns>
    public async Task<int> Fill(Stream content, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        Add(buffer.Span[..read]);
        return read;
    }

    public async Task AddAll(Stream content, CancellationToken cancellationToken)
    {
        var buffer = new byte[128 * 1024];
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read) Add(buffer.AsSpan(0, read));
    }

    public void Dispose() => hash.Dispose();
}
