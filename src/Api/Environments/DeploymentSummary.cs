namespace PRTS.Api.Environments;

/// <summary>One job's deployment to an environment.</summary>
[GenerateSerializer, Alias("prts.deployment-summary"), Immutable]
public sealed record DeploymentSummary
{
    [Id(0)] public required string Environment { get; init; }
    [Id(1)] public required int Number { get; init; }

    /// <summary>The job's key.</summary>
    [Id(2)] public required string Job { get; init; }
    [Id(3)] public required string JobName { get; init; }
    [Id(4)] public required RunStatus Status { get; init; }
    [Id(5)] public required string Ref { get; init; }
    [Id(6)] public required string Commit { get; init; }

    /// <summary>Who pushed or started the build.</summary>
    [Id(7)] public string Actor { get; init; } = "";
    [Id(8)] public IReadOnlyList<Approval> Approvals { get; init; } = [];

    /// <summary>Where the deployed thing is, as the pipeline says.</summary>
    [Id(9)] public string? Url { get; init; }
    [Id(10)] public DateTimeOffset? QueuedAt { get; init; }
    [Id(11)] public DateTimeOffset? StartedAt { get; init; }
    [Id(12)] public DateTimeOffset? FinishedAt { get; init; }
    [Id(13)] public string? Reason { get; init; }
    [Id(14)] public long Version { get; init; }

    /// <summary>Of the job; each time that it is run again deploys anew.</summary>
    [Id(15)] public int Round { get; init; }
}

/// <summary>Somebody's word that a deployment may go on.</summary>
[GenerateSerializer, Alias("prts.approval"), Immutable]
public sealed record Approval
{
    [Id(0)] public required string By { get; init; }
    [Id(1)] public required DateTimeOffset At { get; init; }
    [Id(2)] public string Comment { get; init; } = "";
}

/// <summary>What somebody says about a deployment that waits.</summary>
[GenerateSerializer, Alias("prts.deployment-decision"), Immutable]
public sealed record DeploymentDecision
{
    /// <summary>Shown with the deployment; at most 500 characters.</summary>
    [Id(0)] public string Comment { get; init; } = "";
}

/// <summary>What a deployment waits for.</summary>
[GenerateSerializer, Alias("prts.approval-summary"), Immutable]
public sealed record ApprovalSummary
{
    [Id(0)] public required string Environment { get; init; }

    /// <summary>Different people who must approve.</summary>
    [Id(1)] public required int Required { get; init; }
    [Id(2)] public IReadOnlyList<Approval> Given { get; init; } = [];

    /// <summary>Who can; empty: everybody who may approve deployments.</summary>
    [Id(3)] public IReadOnlyList<string> Approvers { get; init; } = [];

    /// <summary>No sooner than this; null: no timer.</summary>
    [Id(4)] public DateTimeOffset? NotBefore { get; init; }
}
