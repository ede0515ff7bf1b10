using System.Text;
using System.Text.RegularExpressions;

namespace PRTS.Execution.Artifacts;

/// <summary>A pattern over relative paths: <c>*</c> and <c>?</c> within a name, <c>[abc]</c>, <c>**</c> over any number of directories.</summary>
internal sealed class Glob
{
    private static readonly char[] Special = ['*', '?', '['];
    private readonly Regex expression;

    public Glob(string pattern)
    {
        var parts = pattern.Split('/');
        var plain = parts.TakeWhile(part => part.IndexOfAny(Special) < 0).Count();
        Directory = string.Join('/', parts[..plain]);
        expression = new("\\A" + Translate(parts[plain..]) + "\\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline, TimeSpan.FromSeconds(10));
    }

    /// <summary>What comes before the first name with a wildcard; empty when that is the first.</summary>
    public string Directory { get; }

    /// <summary>False: a set in brackets is none, such as <c>[z-a]</c>.</summary>
    public static bool IsPattern(string pattern)
    {
        try
        {
            return new Glob(pattern).Directory is not null;
        }
        catch (RegexParseException)
        {
            return false;
        }
    }

    public static bool IsGlob(string path) => path.IndexOfAny(Special) >= 0;

    /// <param name="path">Relative to <see cref="Directory"/>.</param>
    public bool Matches(string path) => expression.IsMatch(path);

    private static string Translate(string[] parts)
    {
        var regex = new StringBuilder();
        for (var i = 0; i < parts.Length; i++)
        {
            var last = i == parts.Length - 1;
            if (parts[i] == "**")
                regex.Append(last ? ".*" : "(?:[^/]+/)*");
            else
                regex.Append(Name(parts[i])).Append(last ? "" : "/");
        }
        return regex.ToString();
    }

    private static string Name(string part)
    {
        var regex = new StringBuilder();
        for (var i = 0; i < part.Length; i++)
        {
            var close = part[i] == '[' ? part.IndexOf(']', Math.Min(i + 2, part.Length)) : -1;
            if (close > 0)
            {
                var set = part[(i + 1)..close];
                var negated = set[0] is '!' or '^';
                regex.Append(negated ? "[^/" : "[").Append(Set(negated ? set[1..] : set)).Append(']');
                i = close;
            }
            else
            {
                regex.Append(part[i] switch { '*' => "[^/]*", '?' => "[^/]", var c => Regex.Escape(c.ToString()) });
            }
        }
        return regex.ToString();
    }

    private static string Set(string set) => set.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal).Replace("^", "\\^", StringComparison.Ordinal);
}
