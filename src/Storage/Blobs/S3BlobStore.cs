using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace PRTS.Storage.Blobs;

/// <summary>
/// Blobs in one bucket of S3 or of a server that speaks its protocol; the bucket exists. An object appears when it is put, or when its
/// multipart upload is completed. Uploads that are sent in parts of any size are in <see cref="S3Upload"/>.
/// </summary>
public sealed class S3BlobStore(IAmazonS3 client, string bucket, long limit) : IBlobStore
{
    public async Task<BlobInfo> Put(string key, Stream content, long? length = null, string? expectedSha256 = null, CancellationToken cancellationToken = default)
    {
        if (length > limit) throw new BlobTooLargeException(key, length.Value, limit);
        BlobKey.Checked(key);
        using var hasher = new BlobHasher(key, limit);
        var buffer = new byte[(int)Math.Min(S3Upload.PartLength, (length ?? S3Upload.PartLength) + 1)];
        var first = await hasher.Fill(content, buffer, cancellationToken);
        if (first == buffer.Length) return await PutParts(key, content, buffer, hasher, length, expectedSha256, cancellationToken);
        var info = hasher.Finish(length, expectedSha256);
        await PutObject(key, buffer.AsMemory(0, first), cancellationToken);
        return info;
    }

    public async Task<Stream> OpenRead(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        BlobKey.Checked(key);
        if (length == 0) return await Stat(key, cancellationToken) is null ? throw new BlobNotFoundException(key) : Stream.Null;
        var request = new GetObjectRequest { BucketName = bucket, Key = key };
        if (offset > 0 || length is not null) request.ByteRange = length is null ? new($"bytes={offset}-") : new(offset, offset + length.Value - 1);
        try
        {
            return (await client.GetObjectAsync(request, cancellationToken)).ResponseStream;
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            throw new BlobNotFoundException(key);
        }
        catch (AmazonS3Exception beyond) when (beyond.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return Stream.Null;
        }
    }

    public Task<BlobInfo?> Stat(string key, CancellationToken cancellationToken = default) => Head(BlobKey.Checked(key), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>S3 does not tell whether the object was there.</remarks>
    public async Task<bool> Delete(string key, CancellationToken cancellationToken = default)
    {
        await client.DeleteObjectAsync(bucket, BlobKey.Checked(key), cancellationToken);
        return true;
    }

    public async IAsyncEnumerable<BlobInfo> List(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var item in Objects(prefix, cancellationToken))
        {
            if (item.Key[0] != '.') yield return new(item.Key, item.Size ?? 0, null);
        }
    }

    public async Task<BlobUpload> BeginUpload(string key, CancellationToken cancellationToken = default)
    {
        var upload = BlobKey.NewUpload(key);
        var place = BlobKey.UploadPlace(upload);
        var uploadId = (await client.InitiateMultipartUploadAsync(bucket, place, cancellationToken)).UploadId;
        return new($"{place[(BlobKey.Uploads.Length + 1)..]}.{uploadId}", key);
    }

    public Task<long> AppendPart(BlobUpload upload, long offset, Stream content, CancellationToken cancellationToken = default) =>
        UploadOf(upload).Append(offset, content, cancellationToken);

    public async Task<long?> UploadOffset(BlobUpload upload, CancellationToken cancellationToken = default) =>
        TryUploadOf(upload) is { } known ? await known.Offset(cancellationToken) : null;

    public Task<BlobInfo> CommitUpload(BlobUpload upload, string? expectedSha256 = null, CancellationToken cancellationToken = default) =>
        UploadOf(upload).Commit(expectedSha256, cancellationToken);

    public Task AbortUpload(BlobUpload upload, CancellationToken cancellationToken = default) => UploadOf(upload).Abort(cancellationToken);

    public async Task<int> RemoveAbandonedUploads(DateTimeOffset before, CancellationToken cancellationToken = default)
    {
        var removed = 0;
        var open = await client.ListMultipartUploadsAsync(bucket, cancellationToken);
        foreach (var upload in open.MultipartUploads ?? [])
        {
            // Those with a blob's key are puts that a crash broke off.
            var begun = upload.Key[0] == '.' ? BlobKey.BegunAt(upload.Key) : upload.Initiated ?? DateTimeOffset.MaxValue;
            if (begun >= before) continue;
            await client.AbortMultipartUploadAsync(bucket, upload.Key, upload.UploadId, cancellationToken);
            removed++;
        }

        await foreach (var item in Objects(BlobKey.Uploads + "/", cancellationToken))
        {
            if (BlobKey.BegunAt(item.Key) < before) await client.DeleteObjectAsync(bucket, item.Key, cancellationToken);
        }

        return removed;
    }

    internal async Task PutObject(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content.ToArray(), writable: false);
        await client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, InputStream = stream, UseChunkEncoding = false }, cancellationToken);
    }

    internal async Task<PartETag> PutPart(string key, string uploadId, int number, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content.ToArray(), writable: false);
        var part = new UploadPartRequest
        {
            BucketName = bucket,
            Key = key,
            UploadId = uploadId,
            PartNumber = number,
            InputStream = stream,
            PartSize = content.Length,
            UseChunkEncoding = false,
        };
        return new(number, (await client.UploadPartAsync(part, cancellationToken)).ETag);
    }

    internal async Task<BlobInfo?> Head(string key, CancellationToken cancellationToken)
    {
        try
        {
            return new(key, (await client.GetObjectMetadataAsync(bucket, key, cancellationToken)).ContentLength, null);
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private async Task<BlobInfo> PutParts(string key, Stream content, byte[] buffer, BlobHasher hasher, long? length, string? expectedSha256, CancellationToken cancellationToken)
    {
        var uploadId = (await client.InitiateMultipartUploadAsync(bucket, key, cancellationToken)).UploadId;
        try
        {
            var parts = new List<PartETag>();
            for (var filled = buffer.Length; filled > 0; filled = await hasher.Fill(content, buffer, cancellationToken))
            {
                parts.Add(await PutPart(key, uploadId, parts.Count + 1, buffer.AsMemory(0, filled), cancellationToken));
            }

            var info = hasher.Finish(length, expectedSha256);
            await client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = uploadId, PartETags = parts }, cancellationToken);
            return info;
        }
        catch
        {
            await AbortBrokenPut(key, uploadId);
            throw;
        }
    }

    private async Task AbortBrokenPut(string key, string uploadId)
    {
        try
        {
            await client.AbortMultipartUploadAsync(bucket, key, uploadId, CancellationToken.None);
        }
        catch (Exception failure) when (failure is AmazonServiceException or HttpRequestException)
        {
            // The caller must hear why the put broke off, not this; the sweep for abandoned uploads removes what stays.
        }
    }

    private async IAsyncEnumerable<S3Object> Objects(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = prefix };
        ListObjectsV2Response page;
        do
        {
            page = await client.ListObjectsV2Async(request, cancellationToken);
            foreach (var item in page.S3Objects ?? []) yield return item;
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }

    private S3Upload UploadOf(BlobUpload upload) => TryUploadOf(upload) ?? throw new BlobUploadNotFoundException(upload.Key);

    /// <summary>Our ids are the name of the upload's place and S3's own id. Null: the place is another key's.</summary>
    private S3Upload? TryUploadOf(BlobUpload upload)
    {
        var (name, uploadId) = upload.Id.Split('.', 2) is [var first, var rest] ? (first, rest) : ("", "");
        var place = BlobKey.UploadPlace(upload with { Id = name.Split('-')[0] });
        return place == $"{BlobKey.Uploads}/{name}" ? new(this, client, bucket, limit, upload.Key, place, uploadId) : null;
    }
}
