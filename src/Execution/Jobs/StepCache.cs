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

/// <summary>What a step is found again by, and what it was made of.</summary>
internal sealed record StepKey(string Text, IReadOnlyList<string> Patterns, IReadOnlyList<StepFile> Files, IReadOnlyList<(string Path, string Target)> Links);

/// <summary>
/// Steps that say what they read and what they make need not run when nothing of that has changed: what they made lies in the project's
/// caches, under the hash of command, declared variables, image and the contents of all that they read.
/// </summary>
internal sealed class StepCache(JobAssignment job, CacheStore store, Workspace workspace)
{
    /// <summary>Of the step's outputs in the archive.</summary>
    private const string OutputsName = "PRTS.outputs";

    /// <summary>Without a key the step cannot be found again: why, or null where that is told when it runs.</summary>
    public async Task<(StepKey? Key, string? Why)> KeyOf(PlannedStep step, PlannedStepCache cache, StepScope scope, IStepHost host, IStepFiles source, CancellationToken ct)
    {
        try
        {
            var environment = scope.Environment(step);
            var patterns = Render(cache.Inputs, scope, environment);
            var (files, links) = await source.Read(patterns, ct);
            var text = PlannedStepCache.KeyPrefix + new StepFacts
            {
                Command = scope.Render(step.Run!, environment, "the command"),
                Shell = step.Shell,
                Directory = scope.Render(step.WorkingDirectory ?? "", environment, "the working directory"),
                Host = job.Job.Container is { } container ? $"{host.Fingerprint} {container.ReadOnly} {container.User}" : host.Fingerprint,
                Services = [.. job.Job.ServiceContainers.Select(service => (service.Name, JsonSerializer.Serialize(service, ApiJson.Options)))],
                Variables = [.. job.Job.Env.Append(step.Env).SelectMany(level => level.Keys).Distinct(StringComparer.Ordinal).Select(name => (name, environment[name]))],
                Inputs = patterns,
                Outputs = Render(cache.Outputs, scope, environment),
                Files = files,
                Links = links,
            }.Key();
            return (new(text, patterns, files, links), null);
        }
        catch (ScopeException)
        {
            return (null, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"not cached: what it reads cannot be told, {e.Message}");
        }
    }

    /// <summary>Puts back what the step made when it last ran; null when it must run.</summary>
    public async Task<(string Reason, IReadOnlyDictionary<string, string> Outputs)?> Restore(StepKey key, CancellationToken ct)
    {
        try
        {
            if (await store.Find(key.Text, [], ct) is not { } entry)
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

    /// <summary>What lies at the step's outputs now: paths of files and links.</summary>
    public IReadOnlySet<string> Made(PlannedStep step, PlannedStepCache cache, StepScope scope) =>
        Paths(Render(cache.Outputs, scope, scope.Environment(step)).Select(new ArtifactCollector(workspace, links: true).Collect));

    /// <summary>Keeps what a successful step made and took away.</summary>
    /// <param name="before"><see cref="Made"/>, before it ran.</param>
    /// <returns>Why it is not kept; null when it is, or need not be told.</returns>
    public async Task<string?> Save(StepKey key, PlannedStep step, PlannedStepCache cache, StepScope scope, IStepFiles source, IReadOnlySet<string> before, IReadOnlyDictionary<string, string>? outputs, CancellationToken ct)
    {
        if (!PlannedCache.MaySave(job.Event.Kind))
            return null;
        var paths = Render(cache.Outputs, scope, scope.Environment(step));
        var found = paths.Select(path => (Path: path, Files: new ArtifactCollector(workspace, links: true).Collect(path))).ToList();
        if (found.FirstOrDefault(one => one.Files.Untold is not null).Files is { } untold)
            return $"not cached: not all that it made can be kept, {untold.Untold}";
        if (found.FirstOrDefault(one => one.Files is { Files.Count: 0, Links.Count: 0 }).Path is { } lacking)
            return $"not cached: the step made nothing at {lacking}, which its outputs name";
        try
        {
            var now = Paths(found.Select(one => one.Files));
            if (await Changed(key, source, now, step.Parallel is not null, ct) is { } changed)
                return $"not cached: {changed}, which it reads, was changed while it ran";
            var notes = new Dictionary<string, string>(StringComparer.Ordinal) { [OutputsName] = CacheArchive.ToNote(outputs ?? None) };
            if (before.Except(now).ToList() is { Count: > 0 } removed)
                notes[CacheArchive.RemovedName] = CacheArchive.ToNote(removed.Order(StringComparer.Ordinal));
            await store.Save(key.Text, paths, notes, ct);
            return null;
        }
        catch (Exception e) when (CacheStore.IsSurvived(e))
        {
            return $"not cached: {e.Message}";
        }
    }

    /// <summary>
    /// A file that is not any more what the key says of it: nobody knows which of both the command saw. What it made itself does not count,
    /// nor what is new, unless other steps ran beside it that may have made it.
    /// </summary>
    private static async Task<string?> Changed(StepKey key, IStepFiles source, IReadOnlySet<string> made, bool beside, CancellationToken ct)
    {
        var (files, links) = await source.Read(key.Patterns, ct);
        var then = Lines(key.Files, key.Links);
        var now = Lines(files, links);
        return then.Where(file => now.GetValueOrDefault(file.Key) != file.Value).Select(file => file.Key)
            .Concat(beside ? now.Keys.Where(path => !then.ContainsKey(path)) : [])
            .FirstOrDefault(path => !made.Contains(path) && !path.EndsWith('/'));

        static Dictionary<string, string> Lines(IReadOnlyList<StepFile> files, IReadOnlyList<(string Path, string Target)> links) =>
            files.Select(file => (file.Path, Text: $"{file.Executable} {file.Sha256}")).Concat(links.Select(link => (link.Path, Text: $"-> {link.Target}")))
                .ToDictionary(line => line.Path, line => line.Text, StringComparer.Ordinal);
    }

    private HashSet<string> Paths(IEnumerable<Collected> found) =>
        found.SelectMany(one => one.Files.Select(file => Path.GetRelativePath(workspace.Checkout, file.FullPath)).Concat(one.Links.Select(link => link.Path))).ToHashSet(StringComparer.Ordinal);

    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What the step wrote to its outputs, of the notes beside its files.</summary>
    public static IReadOnlyDictionary<string, string> Read(IReadOnlyDictionary<string, string> notes) =>
        notes.TryGetValue(OutputsName, out var text) ? CacheArchive.FromNote<Dictionary<string, string>>(text) : None;

    private static List<string> Render(IReadOnlyList<string> texts, StepScope scope, IReadOnlyDictionary<string, string> environment) =>
        [.. texts.Select(text => scope.Render(text, environment, "the path"))];
}
