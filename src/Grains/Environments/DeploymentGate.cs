using PRTS.Api.Environments;

namespace PRTS.Grains.Environments;

/// <summary>How far a job has come with its environment. Persisted with the job.</summary>
[GenerateSerializer, Alias("prts.deployment-gate"), Immutable]
public sealed record DeploymentGate
{
    /// <summary>Since when it is ready but for this; the wait timer runs from here.</summary>
    [Id(0)] public required DateTimeOffset Since { get; init; }
    [Id(1)] public IReadOnlyList<Approval> Approvals { get; init; } = [];

    /// <summary>The environment let it pass, once and for all tries.</summary>
    [Id(2)] public bool Admitted { get; init; }

    /// <summary>What it waits for; null while that is not known, and when it passed.</summary>
    [Id(3)] public ApprovalSummary? Waits { get; init; }
}
