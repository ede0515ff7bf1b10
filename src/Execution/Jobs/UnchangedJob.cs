using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Caches;
using PRTS.Execution.Steps;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Jobs;

/// <summary>
/// Tells of a job, before anything is made for it, that all of its steps would be passed over because nothing of what they read has
/// changed: then it needs no workspace and no supervisor. Says so only of jobs of which it can be sure.
/// </summary>
internal sealed class UnchangedJob(ExecutionOptions options, JobAssignment job, JobHistory history, Workspace workspace, CacheStore store, TimeProvider clock)
{
    /// <summary>Why each step need not run; null when one has to, or when that cannot be told from the commit alone.</summary>
    public async Task<IReadOnlyList<(PlannedStep Step, string Name, string Reason)>?> Find(IStepHost host, CancellationToken ct)
    {
        if (options.WorkingTree is not null || job.Resume is not null || !job.Job.Steps.All(step => IsKnownByItsInputs(step, isLast: step.Index == job.Job.Steps.Count - 1)))
            return null;
        try
        {
            var mirror = new Mirror(options, job, clock);
            if (!mirror.HasAtTip(job.Event.Commit))
                await mirror.Fetch(anew: false, ct);
            if (await CommitFiles.Of(mirror, job.Event.Commit, ct) is not { } files)
                return null;
            var unchanged = new List<(PlannedStep, string, string)>();
            var cache = new StepCache(job, store, workspace);
            foreach (var step in job.Job.Steps)
            {
                var scope = new StepScope(job, history, step.Index, new(false, false, null), workspace, host, options) { HasWorkspace = false };
                if (await cache.KeyOf(step, step.Memo!, scope, host, files, ct) is not { } key || await store.Find(key, [], ct) is not { } entry)
                    return null;
                unchanged.Add((step, NameOf(step, scope), $"unchanged since {StepCache.Since(entry)}"));
            }
            return unchanged;
        }
        catch (Exception e) when (e is GitException or ScopeException || CacheStore.IsSurvived(e))
        {
            return null; // Whatever it is, the usual way meets it and says so.
        }
    }

    /// <summary>What it makes counts for no step after it, and its outputs for nobody.</summary>
    private static bool IsKnownByItsInputs(PlannedStep step, bool isLast) =>
        step is { Run: not null, Memo: not null, Id: null, Once: false } && string.IsNullOrWhiteSpace(step.If) && (isLast || step.Memo.Outputs.Count == 0);

    private static string NameOf(PlannedStep step, StepScope scope)
    {
        var environment = scope.Environment(step);
        return step.NamedByCommand && PlannedStep.NameOf(scope.Render(step.Run!, environment, "the command")) is { Length: > 0 } name ? name : scope.Render(step.Name, environment, "the step's name");
    }
}
