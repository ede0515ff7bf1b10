using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PRTS.Api.Caches;
using PRTS.Cli.Connection;
using PRTS.Execution.Caches;
using PRTS.Pipelines.Planning;

namespace PRTS.Cli.Local;

/// <summary>Caches of local runs, in the user's cache directory: a file that describes each, and one with its bytes, named by the key's hash.</summary>
/// <param name="repository">Root of the working tree: each has caches of its own.</param>
internal sealed class LocalCaches(string repository)
{
    private static readonly TimeSpan Unused = TimeSpan.FromDays(14);

    private readonly string directory = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } given ? given : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "prts", "caches", Hash(repository));

    public CacheEntry? Find(string key, IReadOnlyList<string> beginnings)
    {
        var entries = Entries().ToList();
        var best = entries.FirstOrDefault(entry => entry.Key == key)
            ?? beginnings.Select(text => entries.Where(entry => entry.Key.StartsWith(text, StringComparison.Ordinal) && !entry.Key.StartsWith(PlannedStepCache.KeyPrefix, StringComparison.Ordinal)).MaxBy(entry => entry.CreatedAt)).FirstOrDefault(entry => entry is not null);
        if (best is not null)
        {
            File.SetLastWriteTimeUtc(Describing(best.Key), TimeProvider.System.GetUtcNow().UtcDateTime);
        }

        return best;
    }

    public async Task FetchAsync(CacheEntry entry, Stream target, CancellationToken cancellation)
    {
        await using var content = File.OpenRead(Holding(entry.Key));
        await content.CopyToAsync(target, cancellation);
    }

    public async Task SaveAsync(CacheUpload upload, CancellationToken cancellation)
    {
        Directory.CreateDirectory(directory);
        RemoveUnused();
        var now = TimeProvider.System.GetUtcNow();
        await WriteAsync(Holding(upload.Key), upload.Open());
        var entry = new CacheEntry { Id = 0, Ref = "", Key = upload.Key, Size = upload.Size, Sha256 = upload.Sha256, Build = 0, CreatedAt = now, UsedAt = now };
        await WriteAsync(Describing(upload.Key), new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(entry, CliJson.Default.CacheEntry)));

        async Task WriteAsync(string path, Stream content)
        {
            var fresh = $"{path}.{Guid.NewGuid():N}.new";
            await using (content)
            await using (var file = File.Create(fresh))
            {
                await content.CopyToAsync(file, cancellation);
            }

            File.Move(fresh, path, overwrite: true);
        }
    }

    private IEnumerable<CacheEntry> Entries()
    {
        if (!Directory.Exists(directory))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(directory, "*.json"))
        {
            if (Read(path) is { } entry && File.Exists(Holding(entry.Key)))
            {
                yield return entry;
            }
        }
    }

    /// <summary>Null: somebody else wrote it, or removed it just now.</summary>
    private static CacheEntry? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), CliJson.Default.CacheEntry);
        }
        catch (Exception error) when (error is JsonException or FileNotFoundException)
        {
            return null;
        }
    }

    private void RemoveUnused()
    {
        var before = TimeProvider.System.GetUtcNow().UtcDateTime - Unused;
        foreach (var path in Directory.EnumerateFiles(directory, "*.json").Where(path => File.GetLastWriteTimeUtc(path) < before).ToList())
        {
            File.Delete(path);
            File.Delete(Path.ChangeExtension(path, ".tar.zst"));
        }
    }

    private string Describing(string key) => Path.Combine(directory, Hash(key) + ".json");

    private string Holding(string key) => Path.Combine(directory, Hash(key) + ".tar.zst");

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
