namespace PRTS.Pipelines.Planning;

/// <summary>What happened to a repository or clock that a pipeline may react to, and the commit it is about.</summary>
[GenerateSerializer, Alias("prts.trigger-event"), Immutable]
public sealed record TriggerEvent
{
    /// <summary><c>push</c>, <c>tag</c>, <c>pull_request</c>, <c>schedule</c> or <c>manual</c>.</summary>
    [Id(0)] public required string Kind { get; init; }

    /// <summary>Full name, for example <c>refs/heads/main</c>.</summary>
    [Id(1)] public required string Ref { get; init; }

    /// <summary>40 hex digits.</summary>
    [Id(2)] public required string Commit { get; init; }

    /// <summary>Paths that the push changed, relative to the repository; null when unknown (then path filters match).</summary>
    [Id(3)] public IReadOnlyList<string>? ChangedPaths { get; init; }

    /// <summary>The cron expression that came due, for <c>schedule</c>.</summary>
    [Id(4)] public string? Cron { get; init; }

    /// <summary>The pull request's activity type, for <c>pull_request</c>.</summary>
    [Id(5)] public string? Activity { get; init; }

    /// <summary>What a manual run was given, as it was written; null when nothing was.</summary>
    [Id(6)] public IReadOnlyDictionary<string, string>? Inputs { get; init; }

    /// <summary>The branch's short name; null for a tag.</summary>
    public string? Branch => Ref.StartsWith("refs/heads/", StringComparison.Ordinal) ? Ref["refs/heads/".Length..] : null;

    /// <summary>The tag's short name; null for a branch.</summary>
    public string? Tag => Ref.StartsWith("refs/tags/", StringComparison.Ordinal) ? Ref["refs/tags/".Length..] : null;
}
