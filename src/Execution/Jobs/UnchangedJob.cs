using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Caches;
using PRTS.Execution.Steps;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;
using PRTS.Supervisor.Masking;

namespace PRTS.Execution.Jobs;

/// <summary>A step that need not run.</summary>
internal sealed record PassedStep(PlannedStep Step, string Name, string Reason, IReadOnlyDictionary<string, string> Outputs);

/// <summary>
/// Tells of a job, before anything is made for it, that all of its steps would be passed over because nothing of what they read has
/// changed: then it needs no workspace and no supervisor. Says so only of jobs of which it can be sure.
/// </summary>
internal sealed class UnchangedJob(ExecutionOptions options, JobAssignment job, JobHistory history, Workspace workspace, CacheStore store, JobSecrets secrets, Masks masks, TimeProvider clock)
{
    /// <summary>Bytes. What is larger is put into a workspace once, not looked through here.</summary>
    private const int LargestLook = 1 << 20;

    /// <summary>What each step would come to; null when one has to run, or when that cannot be told from the commit alone.</summary>
    public async Task<IReadOnlyList<PassedStep>?> Find(IStepHost host, CancellationToken ct)
    {
        if (options.WorkingTree is not null || job.Resume is not null || !job.Job.Steps.All(IsKnownByItsInputs))
            return null;
        try
        {
            var mirror = new Mirror(options, job, clock);
            if (!mirror.HasAtTip(job.Event.Commit))
                await mirror.Fetch(anew: false, ct);
            return await CommitFiles.Of(mirror, job.Event.Commit, ct) is { } files ? await Find(files, host, ct) : null;
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            return null; // Whatever it is, the usual way meets it and says so.
        }
    }

    private async Task<IReadOnlyList<PassedStep>?> Find(CommitFiles files, IStepHost host, CancellationToken ct)
    {
        var passed = new List<PassedStep>();
        var cache = new StepCache(job, store, workspace);
        foreach (var step in job.Job.Steps)
        {
            var known = passed.ToDictionary(before => before.Step.Index, before => before.Outputs);
            var scope = new StepScope(job, history, step.Index, new(false, false, null), workspace, host, options, known) { HasWorkspace = false, Secrets = secrets };
            if ((await cache.KeyOf(step, step.Memo!, scope, host, files, ct)).Key is not { } key || await store.Find(key.Text, [], ct) is not { } entry)
                return null;
            var isLast = step.Index == job.Job.Steps.Count - 1;
            CacheContents? made = null;
            if (step.Id is not null || (!isLast && step.Memo!.Outputs.Count > 0))
            {
                if (entry.Size > LargestLook)
                    return null;
                made = await store.Look(entry, ct);
                if (!isLast)
                {
                    if (files.With(made) is not { } after)
                        return null;
                    files = after;
                }
            }
            passed.Add(new(step, NameOf(step, scope), $"unchanged since {StepCache.Since(entry)}", made is null ? None : StepCache.Read(made.Notes)));
        }
        return passed;
    }

    private static bool IsKnownByItsInputs(PlannedStep step) => step is { Run: not null, Memo: not null, Once: false } && string.IsNullOrWhiteSpace(step.If);

    private static readonly Dictionary<string, string> None = [];

    private string NameOf(PlannedStep step, StepScope scope)
    {
        var environment = scope.Environment(step);
        return step.NamedByCommand && PlannedStep.NameOf(masks.Apply(scope.Render(step.Run!, environment, "the command"))) is { Length: > 0 } name ? name : scope.Render(step.Name, environment, "the step's name");
    }
}
