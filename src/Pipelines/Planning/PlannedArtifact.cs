using System.IO.Enumeration;

namespace PRTS.Pipelines.Planning;

/// <summary>Files to keep: a path or glob relative to the workspace, under a name unique in the job.</summary>
[GenerateSerializer, Alias("prts.plan-artifact"), Immutable]
public sealed record PlannedArtifact
{
    public const int LongestName = 100;

    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required string Path { get; init; }

    /// <summary>Whether an artifact can be called so: 1 to <see cref="LongestName"/> characters without slashes, not <c>.</c> and <c>..</c>.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && !name.Any(c => char.IsControl(c) || c is '/' or '\\') && name is not ("." or "..");
}

/// <summary>Files to fetch that jobs kept which this one waits for.</summary>
[GenerateSerializer, Alias("prts.plan-download"), Immutable]
public sealed record PlannedDownload
{
    /// <summary>A name, a template, or a pattern for names: then each artifact gets a folder of its name.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>The folder to put it into, relative to the workspace; "" is the workspace itself. May be a template.</summary>
    [Id(1)] public required string Path { get; init; }

    /// <summary>Keys of the jobs that may have kept it, in the order of the plan.</summary>
    [Id(2)] public required IReadOnlyList<string> Jobs { get; init; }

    /// <summary>The job that kept it, or all of a matrix, by name; null: whichever did.</summary>
    [Id(3)] public string? From { get; init; }

    /// <summary>Whether a name stands for several.</summary>
    public static bool IsPattern(string name) => name.Contains('*', StringComparison.Ordinal);

    /// <summary>Whether the evaluated name or pattern means this artifact; <c>*</c> stands for any characters.</summary>
    public static bool Matches(string asked, string name) =>
        IsPattern(asked) ? FileSystemName.MatchesSimpleExpression(asked, name, ignoreCase: false) : asked == name;
}
