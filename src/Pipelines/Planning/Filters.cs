namespace PRTS.Pipelines.Planning;

/// <summary>Lists of globs as in GitHub: the last pattern that matches decides, and one with <c>!</c> excludes.</summary>
internal static class Filters
{
    public static bool Match(IReadOnlyList<string> patterns, string text) => Glob.MatchesAny(patterns.Select(Glob.Parse), text);

    public static bool MatchSome(IReadOnlyList<string> patterns, IReadOnlyList<string> texts) => texts.Any(Matcher(patterns));

    public static bool MatchAll(IReadOnlyList<string> patterns, IReadOnlyList<string> texts) => texts.All(Matcher(patterns));

    private static Func<string, bool> Matcher(IReadOnlyList<string> patterns)
    {
        var globs = patterns.Select(Glob.Parse).ToList();
        return text => Glob.MatchesAny(globs, text);
    }
}
