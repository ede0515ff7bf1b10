using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Caches;
using PRTS.Execution.Steps;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Jobs;

/// <summary>Runs a command, unless it says what it reads and nothing of that has changed since it last ran.</summary>
internal sealed class CachedStep(
    Reporter reporter, StepCache cache, IStepFiles files, StepRunner runner, IStepHost host, JobCancellation cancellation, TimeProvider clock)
{
    /// <param name="began">By an earlier agent process: its inputs are not known any more.</param>
    public async Task<StepResult> Run(PlannedStep step, StepScope scope, TimeSpan left, bool began, long logLength, CancellationToken ct)
    {
        if (step.Memo is not { } memo || began || cancellation.IsRequested)
            return await runner.Run(step, scope, left, ct);
        var (key, why) = await cache.KeyOf(step, memo, scope, host, files, ct);
        if (key is null)
            return With(await runner.Run(step, scope, left, ct), why);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, cancellation.Token);
        limit.CancelAfter(left);
        try
        {
            if (await cache.Restore(key, limit.Token) is var (reason, outputs))
                return await Unchanged(step, scope, reason, outputs, logLength, ct);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The runner says why the step cannot run any more.
        }

        var before = cache.Made(step, memo, scope);
        var result = await runner.Run(step, scope, left, ct);
        return result.Status == RunStatus.Succeeded ? With(result, await Keep(key, step, memo, scope, before, result, limit.Token, ct)) : result;
    }

    private static StepResult With(StepResult result, string? note) => result.Status == RunStatus.Succeeded ? result with { Reason = result.Reason ?? note } : result;

    private async Task<string?> Keep(StepKey key, PlannedStep step, PlannedStepCache memo, StepScope scope, IReadOnlySet<string> before, StepResult result, CancellationToken limit, CancellationToken ct)
    {
        try
        {
            return await cache.Save(key, step, memo, scope, files, before, result.Outputs, limit);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return "not cached: the job ended first";
        }
    }

    private async Task<StepResult> Unchanged(PlannedStep step, StepScope scope, string reason, IReadOnlyDictionary<string, string> outputs, long logLength, CancellationToken ct)
    {
        await reporter.Add(
            sequence => new StepStarted { Sequence = sequence, At = clock.GetUtcNow(), Index = step.Index, LogStart = logLength, Name = runner.NameOf(step, scope) }, ct);
        return new(RunStatus.Succeeded, reason, null, logLength, clock.GetUtcNow()) { Outputs = outputs };
    }
}
