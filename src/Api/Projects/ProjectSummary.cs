using PRTS.Api.Builds;

namespace PRTS.Api.Projects;

[GenerateSerializer, Alias("prts.project-summary"), Immutable]
public sealed record ProjectSummary
{
    [Id(0)] public required string Org { get; init; }
    [Id(1)] public required string Name { get; init; }
    [Id(2)] public string Description { get; init; } = "";
    [Id(3)] public string DefaultBranch { get; init; } = "main";
    [Id(4)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Filled by the server from the address of the request.</summary>
    [Id(5)] public string? CloneUrl { get; init; }
    [Id(6)] public BuildSummary? LatestBuild { get; init; }

    /// <summary>Grows by one at each change; a projection never goes back.</summary>
    [Id(7)] public long Version { get; init; }

    [Id(8)] public RefProtection Protection { get; init; } = new();

    public string FullName => $"{Org}/{Name}";
}

/// <summary>What it takes to create a project. Org and name: 1–64 of <c>a-z 0-9 . _ -</c>, beginning with a letter or digit.</summary>
[GenerateSerializer, Alias("prts.create-project"), Immutable]
public sealed record CreateProject
{
    [Id(0)] public required string Org { get; init; }
    [Id(1)] public required string Name { get; init; }
    [Id(2)] public string Description { get; init; } = "";
    [Id(3)] public string DefaultBranch { get; init; } = "main";
}
