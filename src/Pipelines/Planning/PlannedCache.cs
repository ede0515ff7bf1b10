namespace PRTS.Pipelines.Planning;

/// <summary>Files to keep between builds: one step brings them, and one at the job's end keeps them.</summary>
[GenerateSerializer, Alias("prts.plan-cache"), Immutable]
public sealed record PlannedCache
{
    public const int LongestKey = 500;

    /// <summary>May be a template.</summary>
    [Id(0)] public required string Key { get; init; }

    /// <summary>Beginnings of keys, the best first; may be templates.</summary>
    [Id(1)] public IReadOnlyList<string> RestoreKeys { get; init; } = [];

    /// <summary>Paths and globs relative to the workspace; may be templates.</summary>
    [Id(2)] public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Null: this step brings the files. Otherwise it keeps them, by what the step of this index knows of the key.</summary>
    [Id(3)] public int? Restored { get; init; }

    /// <summary>Whether a cache can have the key: one line of 1 to <see cref="LongestKey"/> characters.</summary>
    public static bool IsKey(string key) => key.Length is > 0 and <= LongestKey && !string.IsNullOrWhiteSpace(key) && !key.Any(char.IsControl);

    /// <summary>Whether builds of this kind of event may keep caches: what comes from outside may not, since later builds would run it.</summary>
    public static bool MaySave(string kind) => kind is not "pull_request";
}

/// <summary>What a step reads and makes: paths and globs relative to the workspace, which may be templates. While nothing of what it reads changes, it need not run.</summary>
[GenerateSerializer, Alias("prts.plan-step-cache"), Immutable]
public sealed record PlannedStepCache
{
    /// <summary>Begins the keys of what steps made; no other cache has such a key, or is found by its beginning.</summary>
    public const string KeyPrefix = "step/";

    [Id(0)] public required IReadOnlyList<string> Inputs { get; init; }
    [Id(1)] public IReadOnlyList<string> Outputs { get; init; } = [];
}
