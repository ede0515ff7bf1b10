using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Steps;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Jobs;

/// <summary>Runs a step that keeps files. It has no process; repeating it after an interruption is harmless.</summary>
internal sealed class ArtifactStep(JobAssignment job, JobHistory history, Reporter reporter, IJobSink sink, Workspace workspace, Retry retry, TimeProvider clock)
{
    private const int MostNamed = 5;

    public async Task<StepResult> Run(PlannedStep step, PlannedArtifact artifact, StepScope scope, long logLength, CancellationToken ct)
    {
        if (history.StartOf(step.Index) is null)
        {
            await reporter.Add(
                sequence => new StepStarted { Sequence = sequence, At = clock.GetUtcNow(), Index = step.Index, LogStart = logLength, Name = NameOf(step, scope) }, ct);
        }
        try
        {
            var environment = scope.Environment(step);
            var collected = new ArtifactCollector(workspace).Collect(scope.Render(artifact.Path, environment, "the artifact's path"));
            if (collected.Error is not null)
                return Result(RunStatus.Failed, collected.Error);
            var name = scope.Render(artifact.Name, environment, "the artifact's name");
            if (!PlannedArtifact.IsName(name))
                return Result(RunStatus.Failed, $"'{name}' cannot be an artifact's name; names have 1 to {PlannedArtifact.LongestName} characters without slashes");
            var upload = new ArtifactUpload(name, collected.Files);
            await retry.Forever("upload an artifact", async token =>
            {
                await sink.UploadArtifact(job, upload, token);
                return true;
            }, ct);
            return Result(RunStatus.Succeeded, LeftOut(collected.LeftOut));
        }
        catch (Exception e) when (e is ArtifactRefusedException or ScopeException)
        {
            return Result(RunStatus.Failed, e.Message);
        }

        StepResult Result(RunStatus status, string? reason) => new(status, reason, null, logLength, clock.GetUtcNow());
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
