using System.Globalization;
using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace PRTS.Storage.Blobs;

/// <summary>
/// One upload to S3. S3's parts must have 5 MiB except the last, so what does not fill a part waits in an object of its own, named by the
/// offset where it begins: once a part is stored, the rest that went into it is out of date by itself. The parts become a temporary object,
/// which is read back to be hashed and then copied to its key.
/// </summary>
internal sealed class S3Upload(S3BlobStore store, IAmazonS3 client, string bucket, long limit, string key, string place, string uploadId)
{
    public const int PartLength = 8 << 20;

    /// <summary>The most that S3 copies at once.</summary>
    private const long CopyLength = 5L << 30;

    public async Task<long?> Offset(CancellationToken cancellationToken)
    {
        if (await Parts(cancellationToken) is not var (_, length)) return (await store.Head(place, cancellationToken))?.Length;
        return length + ((await store.Head(Rest(length), cancellationToken))?.Length ?? 0);
    }

    public async Task<long> Append(long offset, Stream content, CancellationToken cancellationToken)
    {
        var (parts, length) = await Parts(cancellationToken) ?? throw new BlobUploadNotFoundException(key);
        var buffer = new byte[PartLength];
        var filled = await ReadRest(length, buffer, cancellationToken);
        if (length + filled != offset) throw new BlobOffsetException(key, offset, length + filled);
        using var hasher = new BlobHasher(key, limit, counted: offset);
        while (true)
        {
            filled += await hasher.Fill(content, buffer.AsMemory(filled), cancellationToken);
            if (filled < PartLength) break;
            parts.Add(await store.PutPart(place, uploadId, parts.Count + 1, buffer, cancellationToken));
            await client.DeleteObjectAsync(bucket, Rest(length), cancellationToken);
            length += filled;
            filled = 0;
        }

        if (filled > 0) await store.PutObject(Rest(length), buffer.AsMemory(0, filled), cancellationToken);
        return length + filled;
    }

    public async Task<BlobInfo> Commit(string? expectedSha256, CancellationToken cancellationToken)
    {
        if (await Parts(cancellationToken) is var (parts, length)) await Complete(parts, length, cancellationToken);
        else if (await store.Head(place, cancellationToken) is null) throw new BlobUploadNotFoundException(key);
        // Else an earlier commit came as far as here.
        try
        {
            using var hasher = new BlobHasher(key, limit);
            using (var response = await client.GetObjectAsync(bucket, place, cancellationToken)) await hasher.AddAll(response.ResponseStream, cancellationToken);
            var info = hasher.Finish(null, expectedSha256);
            await Copy(info.Length, cancellationToken);
            await client.DeleteObjectAsync(bucket, place, cancellationToken);
            return info;
        }
        catch (BlobMismatchException)
        {
            await client.DeleteObjectAsync(bucket, place, cancellationToken);
            throw;
        }
    }

    public async Task Abort(CancellationToken cancellationToken)
    {
        if (await Parts(cancellationToken) is var (_, length))
        {
            await client.AbortMultipartUploadAsync(bucket, place, uploadId, cancellationToken);
            await client.DeleteObjectAsync(bucket, Rest(length), cancellationToken);
        }

        await client.DeleteObjectAsync(bucket, place, cancellationToken);
    }

    private async Task Complete(List<PartETag> parts, long length, CancellationToken cancellationToken)
    {
        var rest = new byte[PartLength];
        var filled = await ReadRest(length, rest, cancellationToken);
        if (parts.Count == 0)
        {
            // Less than a part: S3 completes no upload without parts, and needs none for this.
            await store.PutObject(place, rest.AsMemory(0, filled), cancellationToken);
            await client.AbortMultipartUploadAsync(bucket, place, uploadId, cancellationToken);
        }
        else
        {
            if (filled > 0) parts.Add(await store.PutPart(place, uploadId, parts.Count + 1, rest.AsMemory(0, filled), cancellationToken));
            await client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest { BucketName = bucket, Key = place, UploadId = uploadId, PartETags = parts }, cancellationToken);
        }

        await client.DeleteObjectAsync(bucket, Rest(length), cancellationToken);
    }

    private async Task Copy(long length, CancellationToken cancellationToken)
    {
        if (length <= CopyLength)
        {
            await client.CopyObjectAsync(bucket, place, bucket, key, cancellationToken);
            return;
        }

        var copy = (await client.InitiateMultipartUploadAsync(bucket, key, cancellationToken)).UploadId;
        var parts = new List<PartETag>();
        for (var from = 0L; from < length; from += CopyLength)
        {
            var part = await client.CopyPartAsync(
                new CopyPartRequest
                {
                    SourceBucket = bucket,
                    SourceKey = place,
                    DestinationBucket = bucket,
                    DestinationKey = key,
                    UploadId = copy,
                    PartNumber = parts.Count + 1,
                    FirstByte = from,
                    LastByte = Math.Min(length, from + CopyLength) - 1,
                },
                cancellationToken);
            parts.Add(new(parts.Count + 1, part.ETag));
        }

        await client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = copy, PartETags = parts }, cancellationToken);
    }

    /// <summary>Null: S3 knows no such upload.</summary>
    private async Task<(List<PartETag> Parts, long Length)?> Parts(CancellationToken cancellationToken)
    {
        var parts = new List<PartETag>();
        var length = 0L;
        var request = new ListPartsRequest { BucketName = bucket, Key = place, UploadId = uploadId };
        try
        {
            ListPartsResponse page;
            do
            {
                page = await client.ListPartsAsync(request, cancellationToken);
                foreach (var part in page.Parts ?? [])
                {
                    parts.Add(new(part.PartNumber ?? 0, part.ETag));
                    length += part.Size ?? 0;
                }

                request.PartNumberMarker = page.NextPartNumberMarker?.ToString(CultureInfo.InvariantCulture);
            }
            while (page.IsTruncated == true);
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        return (parts, length);
    }

    private string Rest(long length) => string.Create(CultureInfo.InvariantCulture, $"{place}.{length:D20}");

    private async Task<int> ReadRest(long length, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            using var rest = await client.GetObjectAsync(bucket, Rest(length), cancellationToken);
            return await rest.ResponseStream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            return 0;
        }
    }
}
