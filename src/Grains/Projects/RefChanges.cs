namespace PRTS.Grains.Projects;

/// <summary>A branch or tag that is new or points elsewhere.</summary>
/// <param name="Before">Null when it is new.</param>
public sealed record RefChange(string Ref, string? Before, string Commit);

/// <summary>What differs between the refs that were triggered and those that are there.</summary>
public static class RefChanges
{
    /// <summary>Of more tags than this at once none starts anything, as on GitHub: they come from a mirror, not from a release.</summary>
    public const int MaxTags = 3;

    /// <summary>Of more branches than this at once only the default branch counts.</summary>
    public const int MaxBranches = 20;
    private const string Branches = "refs/heads/";

    public static IReadOnlyList<RefChange> Between(IReadOnlyDictionary<string, string> triggered, IReadOnlyDictionary<string, string> refs) =>
        [.. refs.Where(at => triggered.GetValueOrDefault(at.Key) != at.Value).OrderBy(at => at.Key, StringComparer.Ordinal)
            .Select(at => new RefChange(at.Key, triggered.GetValueOrDefault(at.Key), at.Value))];

    /// <summary>
    /// Those that start builds. When a repository with several branches comes in whole (the first time, or a mirror), only its default
    /// branch does; the others are remembered and start builds when they move.
    /// </summary>
    public static IReadOnlyList<RefChange> ToTrigger(IReadOnlyList<RefChange> changes, string defaultBranch, bool first)
    {
        var branches = changes.Where(IsBranch).ToList();
        var tags = changes.Where(change => !IsBranch(change)).ToList();
        if (branches.Count > (first ? 1 : MaxBranches)) branches.RemoveAll(change => change.Ref != Branches + defaultBranch);
        if (tags.Count > MaxTags || (first && changes.Count > 1)) tags.Clear();
        return [.. branches, .. tags];
    }

    public static bool Differ(IReadOnlyDictionary<string, string> triggered, IReadOnlyDictionary<string, string> refs) =>
        triggered.Count != refs.Count || refs.Any(at => triggered.GetValueOrDefault(at.Key) != at.Value);

    private static bool IsBranch(RefChange change) => change.Ref.StartsWith(Branches, StringComparison.Ordinal);
}
