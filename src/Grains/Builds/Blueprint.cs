using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Builds;

/// <summary>A build's plan, with its jobs by key.</summary>
public sealed class Blueprint(BuildId id, BuildPlan plan)
{
    private readonly Dictionary<string, int> positions = plan.Jobs.Index().ToDictionary(job => job.Item.Key, job => job.Index, StringComparer.Ordinal);

    public BuildId Id => id;

    public BuildPlan Plan => plan;

    public IReadOnlyList<PlannedJob> Jobs => plan.Jobs;

    public PlannedJob this[string key] => plan.Jobs[positions[key]];

    public int PositionOf(string key) => positions[key];
}
