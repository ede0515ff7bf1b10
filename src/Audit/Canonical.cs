using System.Globalization;
using System.Text;

namespace PRTS.Audit;

/// <summary>
/// The one form in bytes that an entry has: JSON as RFC 8785 says (UTF-8, no white space, members sorted by their UTF-16 code units, only the
/// escapes that JSON demands), without members that are null. Numbers are whole and below 2^53, so there is one way to write them.
/// Times are texts with six digits after the second and <c>Z</c>. The leaf of the tree is the hash of exactly these bytes.
/// </summary>
public static class Canonical
{
    public static byte[] Bytes(AuditEntry entry)
    {
        var (head, tail) = Around(entry);
        return Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{head}{entry.Sequence}{tail}"));
    }

    /// <summary>A small document as it stands in an entry; empty when there is none.</summary>
    public static string Text(AuditFields? fields)
    {
        if (fields is null) return "";
        var json = new StringBuilder();
        Write(json, fields);
        return json.ToString();
    }

    /// <summary>What comes before the digits of the sequence number, and what after: the log gives the number when it writes.</summary>
    public static (string Head, string Tail) Around(AuditEntry entry)
    {
        var head = new StringBuilder(512);
        Member(head.Append('{'), "action", entry.Action, first: true);
        head.Append(",\"actor\":{");
        Member(head, "id", entry.Actor.Id, first: true);
        Member(head, "kind", Name(entry.Actor.Kind));
        Member(head, "name", entry.Actor.Name);
        head.Append('}');
        Member(head, "after", entry.After);
        Member(head, "at", AuditTime.Text(entry.At));
        Member(head, "before", entry.Before);
        head.Append(",\"origin\":{");
        Member(head, "address", entry.Origin.Address, first: true);
        Member(head, "via", Name(entry.Origin.Via), first: entry.Origin.Address is null);
        head.Append('}');
        Member(head, "outcome", Name(entry.Outcome));
        Member(head, "reason", entry.Reason);
        Member(head, "request", entry.Request);
        head.Append(",\"sequence\":");

        var tail = new StringBuilder(256);
        tail.Append(",\"target\":{");
        Member(tail, "id", entry.Target.Id, first: true);
        Member(tail, "kind", entry.Target.Kind);
        Member(tail, "name", entry.Target.Name);
        Member(tail, "org", entry.Target.Org);
        Member(tail, "project", entry.Target.Project);
        tail.Append('}');
        Member(tail, "tenant", entry.Tenant);
        tail.Append('}');
        return (head.ToString(), tail.ToString());
    }

    public static string Name(AuditOutcome outcome) => Lower(outcome);

    public static string Name(AuditActorKind kind) => Lower(kind);

    public static string Name(AuditVia via) => Lower(via);

    /// <summary>A JSON string, quotes included, with the escapes of RFC 8785 and no others.</summary>
    internal static void Write(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (var unit in text)
        {
            switch (unit)
            {
                case '"': json.Append("\\\""); break;
                case '\\': json.Append("\\\\"); break;
                case '\b': json.Append("\\b"); break;
                case '\t': json.Append("\\t"); break;
                case '\n': json.Append("\\n"); break;
                case '\f': json.Append("\\f"); break;
                case '\r': json.Append("\\r"); break;
                case < ' ': json.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"); break;
                default: json.Append(unit); break;
            }
        }

        json.Append('"');
    }

    private static void Member(StringBuilder json, string name, string? value, bool first = false)
    {
        if (value is null) return;
        json.Append(first ? "\"" : ",\"").Append(name).Append("\":");
        Write(json, value);
    }

    private static void Member(StringBuilder json, string name, AuditFields? fields)
    {
        if (fields is null) return;
        json.Append(",\"").Append(name).Append("\":");
        Write(json, fields);
    }

    private static void Write(StringBuilder json, AuditFields fields)
    {
        json.Append('{');
        foreach (var (index, (name, value)) in fields.Index())
        {
            if (index > 0) json.Append(',');
            Write(json, name);
            json.Append(':');
            Write(json, value);
        }

        json.Append('}');
    }

    private static void Write(StringBuilder json, AuditValue value)
    {
        switch (value.Content)
        {
            case null: json.Append("null"); break;
            case string text: Write(json, text); break;
            case bool flag: json.Append(flag ? "true" : "false"); break;
            case long number: json.Append(CultureInfo.InvariantCulture, $"{number}"); break;
            case string[] texts:
                json.Append('[');
                foreach (var (index, text) in texts.Index())
                {
                    if (index > 0) json.Append(',');
                    Write(json, text);
                }

                json.Append(']');
                break;
            default: throw new InvalidOperationException("An audit value has a content that there is not.");
        }
    }

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
