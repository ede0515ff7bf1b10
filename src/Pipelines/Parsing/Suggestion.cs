namespace PRTS.Pipelines.Parsing;

/// <summary>Finds what someone probably meant.</summary>
internal static class Suggestion
{
    /// <summary>Nobody mistypes more than this, and comparing costs the product of the lengths.</summary>
    private const int LongestWord = 50;
    private const int MostCandidates = 1000;

    /// <summary>The likeliest of the candidates, or null when none is near.</summary>
    public static string? For(string written, IEnumerable<string> candidates)
    {
        if (written.Length > LongestWord) return null;
        string? best = null;
        var distance = int.MaxValue;
        var plain = Plain(written);
        foreach (var candidate in candidates.Take(MostCandidates))
        {
            if (candidate.Length > LongestWord) continue;
            var d = Distance(plain, Plain(candidate));
            if (d >= distance) continue;
            best = candidate;
            distance = d;
        }

        return distance <= Math.Max(1, written.Length / 3) ? best : null;
    }

    /// <summary>` Did you mean …?`, or nothing.</summary>
    public static string Text(string written, IEnumerable<string> candidates) =>
        For(written, candidates) is { } meant ? $" Did you mean `{meant}`?" : "";

    /// <summary>Runs-On, runsOn and runs_on are one word.</summary>
    private static string Plain(string word) =>
        string.Concat(word.Where(c => c is not ('_' or '-' or ' '))).ToLowerInvariant();

    /// <summary>Edits, with a swap of neighbours as one.</summary>
    private static int Distance(string a, string b)
    {
        var before = new int[b.Length + 1];
        var previous = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) current[j] = Math.Min(current[j], before[j - 2] + 1);
            }

            (before, previous, current) = (previous, current, before);
        }

        return previous[b.Length];
    }
}
