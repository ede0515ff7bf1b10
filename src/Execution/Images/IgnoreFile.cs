using System.Text;
using System.Text.RegularExpressions;

namespace PRTS.Execution.Images;

/// <summary>
/// Which files of a context a <c>.dockerignore</c> leaves out: patterns from the context's root with <c>*</c>, <c>?</c>, <c>[a-z]</c> and
/// <c>**</c>; what stands below a folder that matches matches, too; <c>!</c> takes back; of all patterns the last that matches counts.
/// Source: docs.docker.com/build/concepts/context.
/// </summary>
internal sealed class IgnoreFile
{
    private readonly List<(Regex Pattern, bool Ignores)> rules = [];

    public IgnoreFile(string text)
    {
        foreach (var line in text.TrimStart('\uFEFF').Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var pattern = line.TrimStart('!').Trim();
            var parts = new List<string>();
            foreach (var part in pattern.Split('/').Where(part => part is not ("" or ".")))
            {
                if (part != "..") parts.Add(part);
                else if (parts.Count > 0) parts.RemoveAt(parts.Count - 1);
            }
            if (parts.Count > 0)
                rules.Add((Compile(string.Join('/', parts)), line[0] != '!'));
        }
    }

    /// <param name="path">Relative to the context, with <c>/</c> between folders.</param>
    public bool Ignores(string path)
    {
        for (var i = rules.Count - 1; i >= 0; i--)
        {
            if (rules[i].Pattern.IsMatch(path))
                return rules[i].Ignores;
        }
        return false;
    }

    /// <summary>Without backtracking: the file is the pipeline author's.</summary>
    private static Regex Compile(string pattern)
    {
        var regex = new StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '*' when i + 1 < pattern.Length && pattern[i + 1] == '*':
                    i++;
                    if (i + 1 < pattern.Length && pattern[i + 1] == '/')
                    {
                        i++;
                        regex.Append("(.*/)?");
                    }
                    else
                    {
                        regex.Append(".*");
                    }
                    break;
                case '*':
                    regex.Append("[^/]*");
                    break;
                case '?':
                    regex.Append("[^/]");
                    break;
                case '[' when pattern.IndexOf(']', i + 1) is > 0 and var end:
                    var set = pattern[(i + 1)..end];
                    regex.Append(set.StartsWith('^') ? "[^/" : "[").Append((set.StartsWith('^') ? set[1..] : set).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal)).Append(']');
                    i = end;
                    break;
                case '\\' when i + 1 < pattern.Length:
                    regex.Append(Regex.Escape(pattern[++i].ToString()));
                    break;
                default:
                    regex.Append(Regex.Escape(pattern[i].ToString()));
                    break;
            }
        }
        return new Regex(regex.Append("(/.*)?$").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }
}
