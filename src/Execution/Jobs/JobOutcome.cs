using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Jobs;

/// <summary>What the ended steps mean for the next ones and for the job: a pure reading of the history.</summary>
internal sealed record JobOutcome(bool Failed, bool Canceled, string? Reason)
{
    public static JobOutcome Of(PlannedJob job, JobHistory history, string? cancelReason)
    {
        foreach (var step in job.Steps)
        {
            if (history.EndOf(step.Index) is { Status: RunStatus.Failed } ended && !step.ContinueOnError)
                return new(true, cancelReason is not null, cancelReason ?? $"Step '{history.StartOf(step.Index)?.Name ?? step.Name}' failed: {ended.Reason}");
        }
        return new(false, cancelReason is not null, cancelReason);
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
