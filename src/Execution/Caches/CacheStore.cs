using System.Collections.Concurrent;
using System.Security.Cryptography;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Jobs;
using PRTS.Execution.Native;
using PRTS.Execution.Workspaces;

namespace PRTS.Execution.Caches;

/// <summary>Brings archives from the control plane into the workspace, and back. A cache only saves time: see <see cref="IsSurvived"/>.</summary>
internal sealed class CacheStore(JobAssignment job, IJobSink sink, Workspace workspace, Retry retry)
{
    private const int MostSeen = 2000;
    private const int MostDamaged = 3;

    /// <summary>By the archive's SHA-256.</summary>
    private static readonly ConcurrentDictionary<string, CacheContents> Seen = new(StringComparer.Ordinal);

    private readonly CacheArchive archive = new(workspace);

    /// <summary>Failures after which the job goes on without the cache.</summary>
    public static bool IsSurvived(Exception failure) => failure is IOException or InvalidDataException or UnauthorizedAccessException or ArtifactRefusedException;

    public static string Files(int count) => count == 1 ? "1 file" : $"{count} files";

    public Task<CacheEntry?> Find(string key, IReadOnlyList<string> beginnings, CancellationToken ct) =>
        retry.Forever("look for a cache", token => sink.FindCache(job, key, beginnings, token), ct);

    /// <summary>What an archive has, without putting it anywhere. Remembered, because it never changes.</summary>
    /// <exception cref="InvalidDataException">It arrived damaged.</exception>
    public async Task<CacheContents> Look(CacheEntry found, CancellationToken ct)
    {
        if (Seen.TryGetValue(found.Sha256, out var known))
            return known;
        using var bytes = new MemoryStream();
        await sink.FetchCache(job, found, bytes, ct);
        if (Convert.ToHexStringLower(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length))) != found.Sha256)
            throw new InvalidDataException($"the cache {found.Key} arrived damaged");
        bytes.Position = 0;
        if (Seen.Count > MostSeen)
            Seen.Clear();
        return Seen[found.Sha256] = await CacheArchive.List(bytes, ct);
    }

    /// <returns>How many files, and the notes of <see cref="Save"/>.</returns>
    /// <exception cref="ArtifactRefusedException">It is damaged, or the disk is full.</exception>
    public async Task<(int Files, IReadOnlyDictionary<string, string> Notes)> Restore(CacheEntry found, CancellationToken ct)
    {
        await using var file = Scratch();
        var damaged = 0;
        await retry.Forever("fetch a cache", async token =>
        {
            file.SetLength(0);
            try
            {
                await sink.FetchCache(job, found, file, token);
            }
            catch (IOException e) when (Linux.IsFull(e))
            {
                throw new ArtifactRefusedException(e.Message, e);
            }

            file.Position = 0;
            var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, token));
            if (hash == found.Sha256)
                return true;
            var message = $"the cache {found.Key} arrived damaged";
            // It may lie there so.
            throw ++damaged < MostDamaged ? new HttpRequestException(message) : new ArtifactRefusedException(message);
        }, ct);
        file.Position = 0;
        return await archive.Unpack(file, ct);
    }

    /// <returns>How many files, and bytes of the archive.</returns>
    /// <exception cref="ArtifactRefusedException">It is not kept; the message says why.</exception>
    public async Task<(int Files, long Size)> Save(string key, IReadOnlyList<string> paths, IReadOnlyDictionary<string, string> notes, CancellationToken ct)
    {
        await using var file = Scratch();
        var count = await archive.Pack(paths, notes, file, ct);
        if (count == 0 && notes.Count == 0)
            throw new ArtifactRefusedException($"there is nothing at {string.Join(", ", paths)}");
        file.Position = 0;
        var upload = new CacheUpload(key, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct)), file.Length, () => File.OpenRead(file.Name));
        return await retry.Forever("save a cache", token => sink.SaveCache(job, upload, token), ct) is { } refusal
            ? throw new ArtifactRefusedException(refusal)
            : (count, upload.Size);
    }

    /// <summary>Beside the workspace, where no step can write; gone when it is closed, or with the job's directory.</summary>
    private FileStream Scratch() => new(Path.Combine(workspace.Root, $"cache-{Guid.NewGuid():N}.tar.zst"), new FileStreamOptions
    {
        Mode = FileMode.Create,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite,
        Options = FileOptions.DeleteOnClose,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });
}
