using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Steps;

/// <summary>An expression of the pipeline cannot be evaluated; the message says where and why.</summary>
internal sealed class ScopeException(string message) : Exception(message);

/// <summary>What a step's conditions and templates see: the job's facts and what the steps before it did.</summary>
internal sealed class StepScope(JobAssignment job, JobHistory history, JobOutcome outcome)
{
    public bool ShouldRun(PlannedStep step) => step.If switch
    {
        null => !outcome.Failed && !outcome.Canceled,
        "always()" => true,
        "failure()" => outcome.Failed && !outcome.Canceled,
        "cancelled()" => outcome.Canceled,
        _ => !outcome.Failed && !outcome.Canceled,
    };

    public string Render(string template, IReadOnlyDictionary<string, string> env)
    {
        _ = (job, history, env);
        return template;
    }
}
