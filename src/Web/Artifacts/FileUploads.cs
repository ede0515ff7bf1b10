using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using PRTS.Api.Artifacts;
using PRTS.Contracts.Builds;
using PRTS.Storage.Artifacts;
using PRTS.Storage.Blobs;
using PRTS.Storage.Settings;

namespace PRTS.Web.Artifacts;

/// <summary>One file on its way. Sha256 may be missing: then nothing is checked.</summary>
public sealed record IncomingFile(AttemptId Attempt, RunningUpload Upload, string Path, string? Sha256, bool Executable)
{
    /// <summary>The place of the bytes. Another content has another place, so a repeated upload never changes what a row points to.</summary>
    public string BlobKey => $"{BlobPlaces.Artifacts(Attempt)}{Upload.Id}/{Digest(Path)}-{Sha256 ?? "unknown"}";

    /// <summary>Where the cluster remembers an upload that broke off, for whichever server gets the rest.</summary>
    public string UploadKey => $"artifact-upload/{Upload.Id}/{Digest($"{Path}\0{Sha256}")}";

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}

/// <summary>Takes files in: small ones in one piece, large ones so that they go on where they broke off.</summary>
public sealed class FileUploads(IBlobStore blobs, SettingsStore settings, ArtifactsReadModel artifacts)
{
    /// <summary>Smaller files are sent again as a whole when they break off. Bytes.</summary>
    private const long InOnePiece = 16 << 20;

    private readonly ConcurrentDictionary<string, Turn> turns = new(StringComparer.Ordinal);

    /// <summary>How much of the file is here. Whoever still sends it is stopped first: its connection broke, and the answer has to hold.</summary>
    public async Task<long> Held(IncomingFile file, CancellationToken cancellationToken)
    {
        using var turn = await Take(file, cancellationToken);
        if (Known(file) is { } whole) return whole.File.Size;
        return await Unfinished(file, cancellationToken) is { } upload ? await blobs.UploadOffset(upload, cancellationToken) ?? 0 : 0;
    }

    /// <returns>The file as it is stored; null when the artifact was completed meanwhile.</returns>
    /// <exception cref="BlobOffsetException">The body does not begin where the upload is.</exception>
    /// <exception cref="OperationCanceledException">The request was aborted, or a later one about the same file took its turn.</exception>
    public async Task<ArtifactFile?> Receive(IncomingFile file, long offset, long? length, Stream body, CancellationToken cancellationToken)
    {
        using var turn = await Take(file, cancellationToken);
        return await Receive(file, offset, length, body, turn);
    }

    private async Task<ArtifactFile?> Receive(IncomingFile file, long offset, long? length, Stream body, Turn turn)
    {
        var cancellationToken = turn.Over;
        if (Known(file) is { } known && offset == known.File.Size) return known.File;
        var blob = offset == 0 && length <= InOnePiece
            ? await blobs.Put(file.BlobKey, body, length, file.Sha256, cancellationToken)
            : await Append(file, offset, body, cancellationToken);
        var stored = new StoredFile(
            new() { Path = file.Path, Size = blob.Length, Sha256 = blob.Sha256 ?? file.Sha256 ?? "", Executable = file.Executable }, file.BlobKey);
        var old = file.Upload.Find(file.Path);
        if (!await artifacts.AddFile(file.Upload.Id, stored.File, stored.BlobKey, cancellationToken)) return null;
        file.Upload.Add(stored);
        if (old is not null && old.BlobKey != stored.BlobKey) await blobs.Delete(old.BlobKey, cancellationToken);
        return stored.File;
    }

    private async Task<Turn> Take(IncomingFile file, CancellationToken cancellationToken)
    {
        var turn = new Turn(turns, file.UploadKey, cancellationToken);
        while (!turns.TryAdd(file.UploadKey, turn))
        {
            if (turns.TryGetValue(file.UploadKey, out var earlier)) await earlier.End();
        }

        return turn;
    }

    /// <summary>One request at a time works on a file; the later one stops the earlier.</summary>
    private sealed class Turn(ConcurrentDictionary<string, Turn> turns, string key, CancellationToken aborted) : IDisposable
    {
        private readonly CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationToken Over => over.Token;

        public async Task End()
        {
            // Not disposed before it ended, which is what we wait for.
            if (!ended.Task.IsCompleted) await over.CancelAsync();
            await ended.Task;
        }

        public void Dispose()
        {
            turns.TryRemove(KeyValuePair.Create(key, this));
            ended.TrySetResult();
        }
    }

    private static StoredFile? Known(IncomingFile file) =>
        file.Upload.Find(file.Path) is { } stored && stored.File.Sha256 == file.Sha256 && stored.File.Executable == file.Executable ? stored : null;

    private async Task<BlobInfo> Append(IncomingFile file, long offset, Stream body, CancellationToken cancellationToken)
    {
        var upload = await Unfinished(file, cancellationToken);
        if (upload is not null && offset == 0)
        {
            await blobs.AbortUpload(upload, cancellationToken);
            upload = null;
        }

        if (upload is null)
        {
            if (offset > 0) throw new BlobOffsetException(file.Path, offset, 0);
            upload = await blobs.BeginUpload(file.BlobKey, cancellationToken);
            await settings.Set(file.UploadKey, Encoding.UTF8.GetBytes(upload.Id), cancellationToken);
        }

        await blobs.AppendPart(upload, offset, body, cancellationToken);
        BlobInfo blob;
        try
        {
            blob = await blobs.CommitUpload(upload, file.Sha256, cancellationToken);
        }
        catch (BlobMismatchException)
        {
            await settings.Delete(file.UploadKey, cancellationToken);
            throw;
        }

        await settings.Delete(file.UploadKey, cancellationToken);
        return blob;
    }

    private async Task<BlobUpload?> Unfinished(IncomingFile file, CancellationToken cancellationToken) =>
        await settings.Get(file.UploadKey, cancellationToken) is { } id && new BlobUpload(Encoding.UTF8.GetString(id), file.BlobKey) is var upload
        && await blobs.UploadOffset(upload, cancellationToken) is not null
            ? upload
            : null;
}
