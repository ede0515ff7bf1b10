using System.Globalization;
using System.Text;

namespace PRTS.Audit.Export;

/// <summary>
/// Messages of syslog (RFC 5424), one a line: facility 13 (log audit), severity 6 for what was allowed, 4 for what was denied, 3 for what failed; the
/// action as the message id; every member as structured data; a sentence for people.
/// </summary>
public static class AuditSyslog
{
    private const int Facility = 13;

    /// <summary>32473 is the number that RFC 5612 keeps for examples: we have none of our own.</summary>
    private const string DataId = "audit@32473";

    /// <summary>With the line feed at its end.</summary>
    /// <param name="entry">A written one.</param>
    /// <param name="host">The host's name in the header; what a name cannot have becomes a hyphen.</param>
    public static string Message(AuditEntry entry, string host)
    {
        var text = new StringBuilder();
        var priority = (Facility * 8) + entry.Outcome switch { AuditOutcome.Allowed => 6, AuditOutcome.Denied => 4, _ => 3 };
        text.Append(CultureInfo.InvariantCulture, $"<{priority}>1 {AuditTime.Text(entry.At)} {Word(host, 255)} prts - {Word(entry.Action, 32)} [{DataId}");
        Data(text, "sequence", entry.Sequence.ToString(CultureInfo.InvariantCulture));
        Data(text, "tenant", entry.Tenant);
        Data(text, "actorKind", Canonical.Name(entry.Actor.Kind));
        Data(text, "actorId", entry.Actor.Id);
        Data(text, "actor", entry.Actor.Name);
        Data(text, "via", Canonical.Name(entry.Origin.Via));
        Data(text, "address", entry.Origin.Address);
        Data(text, "action", entry.Action);
        Data(text, "outcome", Canonical.Name(entry.Outcome));
        Data(text, "targetKind", entry.Target.Kind);
        Data(text, "targetId", entry.Target.Id);
        Data(text, "targetName", entry.Target.Name);
        Data(text, "org", entry.Target.Org);
        Data(text, "project", entry.Target.Project);
        Data(text, "reason", entry.Reason);
        Data(text, "before", Canonical.Text(entry.Before));
        Data(text, "after", Canonical.Text(entry.After));
        Data(text, "request", entry.Request);
        // The byte order mark says that what follows is UTF-8.
        text.Append("] \uFEFF").Append(OneLine($"{entry.Actor.Name} {Canonical.Name(entry.Outcome)} {entry.Action} {entry.Target.Kind} {entry.Target.Name ?? entry.Target.Id}"));
        if (entry.Reason is { } reason) text.Append(": ").Append(OneLine(reason));
        return text.Append('\n').ToString();
    }

    private static void Data(StringBuilder text, string name, string? value)
    {
        if (string.IsNullOrEmpty(value)) return;
        text.Append(' ').Append(name).Append("=\"");
        foreach (var unit in OneLine(value))
        {
            if (unit is '"' or '\\' or ']') text.Append('\\');
            text.Append(unit);
        }

        text.Append('"');
    }

    private static string Word(string text, int length)
    {
        var word = string.Concat(text.Take(length).Select(unit => unit is > ' ' and < '\u007F' ? unit : '-'));
        return word.Length > 0 ? word : "-";
    }

    /// <summary>A message is one line here: what would end it becomes a space.</summary>
    private static string OneLine(string text) => text.Replace('\n', ' ');
}
