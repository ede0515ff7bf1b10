using System.Text.Json.Serialization;
using PRTS.Api.Environments;
using PRTS.Pipelines.Planning;

namespace PRTS.Api.Projects;

/// <summary>Branches and tags that only those may push who manage the repository, so that what is kept for them (secrets, environments) is not for everybody who may push.</summary>
[GenerateSerializer, Alias("prts.ref-protection"), Immutable]
public sealed record RefProtection
{
    public const int Most = 50;
    public const int LongestPattern = 200;
    private const string Heads = "refs/heads/";
    private const string Tags = "refs/tags/";

    /// <summary>Globs of branches, and of tags with <c>tag:</c> before them. With <c>!</c> before it, one takes away from those before it.</summary>
    [JsonRequired, Id(0)] public IReadOnlyList<string> Refs { get; init; } = [];

    /// <summary>Whether the ref is protected.</summary>
    /// <param name="name">In full, such as <c>refs/heads/main</c>. Refs that are neither branches nor tags are not protected: nothing is built from them.</param>
    public bool Covers(string name) =>
        name.StartsWith(Heads, StringComparison.Ordinal) ? Matches(Refs.Where(pattern => EnvironmentSettings.TagPattern(pattern) is null), name[Heads.Length..])
        : name.StartsWith(Tags, StringComparison.Ordinal) && Matches(Refs.Select(EnvironmentSettings.TagPattern).OfType<string>(), name[Tags.Length..]);

    /// <summary>
    /// The pattern of which a ref could not be made any more where there is a ref of this name: git keeps refs like files, so beside a branch
    /// <c>release</c> there is no <c>release/1</c>, and the other way round. Patterns that begin with a wildcard stand for no names in
    /// particular: all would be in their way. Null: it stands in nobody's way.
    /// </summary>
    /// <param name="name">In full, such as <c>refs/heads/release</c>.</param>
    public string? Blocked(string name)
    {
        var (isTag, start) = name.StartsWith(Tags, StringComparison.Ordinal) ? (true, Tags) : (false, Heads);
        if (!name.StartsWith(start, StringComparison.Ordinal)) return null;
        var rest = name[start.Length..];
        return Refs.FirstOrDefault(pattern =>
        {
            var tag = EnvironmentSettings.TagPattern(pattern);
            var text = tag ?? pattern;
            if (pattern.StartsWith('!') || tag is not null != isTag || text is ['*' or '[', ..] or [_, '?' or '+', ..]) return false;
            return Folders(text).Any(folder => IsMatch(folder, rest)) || Folders(rest).Any(folder => Covers(start + folder) && IsMatch(text, folder));
        });
    }

    /// <summary>All that stands before a slash.</summary>
    private static IEnumerable<string> Folders(string path) => Enumerable.Range(0, path.Length).Where(at => path[at] == '/').Select(at => path[..at]);

    private static bool IsMatch(string pattern, string name)
    {
        try
        {
            return Matches([pattern], name);
        }
        catch (FormatException)
        {
            return false; // Cut within a set of characters, in which there may be a slash.
        }
    }

    /// <summary>Everything that is wrong, in a sentence each; null when nothing is.</summary>
    public string? Problem()
    {
        if (Refs.Count > Most) return $"{Refs.Count} patterns are too many; {Most} at most. Use patterns such as 'release/**'.";
        var problems = Refs.Select(WrongWith).OfType<string>().ToList();
        return problems.Count == 0 ? null : string.Join(' ', problems);
    }

    private static bool Matches(IEnumerable<string> patterns, string name) => Glob.MatchesAny(patterns.Select(Glob.Parse), name);

    private static string? WrongWith(string pattern)
    {
        if (pattern.Length is 0 or > LongestPattern || pattern.Trim() != pattern) return $"'{pattern}' is no pattern: it has 1 to {LongestPattern} characters without spaces around them.";
        if (pattern.StartsWith("refs/", StringComparison.Ordinal)) return $"'{pattern}': write a branch's name without refs/heads/, and tag:NAME for a tag.";
        try
        {
            _ = Glob.Parse(EnvironmentSettings.TagPattern(pattern) ?? pattern);
            return null;
        }
        catch (FormatException malformed)
        {
            return malformed.Message;
        }
    }
}
