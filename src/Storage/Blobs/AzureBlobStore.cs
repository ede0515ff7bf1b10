using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace PRTS.Storage.Blobs;

/// <summary>
/// Blobs in one container of Azure Blob Storage, which exists. A blob appears when its list of blocks is committed. An upload collects its
/// blocks on a blob of its own, is read back to be hashed, and is copied to its key: uncommitted blocks cannot be read.
/// </summary>
public sealed class AzureBlobStore(BlobContainerClient container, long limit) : IBlobStore
{
    private const int BlockLength = 4 << 20;

    public async Task<BlobInfo> Put(string key, Stream content, long? length = null, string? expectedSha256 = null, CancellationToken cancellationToken = default)
    {
        if (length > limit) throw new BlobTooLargeException(key, length.Value, limit);
        var blob = container.GetBlockBlobClient(BlobKey.Checked(key));
        var put = Guid.NewGuid().ToString("N");
        using var hasher = new BlobHasher(key, limit);
        var buffer = new byte[(int)Math.Min(BlockLength, (length ?? BlockLength) + 1)];
        var blocks = new List<string>();
        while (await hasher.Fill(content, buffer, cancellationToken) is > 0 and var read)
        {
            var block = BlockId(put, blocks.Count);
            await blob.StageBlockAsync(block, new MemoryStream(buffer, 0, read, writable: false), cancellationToken: cancellationToken);
            blocks.Add(block);
        }

        var info = hasher.Finish(length, expectedSha256);
        await blob.CommitBlockListAsync(blocks, cancellationToken: cancellationToken);
        return info;
    }

    public async Task<Stream> OpenRead(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        var blob = container.GetBlobClient(BlobKey.Checked(key));
        try
        {
            if (length == 0)
            {
                await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
                return Stream.Null;
            }

            var range = offset == 0 && length is null ? default : new HttpRange(offset, length);
            return (await blob.DownloadStreamingAsync(new BlobDownloadOptions { Range = range }, cancellationToken)).Value.Content;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            throw new BlobNotFoundException(key);
        }
        catch (RequestFailedException beyond) when (beyond.Status == 416)
        {
            return Stream.Null;
        }
    }

    public async Task<BlobInfo?> Stat(string key, CancellationToken cancellationToken = default)
    {
        try
        {
            var properties = (await container.GetBlobClient(BlobKey.Checked(key)).GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            return new(key, properties.ContentLength, null);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    public async Task<bool> Delete(string key, CancellationToken cancellationToken = default) =>
        await container.GetBlobClient(BlobKey.Checked(key)).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    public async IAsyncEnumerable<BlobInfo> List(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken))
        {
            if (blob.Name[0] != '.') yield return new(blob.Name, blob.Properties.ContentLength ?? 0, null);
        }
    }

    public async Task<BlobUpload> BeginUpload(string key, CancellationToken cancellationToken = default)
    {
        var upload = BlobKey.NewUpload(key);
        await Place(upload).CommitBlockListAsync([], cancellationToken: cancellationToken);
        return upload;
    }

    public async Task<long> AppendPart(BlobUpload upload, long offset, Stream content, CancellationToken cancellationToken = default)
    {
        var place = Place(upload);
        var (_, at) = await Blocks(upload, cancellationToken) ?? throw new BlobUploadNotFoundException(upload.Key);
        if (at != offset) throw new BlobOffsetException(upload.Key, offset, at);
        using var hasher = new BlobHasher(upload.Key, limit, counted: offset);
        var buffer = new byte[BlockLength];
        while (await hasher.Fill(content, buffer, cancellationToken) is > 0 and var read)
        {
            await place.StageBlockAsync(BlockId(upload.Id, at), new MemoryStream(buffer, 0, read, writable: false), cancellationToken: cancellationToken);
            at += read;
        }

        return at;
    }

    public async Task<long?> UploadOffset(BlobUpload upload, CancellationToken cancellationToken = default) => (await Blocks(upload, cancellationToken))?.Length;

    public async Task<BlobInfo> CommitUpload(BlobUpload upload, string? expectedSha256 = null, CancellationToken cancellationToken = default)
    {
        var place = Place(upload);
        var (blocks, length) = await Blocks(upload, cancellationToken) ?? throw new BlobUploadNotFoundException(upload.Key);
        await place.CommitBlockListAsync(blocks, cancellationToken: cancellationToken);
        using var hasher = new BlobHasher(upload.Key, limit);
        await using (var content = (await place.DownloadStreamingAsync(cancellationToken: cancellationToken)).Value.Content)
        {
            await hasher.AddAll(content, cancellationToken);
        }

        try
        {
            var info = hasher.Finish(length, expectedSha256);
            var copy = await container.GetBlobClient(upload.Key).StartCopyFromUriAsync(place.Uri, cancellationToken: cancellationToken);
            await copy.WaitForCompletionAsync(cancellationToken);
            await place.DeleteIfExistsAsync(cancellationToken: cancellationToken);
            return info;
        }
        catch (BlobMismatchException)
        {
            await place.DeleteIfExistsAsync(cancellationToken: cancellationToken);
            throw;
        }
    }

    public Task AbortUpload(BlobUpload upload, CancellationToken cancellationToken = default) => Place(upload).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    public async Task<int> RemoveAbandonedUploads(DateTimeOffset before, CancellationToken cancellationToken = default)
    {
        var removed = 0;
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, BlobKey.Uploads + "/", cancellationToken))
        {
            if (BlobKey.BegunAt(blob.Name) < before && await container.DeleteBlobIfExistsAsync(blob.Name, cancellationToken: cancellationToken)) removed++;
        }

        return removed;
    }

    private BlockBlobClient Place(BlobUpload upload) => container.GetBlockBlobClient(BlobKey.UploadPlace(upload));

    /// <summary>The upload's blocks in order. Their names tell their offsets, so a block that was sent twice counts once.</summary>
    private async Task<(IReadOnlyList<string> Names, long Length)?> Blocks(BlobUpload upload, CancellationToken cancellationToken)
    {
        try
        {
            var blocks = (await Place(upload).GetBlockListAsync(BlockListTypes.All, cancellationToken: cancellationToken)).Value;
            var all = blocks.CommittedBlocks.Concat(blocks.UncommittedBlocks)
                .DistinctBy(block => block.Name, StringComparer.Ordinal)
                .OrderBy(block => Encoding.ASCII.GetString(Convert.FromBase64String(block.Name)), StringComparer.Ordinal)
                .ToList();
            return ([.. all.Select(block => block.Name)], all.Sum(block => block.SizeLong));
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>All of one length, as Azure demands.</summary>
    private static string BlockId(string owner, long position) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{owner[..16]}{position:D20}")));
}
