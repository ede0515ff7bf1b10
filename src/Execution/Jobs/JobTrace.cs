using System.Diagnostics;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Jobs;

/// <summary>
/// The job's part of the build's trace. The supervisor carries no telemetry: it journals times, and the spans are made from them here.
/// </summary>
internal sealed class JobTrace : IDisposable
{
    public const string SourceName = "PRTS.Execution";
    private static readonly ActivitySource Source = new(SourceName);
    private readonly JobAssignment job;
    private readonly Activity? activity;

    public JobTrace(JobAssignment job)
    {
        this.job = job;
        if (!ActivityContext.TryParse(job.TraceParent, null, isRemote: true, out var parent))
            parent = default; // A trace of its own.
        activity = Source.CreateActivity("job", ActivityKind.Internal, parent);
        activity?.SetTag("prts.attempt", job.Attempt).SetTag("prts.job", job.Job.Name);
        // Started by hand and not made current: the job's life is longer than any call's.
        var before = Activity.Current;
        activity?.Start();
        Activity.Current = before;
    }

    /// <summary>What steps get as TRACEPARENT.</summary>
    public string? Parent => activity?.Id ?? job.TraceParent;

    public void Step(PlannedStep step, StepStarted? started, StepResult result)
    {
        if (started is null || activity is null)
            return;
        using var span = Source.StartActivity("step", ActivityKind.Internal, activity.Context, startTime: started.At);
        span?.SetTag("prts.step", started.Name ?? step.Name).SetTag("prts.exit_code", result.ExitCode)
            .SetStatus(result.Status == RunStatus.Failed ? ActivityStatusCode.Error : ActivityStatusCode.Ok, result.Reason)
            .SetEndTime(result.At.UtcDateTime);
    }

    public void End(JobOutcome outcome) =>
        activity?.SetStatus(outcome.Status == RunStatus.Failed ? ActivityStatusCode.Error : ActivityStatusCode.Ok, outcome.Reason);

    public void Dispose() => activity?.Dispose();
}
