using System.Text;
using PRTS.Audit;

namespace PRTS.Storage.Audit;

/// <summary>By what entries are found: the columns beside them, all in lower case.</summary>
internal static class AuditTerms
{
    /// <summary>Characters of a word that count; more distinguish nothing that people search for.</summary>
    private const int LongestWord = 60;
    private const int MostWords = 200;

    public static string Actor(AuditEntry entry) => Actor(entry.Actor.Name);

    public static string Actor(string name) => name.ToLowerInvariant();

    /// <summary><c>kind:id</c>, or by name where there is one.</summary>
    public static string Target(AuditEntry entry) => $"{entry.Target.Kind}:{entry.Target.Name ?? entry.Target.Id}".ToLowerInvariant();

    /// <summary><c>org/project</c>, <c>org/</c> for what is an organization's, empty for what is the tenant's.</summary>
    public static string Scope(AuditEntry entry) => entry.Target.Org is { } org ? $"{org}/{entry.Target.Project}".ToLowerInvariant() : "";

    /// <summary>The words of all texts in the entry, with spaces between.</summary>
    public static string Words(AuditEntry entry) => string.Join(' ', Split(string.Join(' ', new[]
    {
        entry.Actor.Name, entry.Actor.Id, entry.Origin.Address, entry.Action, entry.Target.Kind, entry.Target.Id, entry.Target.Name, entry.Target.Org, entry.Target.Project,
        entry.Reason, entry.Request, Canonical.Text(entry.Before), Canonical.Text(entry.After),
    })).Take(MostWords));

    /// <summary>Runs of letters and digits, each once.</summary>
    public static IEnumerable<string> Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var unit in text.ToLowerInvariant().Append(' '))
        {
            if (char.IsLetterOrDigit(unit) || char.IsSurrogate(unit))
            {
                word.Append(unit);
            }
            else if (word.Length > 0)
            {
                words.Add(Shortened(word));
                word.Clear();
            }
        }

        return words.Distinct(StringComparer.Ordinal);
    }

    private static string Shortened(StringBuilder word)
    {
        if (word.Length <= LongestWord) return word.ToString();
        return word.ToString(0, char.IsHighSurrogate(word[LongestWord - 1]) ? LongestWord - 1 : LongestWord);
    }
}
