using Microsoft.AspNetCore.Components;
using PRTS.Audit;

namespace PRTS.Web.Audit;

/// <summary>All that one entry says, and what it changed side by side.</summary>
public partial class AuditEntryDetails
{
    [Parameter, EditorRequired] public AuditEntry Entry { get; set; } = null!;

    /// <summary>The address that shows this entry again.</summary>
    [Parameter, EditorRequired] public string Link { get; set; } = "";

    private IReadOnlyList<AuditDifference> Differences => AuditDifference.Of(Entry.Before, Entry.After);
}

/// <summary>One field of what was changed. Null: it was, or is, not there. Change: <c>added removed changed same</c>.</summary>
public sealed record AuditDifference(string Name, string? Before, string? After)
{
    public string Change => Before is null ? "added" : After is null ? "removed" : Before == After ? "same" : "changed";

    /// <summary>By name. A field that is empty and was not there before is no change, so it is left out.</summary>
    public static IReadOnlyList<AuditDifference> Of(AuditFields? before, AuditFields? after)
    {
        var (was, becomes) = (Texts(before), Texts(after));
        return
        [
            .. was.Keys.Union(becomes.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Select(name => new AuditDifference(name, was.GetValueOrDefault(name), becomes.GetValueOrDefault(name)))
                .Where(row => !string.IsNullOrEmpty(row.Before) || !string.IsNullOrEmpty(row.After)),
        ];
    }

    private static Dictionary<string, string> Texts(AuditFields? fields) => (fields ?? []).ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal);
}
