using System.Security.Cryptography;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;
using PRTS.Execution.Steps;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Jobs;

/// <summary>
/// Steps that say what they read and what they make need not run when nothing of that has changed: what they made lies in the project's
/// caches, under the hash of command, declared variables, image and the contents of all that they read.
/// </summary>
internal sealed class StepCache(JobAssignment job, CacheStore store, Workspace workspace)
{
    private const string Prefix = "step/";

    /// <summary>Of the step's outputs in the archive.</summary>
    private const string OutputsName = "PRTS.outputs";

    /// <summary>Null: the step cannot be found again, and the reason is told when it runs.</summary>
    public async Task<string?> KeyOf(PlannedStep step, PlannedStepCache cache, StepScope scope, IStepHost host, IStepFiles source, CancellationToken ct)
    {
        try
        {
            var environment = scope.Environment(step);
            var patterns = Render(cache.Inputs, scope, environment);
            var (files, links) = await source.Read(patterns, ct);
            return Prefix + new StepFacts
            {
                Command = scope.Render(step.Run!, environment, "the command"),
                Shell = step.Shell,
                Directory = scope.Render(step.WorkingDirectory ?? "", environment, "the working directory"),
                Host = host.Fingerprint,
                Services = [.. job.Job.ServiceContainers.Select(service => (service.Name, service.Image))],
                Variables = [.. job.Job.Env.Append(step.Env).SelectMany(level => level.Keys).Distinct(StringComparer.Ordinal).Select(name => (name, environment[name]))],
                Inputs = patterns,
                Outputs = Render(cache.Outputs, scope, environment),
                Files = files,
                Links = links,
            }.Key();
        }
        catch (Exception e) when (e is ScopeException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Puts back what the step made when it last ran; null when it must run.</summary>
    public async Task<(string Reason, IReadOnlyDictionary<string, string> Outputs)?> Restore(string key, CancellationToken ct)
    {
        try
        {
            if (await store.Find(key, [], ct) is not { } entry)
                return null;
            var (files, notes) = await store.Restore(entry, ct);
            return ($"unchanged since {Since(entry)}: {CacheStore.Files(files)} put back", Read(notes));
        }
        catch (Exception e) when (CacheStore.IsSurvived(e))
        {
            return null; // It runs, as if there were none.
        }
    }

    public static string Since(CacheEntry entry) => entry.Build > 0 ? $"build {entry.Build}" : "an earlier run";

    /// <summary>Keeps what a successful step made.</summary>
    /// <returns>Why it is not kept; null when it is, or need not be told.</returns>
    public async Task<string?> Save(string key, PlannedStep step, PlannedStepCache cache, StepScope scope, IReadOnlyDictionary<string, string>? outputs, CancellationToken ct)
    {
        if (!PlannedCache.MaySave(job.Event.Kind))
            return null;
        var paths = Render(cache.Outputs, scope, scope.Environment(step));
        var lacking = paths.FirstOrDefault(path => new ArtifactCollector(workspace, links: true).Collect(path) is { Files.Count: 0, Links.Count: 0 });
        if (lacking is not null)
            return $"not cached: the step made nothing at {lacking}, which its outputs name";
        try
        {
            var notes = new Dictionary<string, string>(StringComparer.Ordinal) { [OutputsName] = Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(outputs ?? None, ApiJson.Options)) };
            await store.Save(key, paths, notes, ct);
            return null;
        }
        catch (Exception e) when (CacheStore.IsSurvived(e))
        {
            return $"not cached: {e.Message}";
        }
    }

    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What the step wrote to its outputs, of the notes beside its files.</summary>
    public static IReadOnlyDictionary<string, string> Read(IReadOnlyDictionary<string, string> notes) =>
        notes.TryGetValue(OutputsName, out var text) ? JsonSerializer.Deserialize<Dictionary<string, string>>(Convert.FromBase64String(text), ApiJson.Options) ?? None : None;

    private static List<string> Render(IReadOnlyList<string> texts, StepScope scope, IReadOnlyDictionary<string, string> environment) =>
        [.. texts.Select(text => scope.Render(text, environment, "the path"))];
}
