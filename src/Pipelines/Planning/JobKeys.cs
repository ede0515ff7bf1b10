using System.Text;

namespace PRTS.Pipelines.Planning;

/// <summary>Makes keys of names: lower-case ASCII letters, digits and single hyphens, at most 80 characters, each once.</summary>
/// <param name="taken">Keys that are used already.</param>
internal sealed class JobKeys(IEnumerable<string> taken)
{
    private const int Longest = 80;
    private readonly HashSet<string> used = new(taken, StringComparer.Ordinal);

    public JobKeys() : this([])
    {
    }

    /// <summary><c>Build Front-End</c> becomes <c>build-front-end</c>; the next of the same kind <c>build-front-end-2</c>.</summary>
    public string Add(string name)
    {
        var slug = Slug(name);
        var key = slug;
        for (var number = 2; !used.Add(key); number++)
        {
            var suffix = $"-{number}";
            key = slug[..Math.Min(slug.Length, Longest - suffix.Length)].TrimEnd('-') + suffix;
        }

        return key;
    }

    /// <summary>The key that a name has where nothing else takes it.</summary>
    public static string Slug(string name)
    {
        var slug = new StringBuilder();
        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c)) slug.Append(char.ToLowerInvariant(c));
            else if (slug.Length > 0 && slug[^1] != '-') slug.Append('-');
        }

        if (slug.Length > Longest) slug.Length = Longest;
        var trimmed = slug.ToString().TrimEnd('-');
        return trimmed.Length == 0 ? "job" : trimmed;
    }
}
