using System.Runtime.CompilerServices;

namespace PRTS.Storage.Blobs;

/// <summary>
/// Blobs as files under one folder. Bytes go to a file of their own, are flushed, and get their name by a rename: what has a blob's name is whole.
/// </summary>
public sealed class FileBlobStore : IBlobStore
{
    /// <summary>Ends a blob's file name. No key contains it, so <c>a</c> (a file) and <c>a/b</c> (in a folder) can both be.</summary>
    private const char Mark = '~';

    private readonly string root;
    private readonly string uploads;
    private readonly long limit;

    public FileBlobStore(string root, long limit)
    {
        this.root = Path.GetFullPath(root);
        this.limit = limit;
        uploads = Path.Combine(this.root, BlobKey.Uploads);
        Directory.CreateDirectory(uploads);
    }

    public async Task<BlobInfo> Put(string key, Stream content, long? length = null, string? expectedSha256 = null, CancellationToken cancellationToken = default)
    {
        if (length > limit) throw new BlobTooLargeException(key, length.Value, limit);
        var place = PathOf(key);
        var temporary = Path.Combine(uploads, $"{Guid.NewGuid():N}-put");
        try
        {
            BlobInfo info;
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous))
            {
                using var hasher = new BlobHasher(key, limit);
                var buffer = new byte[128 * 1024];
                while (await hasher.Fill(content, buffer, cancellationToken) is > 0 and var read) await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                info = hasher.Finish(length, expectedSha256);
                file.Flush(flushToDisk: true);
            }

