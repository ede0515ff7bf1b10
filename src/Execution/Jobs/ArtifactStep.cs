using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;
using PRTS.Execution.Steps;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;
using PRTS.Supervisor.Masking;

namespace PRTS.Execution.Jobs;

/// <summary>Runs a step that moves files between the workspace and the control plane, or says there which jobs a file adds. It has no process; repeating it after an interruption is harmless.</summary>
internal sealed class ArtifactStep(JobAssignment job, JobHistory history, Reporter reporter, IJobSink sink, CacheStore store, Workspace workspace, Retry retry, Masks masks, TimeProvider clock)
{
    private const int MostNamed = 5;
    private readonly DownloadStep downloads = new(job, sink, workspace, retry);
    private readonly CacheStep caches = new(job, history, store, masks);
    private readonly GenerateStep generated = new(job, sink, workspace, retry, masks);

    /// <param name="timeout">Of what is left; the step fails when it is over.</param>
    public async Task<StepResult> Run(PlannedStep step, StepScope scope, TimeSpan timeout, JobCancellation cancellation, long logLength, CancellationToken ct)
    {
        if (history.StartOf(step.Index) is null)
        {
            await reporter.Add(
                sequence => new StepStarted { Sequence = sequence, At = clock.GetUtcNow(), Index = step.Index, LogStart = logLength, Name = NameOf(step, scope) }, ct);
        }
        // A step that runs although the job is canceled (`always()`) is not cut short by it.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, cancellation.IsRequested ? default : cancellation.Token);
        limit.CancelAfter(timeout);
        try
        {
            if (step.Cache is { } cache)
            {
                var (done, outputs) = await caches.Run(step, cache, scope, limit.Token);
                return Result(RunStatus.Succeeded, done) with { Outputs = outputs };
            }

            if (step.Generate is not null)
                return Result(RunStatus.Succeeded, await generated.Run(step, scope, limit.Token));
            return Result(RunStatus.Succeeded, step.Download is { } download
                ? await downloads.Run(step, download, scope, limit.Token)
                : LeftOut(await Keep(step, step.Artifact!, scope, limit.Token)));
        }
        catch (Exception e) when (e is ArtifactRefusedException or ScopeException)
        {
            return Result(RunStatus.Failed, e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return cancellation.IsRequested ? Result(RunStatus.Canceled, cancellation.Reason) : Result(RunStatus.Failed, step.Timeout is { } own ? Reasons.StepTimedOut(own) : Reasons.JobTimedOut(job.Job.Timeout));
        }

        StepResult Result(RunStatus status, string? reason) => new(status, reason, null, logLength, clock.GetUtcNow());
    }

    private async Task<IReadOnlyList<string>> Keep(PlannedStep step, PlannedArtifact artifact, StepScope scope, CancellationToken ct)
    {
        var environment = scope.Environment(step);
        var collected = new ArtifactCollector(workspace).Collect(scope.Render(artifact.Path, environment, "the artifact's path"));
        if (collected.Error is not null)
            throw new ArtifactRefusedException(collected.Error);
        var name = scope.Render(artifact.Name, environment, "the artifact's name");
        if (!PlannedArtifact.IsName(name))
            throw new ArtifactRefusedException($"'{name}' cannot be an artifact's name; names have 1 to {PlannedArtifact.LongestName} characters without slashes");
        // What is in the files is the pipeline's affair; names are on every page.
        if (masks.Contains(name) || collected.Files.FirstOrDefault(file => masks.Contains(file.Path)) is not null)
            throw new ArtifactRefusedException("the artifact's name, or that of a file in it, contains a secret");
        var upload = new ArtifactUpload(name, collected.Files);
        await retry.Forever("upload an artifact", async token =>
        {
            await sink.UploadArtifact(job, upload, token);
            return true;
        }, ct);
        return collected.LeftOut;
    }

    private static string NameOf(PlannedStep step, StepScope scope)
    {
        try
        {
            return scope.Render(step.Name, scope.Environment(step), "the step's name");
        }
        catch (ScopeException)
        {
            return step.Name; // What is wrong fails the step just after this.
        }
    }

    private static string? LeftOut(IReadOnlyList<string> leftOut) => leftOut.Count switch
    {
        0 => null,
        <= MostNamed => "left out: " + string.Join(", ", leftOut),
        _ => $"left out: {string.Join(", ", leftOut.Take(MostNamed))} and {leftOut.Count - MostNamed} more",
    };
}
