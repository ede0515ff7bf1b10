using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Builds;

/// <summary>A build's plan, with its jobs by key. Before their own variables the jobs have those that the project gives them.</summary>
/// <param name="variables">Of the project, that hold for the build.</param>
public sealed class Blueprint(BuildId id, BuildPlan plan, IReadOnlyList<ProjectVariable> variables)
{
    private readonly Dictionary<string, int> positions = plan.Jobs.Index().ToDictionary(job => job.Item.Key, job => job.Index, StringComparer.Ordinal);

    public Blueprint(BuildId id, BuildPlan plan) : this(id, plan, [])
    {
    }

    public BuildId Id => id;

    public BuildPlan Plan => plan;

    public IReadOnlyList<PlannedJob> Jobs { get; } = variables.Count > 0 ? [.. plan.Jobs.Select(job => With(job, variables, null))] : plan.Jobs;

    public PlannedJob this[string key] => Jobs[positions[key]];

    public bool Has(string key) => positions.ContainsKey(key);

    public int PositionOf(string key) => positions[key];

    /// <summary>A job whose environment is known by its name, with the variables of that environment.</summary>
    public PlannedJob Placed(PlannedJob job) => job.Environment is { } environment && variables.Any(variable => variable.Environment == environment)
        ? With(job with { Env = plan.Jobs[positions[job.Key]].Env }, variables, environment)
        : job;

    private static PlannedJob With(PlannedJob job, IReadOnlyList<ProjectVariable> variables, string? environment) =>
        ProjectVariables.OfJob(variables, environment) is { Count: > 0 } level ? job with { Env = [level, .. job.Env] } : job;
}
