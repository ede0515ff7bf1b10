namespace PRTS.Pipelines.Planning;

/// <summary>
/// A pattern with the meaning of GitHub's filter patterns: <c>*</c> any run without a slash, <c>**</c> any run, <c>?</c> none or one of
/// the character before, <c>+</c> one or more of it, <c>[a-z]</c> one of a set, <c>\</c> takes the next character as it is. Case counts.
/// Matching takes at most pattern length × text length steps, whatever the pattern.
/// </summary>
public sealed class Glob
{
    private readonly List<Element> elements = [];

    private Glob(string pattern) => Pattern = pattern;

    private enum Repeat
    {
        Once,
        Optional,
        Many,
        Any,

        /// <summary>Before <see cref="Directories"/>: passes to it or over it.</summary>
        Entry,

        /// <summary>Any run that ends in a slash.</summary>
        Directories,
    }

    /// <summary>As written, with the <c>!</c> of a negation.</summary>
    public string Pattern { get; }

    /// <summary>The pattern began with <c>!</c>: what it matches is taken out again.</summary>
    public bool IsNegated { get; private init; }

    /// <exception cref="FormatException">A set is not closed, or <c>?</c>, <c>+</c> or <c>\</c> has nothing to apply to.</exception>
    public static Glob Parse(string pattern)
    {
        var glob = new Glob(pattern) { IsNegated = pattern.StartsWith('!') };
        for (var at = glob.IsNegated ? 1 : 0; at < pattern.Length; at++)
            at = glob.Add(pattern, at);
        return glob.elements.Count > 0 ? glob : throw new FormatException($"'{pattern}' matches nothing: a pattern has at least one character.");
    }

    /// <summary>Whether the last pattern that matches is a positive one: later patterns override earlier ones.</summary>
    public static bool MatchesAny(IEnumerable<Glob> globs, string text)
    {
        var matches = false;
        foreach (var glob in globs)
        {
            if (glob.IsNegated == matches && glob.IsMatch(text))
                matches = !glob.IsNegated;
        }

        return matches;
    }

    /// <summary>Whether the whole text fits the pattern, negation left aside.</summary>
    public bool IsMatch(string text)
    {
        var present = new bool[elements.Count + 1];
        var following = new bool[elements.Count + 1];
        present[0] = true;
        Skip(present);
        foreach (var character in text)
        {
            Array.Clear(following);
            for (var index = 0; index < elements.Count; index++)
            {
                if (!present[index] || !elements[index].Takes(character))
                    continue;
                following[index + 1] |= elements[index].Repeat != Repeat.Directories || character == '/';
                following[index] |= elements[index].Repeat is Repeat.Any or Repeat.Many or Repeat.Directories;
            }

            (present, following) = (following, present);
            if (!present.Contains(true))
                return false;
            Skip(present);
        }

        return present[elements.Count];
    }

    /// <summary>Elements that may be absent are passed over.</summary>
    private void Skip(bool[] states)
    {
        for (var index = 0; index < elements.Count; index++)
        {
            if (!states[index])
                continue;
            states[index + 1] |= elements[index].Repeat is Repeat.Any or Repeat.Optional or Repeat.Entry;
            if (elements[index].Repeat == Repeat.Entry)
                states[index + 2] = true;
        }
    }

    private int Add(string pattern, int at)
    {
        switch (pattern[at])
        {
            case '*' when at + 1 < pattern.Length && pattern[at + 1] == '*':
                // "**/" also matches no directory at all, so that **/x finds x.
                if (at + 2 < pattern.Length && pattern[at + 2] == '/' && (elements.Count == 0 || elements[^1].IsSlash))
                {
                    elements.Add(new Element(_ => false, Repeat.Entry));
                    elements.Add(new Element(_ => true, Repeat.Directories) { IsSlash = true });
                    return at + 2;
                }

                elements.Add(new Element(_ => true, Repeat.Any));
                return at + 1;
            case '*':
                elements.Add(new Element(c => c != '/', Repeat.Any));
                return at;
            case '?' or '+':
                if (elements.Count == 0 || elements[^1].Repeat != Repeat.Once)
                    throw new FormatException($"'{pattern}': '{pattern[at]}' at {at + 1} repeats the character before it, and there is none; for any character use '*'.");
                elements[^1] = elements[^1] with { Repeat = pattern[at] == '?' ? Repeat.Optional : Repeat.Many };
                return at;
            case '[':
                return AddSet(pattern, at);
            case '\\' when at + 1 == pattern.Length:
                throw new FormatException($"'{pattern}': nothing follows the backslash at the end.");
            default:
                var escaped = pattern[at] == '\\';
                var character = pattern[escaped ? at + 1 : at];
                elements.Add(new Element(c => c == character, Repeat.Once) { IsSlash = character == '/' });
                return escaped ? at + 1 : at;
        }
    }

    private int AddSet(string pattern, int start)
    {
        var end = pattern.IndexOf(']', start + 1);
        if (end <= start + 1)
            throw new FormatException($"'{pattern}': the set at {start + 1} is not closed or empty; write for example [0-9].");
        var ranges = new List<(char From, char To)>();
        for (var at = start + 1; at < end; at++)
        {
            var isRange = at + 2 < end && pattern[at + 1] == '-';
            ranges.Add((pattern[at], pattern[isRange ? at + 2 : at]));
            if (isRange)
                at += 2;
        }

        elements.Add(new Element(c => ranges.Exists(range => c >= range.From && c <= range.To), Repeat.Once));
        return end;
    }

    private sealed record Element(Func<char, bool> Takes, Repeat Repeat)
    {
        public bool IsSlash { get; init; }
    }
}