            Publish(temporary, place);
            return info;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public Task<Stream> OpenRead(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        try
        {
            // Deleting is allowed meanwhile: whoever has the file open reads it to the end.
            var file = new FileStream(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
            file.Position = offset;
            return Task.FromResult<Stream>(length is { } part ? new Slice(file, part) : file);
        }
        catch (IOException missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BlobNotFoundException(key);
        }
    }

    public Task<BlobInfo?> Stat(string key, CancellationToken cancellationToken = default)
    {
        var file = new FileInfo(PathOf(key));
        return Task.FromResult(file.Exists ? new BlobInfo(key, file.Length, null) : null);
    }

    public Task<bool> Delete(string key, CancellationToken cancellationToken = default)
    {
        var path = PathOf(key);
        if (!File.Exists(path)) return Task.FromResult(false);
        File.Delete(path);
        RemoveEmptyFolders(Path.GetDirectoryName(path)!);
        return Task.FromResult(true);
    }

    public async IAsyncEnumerable<BlobInfo> List(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var folder = prefix.LastIndexOf('/') is >= 0 and var cut ? BlobKey.Checked(prefix[..cut]) + "/" : "";
        foreach (var (key, file) in Walk(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            // A file may be deleted between the listing of its folder and now.
            if (key.StartsWith(prefix, StringComparison.Ordinal) && file.Exists) yield return new(key, file.Length, null);
        }

        await Task.CompletedTask;
    }

    public async Task<BlobUpload> BeginUpload(string key, CancellationToken cancellationToken = default)
    {
        var upload = BlobKey.NewUpload(key);
        await File.WriteAllBytesAsync(UploadPath(upload), [], cancellationToken);
        return upload;
    }

    public async Task<long> AppendPart(BlobUpload upload, long offset, Stream content, CancellationToken cancellationToken = default)
    {
        await using var file = OpenUpload(upload, FileAccess.Write);
        if (file.Length != offset) throw new BlobOffsetException(upload.Key, offset, file.Length);
        file.Position = offset;
        using var hasher = new BlobHasher(upload.Key, limit, counted: offset);
        var buffer = new byte[128 * 1024];
        while (await hasher.Fill(content, buffer, cancellationToken) is > 0 and var read) await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        file.Flush(flushToDisk: true);
        return file.Position;
    }

    public Task<long?> UploadOffset(BlobUpload upload, CancellationToken cancellationToken = default)
    {
        var file = new FileInfo(UploadPath(upload));
        return Task.FromResult(file.Exists ? (long?)file.Length : null);
    }

    public async Task<BlobInfo> CommitUpload(BlobUpload upload, string? expectedSha256 = null, CancellationToken cancellationToken = default)
    {
        BlobInfo info;
        await using (var file = OpenUpload(upload, FileAccess.ReadWrite))
        {
            using var hasher = new BlobHasher(upload.Key, limit);
            await hasher.AddAll(file, cancellationToken);
            try
            {
                info = hasher.Finish(null, expectedSha256);
            }
            catch (BlobMismatchException)
            {
                File.Delete(UploadPath(upload));
                throw;
            }

            file.Flush(flushToDisk: true);
            Publish(UploadPath(upload), PathOf(upload.Key));
        }

        return info;
    }

    public Task AbortUpload(BlobUpload upload, CancellationToken cancellationToken = default)
    {
        File.Delete(UploadPath(upload));
        return Task.CompletedTask;
    }

    public Task<int> RemoveAbandonedUploads(DateTimeOffset before, CancellationToken cancellationToken = default)
    {
        var abandoned = new DirectoryInfo(uploads).GetFiles().Where(file => file.LastWriteTimeUtc < before.UtcDateTime).ToList();
        abandoned.ForEach(file => file.Delete());
        return Task.FromResult(abandoned.Count);
    }

    /// <summary>The blob's file. Nothing on the way to it may be a link: keys lead nowhere but below the root.</summary>
    private string PathOf(string key)
    {
        var path = Path.Combine(root, BlobKey.Checked(key)) + Mark;
        for (FileSystemInfo? at = new FileInfo(path); at is not null && at.FullName.Length > root.Length; at = new DirectoryInfo(Path.GetDirectoryName(at.FullName)!))
        {
            if (at.LinkTarget is not null) throw new BlobKeyException(key, $"'{at.FullName}' is a link");
        }

        return path;
    }

    private string UploadPath(BlobUpload upload) => Path.Combine(uploads, BlobKey.UploadName(upload));

    /// <summary>For one writer at a time, across processes too.</summary>
    private FileStream OpenUpload(BlobUpload upload, FileAccess access)
    {
        try
        {
            return new(UploadPath(upload), FileMode.Open, access, FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
        }
        catch (FileNotFoundException)
        {
            throw new BlobUploadNotFoundException(upload.Key);
        }
    }

    private static void Publish(string temporary, string place)
    {
        while (true)
        {
            var folder = Path.GetDirectoryName(place)!;
            try
            {
                DurableFile.CreateFolder(folder);
                DurableFile.Rename(temporary, place);
                return;
            }
            catch (IOException missing) when (missing is FileNotFoundException or DirectoryNotFoundException && File.Exists(temporary))
            {
                // A delete of the folder's last blob came between: make the folder again.
            }
        }
    }

    private void RemoveEmptyFolders(string folder)
    {
        while (folder.Length > root.Length)
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (IOException)
            {
                return; // Not empty, or removed by another: either way there is nothing left to do.
            }

            folder = Path.GetDirectoryName(folder)!;
        }
    }

    private IEnumerable<(string Key, FileInfo File)> Walk(string folder)
    {
        var directory = new DirectoryInfo(Path.Combine(root, folder));
        if (!directory.Exists) yield break;
        var entries = directory.GetFileSystemInfos()
            .Where(entry => entry.Name[0] != '.' && entry.LinkTarget is null)
            .Select(entry => (Name: entry is FileInfo ? entry.Name.TrimEnd(Mark) : entry.Name + "/", Entry: entry))
            .OrderBy(entry => entry.Name, StringComparer.Ordinal);
        foreach (var (name, entry) in entries)
        {
            if (entry is FileInfo file)
            {
                yield return (folder + name, file);
            }
            else
            {
                foreach (var below in Walk(folder + name)) yield return below;
            }
        }
    }
}
