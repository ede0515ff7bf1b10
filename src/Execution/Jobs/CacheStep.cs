using System.Security.Cryptography;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;
using PRTS.Execution.Native;
using PRTS.Execution.Steps;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Jobs;

/// <summary>
/// Brings what earlier builds kept, and keeps it for later ones. A cache only saves time: where it cannot be brought or kept the step says
/// so and the job goes on. Only keys and paths that make no sense fail it.
/// </summary>
internal sealed class CacheStep(JobAssignment job, JobHistory history, IJobSink sink, Workspace workspace, Retry retry)
{
    private readonly CacheArchive archive = new(workspace);

    /// <returns>What the step did, in words, and its outputs: <c>hit</c> (whether the key itself was there), <c>key</c> and <c>restored_key</c>.</returns>
    /// <exception cref="ScopeException">An expression cannot be evaluated, or what it gives cannot be.</exception>
    public async Task<(string Reason, IReadOnlyDictionary<string, string> Outputs)> Run(PlannedStep step, PlannedCache cache, StepScope scope, CancellationToken ct) =>
        cache.Restored is { } restored ? (await Save(step, cache, restored, scope, ct), None) : await Restore(step, cache, scope, ct);

    private static readonly Dictionary<string, string> None = [];

    private async Task<(string Reason, IReadOnlyDictionary<string, string> Outputs)> Restore(PlannedStep step, PlannedCache cache, StepScope scope, CancellationToken ct)
    {
        var environment = scope.Environment(step);
        var key = Key(cache.Key, "the cache's key");
        var beginnings = cache.RestoreKeys.Select(text => Key(text, "a restore key")).Distinct(StringComparer.Ordinal).ToList();
        var (reason, found) = ("no cache has this key", (CacheEntry?)null);
        try
        {
            found = await retry.Forever("look for a cache", token => sink.FindCache(job, key, beginnings, token), ct);
            if (found is not null)
                reason = await Fetch(found, ct);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or ArtifactRefusedException)
        {
            (reason, found) = ($"not restored: {e.Message}", null);
        }

        return (reason, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["hit"] = found?.Key == key ? "true" : "false",
            ["key"] = key,
            ["restored_key"] = found?.Key ?? "",
        });

        string Key(string template, string what)
        {
            var text = scope.Render(template, environment, what).Trim();
            return PlannedCache.IsKey(text) ? text : throw new ScopeException($"{what} {template} gives '{text}'; a key is one line of 1 to {PlannedCache.LongestKey} characters");
        }
    }

    private async Task<string> Fetch(CacheEntry found, CancellationToken ct)
    {
        await using var file = Scratch();
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
            return hash == found.Sha256 ? true : throw new HttpRequestException($"the cache {found.Key} arrived damaged");
        }, ct);
        file.Position = 0;
        return $"restored {found.Key} of {Short(found.Ref)}: {Files(await archive.Unpack(file, ct))}, {found.Size} bytes";
    }

    private async Task<string> Save(PlannedStep step, PlannedCache cache, int restored, StepScope scope, CancellationToken ct)
    {
        if (!PlannedCache.MaySave(job.Event.Kind))
            return $"not saved: a {job.Event.Kind} build keeps no caches, because later builds would run what it left";
        var before = history.OutputsOf(restored);
        if (!before.TryGetValue("key", out var key))
            return "not saved: the step that restores it did not run";
        if (before["hit"] == "true")
            return $"{key} is kept already";
        var environment = scope.Environment(step);
        var paths = cache.Paths.Select(path => scope.Render(path, environment, "the cache's path")).ToList();
        try
        {
            await using var file = Scratch();
            var count = await archive.Pack(paths, file, ct);
            if (count == 0)
                return $"not saved: there is nothing at {string.Join(", ", paths)}";
            file.Position = 0;
            var upload = new CacheUpload(key, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct)), file.Length, () => File.OpenRead(file.Name));
            var refusal = await retry.Forever("save a cache", token => sink.SaveCache(job, upload, token), ct);
            return refusal is null ? $"saved {key}: {Files(count)}, {upload.Size} bytes" : $"not saved: {refusal}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArtifactRefusedException)
        {
            return $"not saved: {e.Message}";
        }
    }

    /// <summary>Beside the workspace, where no step can write; gone when it is closed, or with the job's directory.</summary>
    private FileStream Scratch() => new(Path.Combine(workspace.Root, "cache.tar.zst"), new FileStreamOptions
    {
        Mode = FileMode.Create,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite,
        Options = FileOptions.DeleteOnClose,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });

    private static string Files(int count) => count == 1 ? "1 file" : $"{count} files";

    private static string Short(string gitRef) => gitRef.StartsWith("refs/heads/", StringComparison.Ordinal) ? gitRef["refs/heads/".Length..] : gitRef;
}
