namespace PRTS.Storage.Blobs;

/// <summary>Sha256: lower-case hex, where the bytes have just been seen; null from <c>Stat</c> and <c>List</c>.</summary>
public sealed record BlobInfo(string Key, long Length, string? Sha256);

/// <summary>An upload in parts that survives both sides' restarts: <see cref="Id"/> and <see cref="Key"/> are all it takes to go on.</summary>
public sealed record BlobUpload(string Id, string Key);

/// <summary>
/// Bytes by key. A key is 1–64 segments joined by <c>/</c>, each of 1–200 letters, digits and <c>. _ - =</c>, none beginning with a dot or hyphen.
/// A blob is there whole or not at all, whatever crashes; putting a key again replaces it.
/// </summary>
public interface IBlobStore
{
    /// <summary>Stores the stream's bytes. Length and hash are checked when they are given, before the blob can be seen.</summary>
    /// <exception cref="BlobTooLargeException"/>
    /// <exception cref="BlobMismatchException">The bytes are not those that were announced.</exception>
    Task<BlobInfo> Put(string key, Stream content, long? length = null, string? expectedSha256 = null, CancellationToken cancellationToken = default);

    /// <summary>Reads from an offset, to the end or for a length; less when the blob ends before.</summary>
    /// <exception cref="BlobNotFoundException"/>
    Task<Stream> OpenRead(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default);

    Task<BlobInfo?> Stat(string key, CancellationToken cancellationToken = default);

    /// <returns>Whether it was there, where the store can tell; true otherwise.</returns>
    Task<bool> Delete(string key, CancellationToken cancellationToken = default);

    /// <summary>Blobs whose key begins with the prefix (any text, not only whole segments), in ordinal order of keys.</summary>
    IAsyncEnumerable<BlobInfo> List(string prefix, CancellationToken cancellationToken = default);

    Task<BlobUpload> BeginUpload(string key, CancellationToken cancellationToken = default);

    /// <summary>Appends at exactly the upload's offset. A part that breaks off counts as not sent, or up to where <see cref="UploadOffset"/> says.</summary>
    /// <returns>The new offset.</returns>
    /// <exception cref="BlobOffsetException">The upload is at another offset.</exception>
    Task<long> AppendPart(BlobUpload upload, long offset, Stream content, CancellationToken cancellationToken = default);

    /// <summary>How much has arrived; go on from there. Null: there is no such upload (committed, aborted, or never begun).</summary>
    Task<long?> UploadOffset(BlobUpload upload, CancellationToken cancellationToken = default);

    /// <summary>Makes the blob visible. A wrong hash ends the upload.</summary>
    Task<BlobInfo> CommitUpload(BlobUpload upload, string? expectedSha256 = null, CancellationToken cancellationToken = default);

    Task AbortUpload(BlobUpload upload, CancellationToken cancellationToken = default);

    /// <summary>Removes unfinished uploads that were begun (where the store knows: last added to) before then.</summary>
    /// <returns>How many.</returns>
    Task<int> RemoveAbandonedUploads(DateTimeOffset before, CancellationToken cancellationToken = default);
}
