using System.Globalization;
using PRTS.Api.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Steps;

/// <summary>All that a step's environment has; nothing else reaches it. The list is documented in docs/pipeline.md.</summary>
internal static class StepEnvironment
{
    /// <summary>The build's page.</summary>
    public static string BuildUrl(JobAssignment job) =>
        string.Create(CultureInfo.InvariantCulture, $"{job.ServerUrl.TrimEnd('/')}/{job.Org}/{job.Project}/builds/{job.Number}");

    /// <summary>What the pipeline cannot change.</summary>
    public static Dictionary<string, string> Fixed(JobAssignment job, PlannedStep step, string stepName, IStepHost host, string outputFile, ExecutionOptions options, string? traceParent)
    {
        var number = job.Number.ToString(CultureInfo.InvariantCulture);
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PRTS"] = "true",
            ["PRTS_URL"] = job.ServerUrl.TrimEnd('/'),
            ["PRTS_ORG"] = job.Org,
            ["PRTS_PROJECT"] = $"{job.Org}/{job.Project}",
            ["PRTS_PIPELINE"] = job.PipelineName,
            ["PRTS_BUILD_NUMBER"] = number,
            ["PRTS_BUILD_URL"] = BuildUrl(job),
            ["PRTS_REF"] = job.Event.Ref,
            ["PRTS_BRANCH"] = job.Event.Branch ?? "",
            ["PRTS_TAG"] = job.Event.Tag ?? "",
            ["PRTS_COMMIT"] = job.Event.Commit,
            ["PRTS_DEFAULT_BRANCH"] = job.DefaultBranch,
            ["PRTS_EVENT"] = job.Event.Kind,
            ["PRTS_ACTOR"] = job.Actor,
            ["PRTS_STAGE"] = job.Job.Stage,
            ["PRTS_JOB"] = job.Job.Name,
            ["PRTS_JOB_KEY"] = job.Job.Key,
            ["PRTS_ATTEMPT"] = job.Attempt[(job.Attempt.LastIndexOf('/') + 1)..],
            ["PRTS_STEP"] = stepName,
            ["PRTS_STEP_INDEX"] = step.Index.ToString(CultureInfo.InvariantCulture),
            ["PRTS_WORKSPACE"] = host.Checkout,
            ["PRTS_OUTPUT"] = outputFile,
            ["PRTS_AGENT"] = options.AgentName,
        };
        if (traceParent is not null)
            variables["TRACEPARENT"] = traceParent;
        return variables;
    }
}
