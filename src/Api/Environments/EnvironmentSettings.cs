namespace PRTS.Api.Environments;

/// <summary>What a project asks of jobs that deploy to one of its environments. Kept by the server, so that no pipeline can change it.</summary>
[GenerateSerializer, Alias("prts.environment-settings"), Immutable]
public sealed record EnvironmentSettings
{
    public const int LongestName = 100;
    public const int MostApprovals = 10;

    /// <summary>30 days.</summary>
    public const int LongestWait = 30 * 24 * 60;

    /// <summary>How many different people must approve a deployment; 0: none.</summary>
    [Id(0)] public int Approvals { get; init; }

    /// <summary>Users who can approve; empty: everybody who may approve deployments.</summary>
    [Id(1)] public IReadOnlyList<string> Approvers { get; init; } = [];

    /// <summary>Whoever started the build can approve its deployments, too.</summary>
    [Id(2)] public bool AllowSelfApproval { get; init; } = true;

    /// <summary>Minutes for which each deployment waits before it starts.</summary>
    [Id(3)] public int WaitMinutes { get; init; }

    /// <summary>Globs of branches that can be deployed, and of tags with <c>tag:</c> before them; empty: all.</summary>
    [Id(4)] public IReadOnlyList<string> Branches { get; init; } = [];

    /// <summary>Of a pattern of <see cref="Branches"/> that is for tags, the glob without <c>tag:</c>; null when it is one for branches.</summary>
    public static string? TagPattern(string pattern) =>
        pattern.StartsWith("tag:", StringComparison.Ordinal) ? pattern["tag:".Length..] : pattern.StartsWith("!tag:", StringComparison.Ordinal) ? "!" + pattern["!tag:".Length..] : null;

    /// <summary>One line of 1 to 100 characters without slashes.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name.Trim() == name && !name.Any(c => char.IsControl(c) || c is '/' or '\\') && name is not ("." or "..");
}

/// <summary>One of a project's environments: named by settings, or by a job that deployed to it.</summary>
[GenerateSerializer, Alias("prts.environment-summary"), Immutable]
public sealed record EnvironmentSummary
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public EnvironmentSettings Settings { get; init; } = new();

    /// <summary>The last deployment that succeeded: what is there now.</summary>
    [Id(2)] public DeploymentSummary? Current { get; init; }

    /// <summary>The last deployment, whatever became of it.</summary>
    [Id(3)] public DeploymentSummary? Latest { get; init; }
}
