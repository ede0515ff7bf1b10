using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Execution.Caches;
using PRTS.Execution.Steps;
using PRTS.Pipelines.Planning;
using PRTS.Supervisor.Masking;

namespace PRTS.Execution.Jobs;

/// <summary>
/// Brings what earlier builds kept, and keeps it for later ones. A cache only saves time: where it cannot be brought or kept the step says
/// so and the job goes on. Only keys and paths that make no sense fail it.
/// </summary>
internal sealed class CacheStep(JobAssignment job, JobHistory history, CacheStore store, Masks masks)
{
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
            found = await store.Find(key, beginnings, ct);
            if (found is not null)
                reason = $"restored {found.Key} of {Short(found.Ref)}: {CacheStore.Files((await store.Restore(found, ct)).Files)}, {found.Size} bytes";
        }
        catch (Exception e) when (CacheStore.IsSurvived(e))
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
            if (masks.Contains(text))
                throw new ScopeException($"{what} {template} contains a secret, and keys are kept where everybody reads them");
            return PlannedCache.IsKey(text) && !text.StartsWith(PlannedStepCache.KeyPrefix, StringComparison.Ordinal) ? text
                : throw new ScopeException($"{what} {template} gives '{text}'; a key is one line of 1 to {PlannedCache.LongestKey} characters and does not begin with {PlannedStepCache.KeyPrefix}");
        }
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
            var (count, size) = await store.Save(key, paths, None, ct);
            return $"saved {key}: {CacheStore.Files(count)}, {size} bytes";
        }
        catch (Exception e) when (CacheStore.IsSurvived(e))
        {
            return $"not saved: {e.Message}";
        }
    }

    private static string Short(string gitRef) => gitRef.StartsWith("refs/heads/", StringComparison.Ordinal) ? gitRef["refs/heads/".Length..] : gitRef;
}
