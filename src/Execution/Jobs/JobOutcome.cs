using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Steps;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Jobs;

/// <summary>What the ended steps mean for the next ones and for the job: a pure reading of the history.</summary>
internal sealed record JobOutcome(bool Failed, bool Canceled, string? Reason)
{
    /// <param name="before">Only steps before this index count.</param>
    public static JobOutcome Of(PlannedJob job, JobHistory history, string? cancelReason, int before = int.MaxValue)
    {
        foreach (var step in job.Steps.TakeWhile(step => step.Index < before))
        {
            if (history.EndOf(step.Index) is { Status: RunStatus.Failed } ended && !step.ContinueOnError)
                return new(true, cancelReason is not null, cancelReason ?? $"Step '{history.StartOf(step.Index)?.Name ?? step.Name}' failed: {ended.Reason}");
        }
        return new(false, cancelReason is not null, cancelReason);
    }

    /// <summary>Why it failed, and the exit code of the step that did.</summary>
    /// <param name="failure">What ended the job beside its steps; null when nothing did.</param>
    public static (FailureCause Cause, int? ExitCode) CauseOf(PlannedJob job, JobHistory history, string? failure)
    {
        if (failure is Reasons.SupervisorStopped or Reasons.SupervisorKilled or Reasons.MachineRestarted) return (FailureCause.AgentLost, null);
        if (failure?.StartsWith(Reasons.JobTimedOut(job.Timeout), StringComparison.Ordinal) == true) return (FailureCause.Timeout, null);
        var failed = job.Steps.FirstOrDefault(step => !step.ContinueOnError && history.EndOf(step.Index) is { Status: RunStatus.Failed });
        if (failed is null || history.EndOf(failed.Index) is not { } end) return (FailureCause.Failure, null);
        var timedOut = failed.Timeout is { } own && end.Reason?.StartsWith(Reasons.StepTimedOut(own), StringComparison.Ordinal) == true;
        return (timedOut ? FailureCause.Timeout : FailureCause.Failure, end.ExitCode);
    }

    public RunStatus Status => Canceled ? RunStatus.Canceled : Failed ? RunStatus.Failed : RunStatus.Succeeded;

    /// <summary>The outputs of the steps that have an id, by name; where several steps give one name, the last of them counts.</summary>
    public static IReadOnlyDictionary<string, string> Outputs(PlannedJob job, JobHistory history)
    {
        var outputs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in job.Steps.Where(step => step.Id is not null).SelectMany(step => history.OutputsOf(step.Index)))
            outputs[name] = value;
        return outputs;
    }
}
