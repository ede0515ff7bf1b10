using System.Runtime.InteropServices;
using System.Text;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Steps;

/// <summary>An expression of the pipeline cannot be evaluated; the message says where and why.</summary>
internal sealed class ScopeException(string message) : Exception(message);

/// <summary>What a step's conditions and templates see: the job's facts and what the steps before it did.</summary>
/// <param name="passed">Outputs of steps that succeeded and are not in the history yet, by index.</param>
internal sealed class StepScope(
    JobAssignment job, JobHistory history, int index, JobOutcome outcome, Workspace workspace, IStepHost host, ExecutionOptions options,
    IReadOnlyDictionary<int, IReadOnlyDictionary<string, string>>? passed = null)
{
    private static readonly Dictionary<string, string> NoValues = [];
    private static readonly Dictionary<int, IReadOnlyDictionary<string, string>> Nothing = [];

    /// <summary>False: nothing is checked out yet, and expressions cannot look at files.</summary>
    public bool HasWorkspace { get; init; } = true;

    public JobSecrets Secrets { get; init; } = JobSecrets.None;

    /// <summary>Bytes of <c>NAME=value</c> with its end: Linux starts no process with more.</summary>
    private const int MaxVariable = 128 * 1024;

    /// <summary>Bytes: half of what Linux takes, with arguments, where the stack may have 8 MiB.</summary>
    private const int MaxEnvironment = 1 << 20;
    private readonly Dictionary<string, ExpressionValue> facts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["build"] = Contexts.Build(job.Org, job.Project, job.Number, job.Event, job.Actor, StepEnvironment.BuildUrl(job)),
        ["matrix"] = Contexts.Json(job.Job.Matrix?.Values ?? NoValues),
        ["inputs"] = Contexts.Json(job.Inputs),
        ["needs"] = ExpressionValue.Of(job.Needs.Select(need => KeyValuePair.Create(need.Key, Contexts.Need(Word(need.Value.Status), need.Value.Outputs)))),
        ["steps"] = ExpressionValue.Of(job.Job.Steps.Where(step => step.Id is not null && IsBefore(step, job.Job.Steps[index]) && history.EndOf(step.Index) is not null)
            .Select(step => KeyValuePair.Create(step.Id!, Step(step, history.EndOf(step.Index)!.Status, history.OutputsOf(step.Index))))
            .Concat((passed ?? Nothing).Where(step => job.Job.Steps[step.Key].Id is not null).Select(step => KeyValuePair.Create(job.Job.Steps[step.Key].Id!, Step(job.Job.Steps[step.Key], RunStatus.Succeeded, step.Value))))),
        ["job"] = Contexts.Job(Word(outcome.Status)),
        ["agent"] = Contexts.Agent(options.AgentName, RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant(), host.Checkout, host.Temporary),
    };

    private static bool IsBefore(PlannedStep step, PlannedStep other) => step.Index < other.Index && (step.Parallel is null || step.Parallel != other.Parallel);

    /// <summary>The usual variables, the job's secrets, then the pipeline's, the job's and the step's own, each seeing those before it.</summary>
    public Dictionary<string, string> Environment(PlannedStep step)
    {
        var environment = host.Environment();
        var left = MaxEnvironment;
        foreach (var (variable, value) in Secrets.Variables(job, host))
            Add(environment, variable, value, ref left);
        foreach (var (key, template) in job.Job.Env.Append(step.Env).SelectMany(level => level))
        {
            var value = Render(template, environment, $"the variable '{key}'");
            Add(environment, key, value, ref left);
        }
        return environment;
    }

    private static void Add(Dictionary<string, string> environment, string key, string value, ref int left)
    {
        if (key.Length == 0 || key.Contains('=', StringComparison.Ordinal) || key.Contains('\0', StringComparison.Ordinal) || value.Contains('\0', StringComparison.Ordinal))
            throw new ScopeException($"the environment variable '{key}' has a name or value that no process can have");
        var size = Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value) + 2;
        if (size > MaxVariable)
            throw new ScopeException($"the environment variable '{key}' has {size} bytes, and no process can have one of more than {MaxVariable}: put its value into a file");
        left -= size;
        if (left < 0)
            throw new ScopeException($"the environment variables up to '{key}' have more than {MaxEnvironment} bytes together: put large values into files");
        environment[key] = value;
    }

    public bool ShouldRun(PlannedStep step)
    {
        // Most steps have no condition; their environment is not needed yet, and may itself depend on steps that failed.
        if (string.IsNullOrWhiteSpace(step.If))
            return !outcome.Failed && !outcome.Canceled;
        return Evaluate($"the condition '{step.If}'", Environment(step), context => ConditionEvaluator.Runs(step.If, context));
    }

    /// <param name="what">Names the text in a message.</param>
    public string Render(string template, IReadOnlyDictionary<string, string> env, string what) =>
        Evaluate(what, env, context => Template.Evaluate(template, context));

    private T Evaluate<T>(string what, IReadOnlyDictionary<string, string> env, Func<EvaluationContext, T> evaluate)
    {
        var context = new EvaluationContext
        {
            Values = Contexts.WithVariables(facts, env),
            Condition = outcome.Canceled ? JobCondition.Cancelled : outcome.Failed ? JobCondition.Failure : JobCondition.Success,
            HashFiles = patterns => HasWorkspace ? FileHash.Of(workspace, patterns) : throw new ScopeException("there is no workspace yet"),
        };
        try
        {
            return evaluate(context);
        }
        catch (ExpressionException e)
        {
            throw new ScopeException($"{what} cannot be evaluated: {e.Message}");
        }
    }

    private static ExpressionValue Step(PlannedStep step, RunStatus status, IReadOnlyDictionary<string, string> outputs) =>
        Contexts.Step(Word(status), status == RunStatus.Failed && step.ContinueOnError ? "success" : Word(status), outputs);

    private static string Word(RunStatus status) => status switch
    {
        RunStatus.Succeeded => "success",
        RunStatus.Canceled => "cancelled",
        RunStatus.Skipped => "skipped",
        _ => "failure",
    };
}
