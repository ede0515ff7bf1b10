using System.Buffers;
using System.Globalization;
using PRTS.Audit.Merkle;

namespace PRTS.Audit.Export;

/// <summary>Comma-separated values (RFC 4180), for spreadsheets. A cell that a spreadsheet would take for a formula gets an apostrophe before it.</summary>
public static class AuditCsv
{
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n");

    public const string Header = "sequence,at,tenant,actor_kind,actor_id,actor_name,via,address,action,outcome,target_kind,target_id,target_name,org,project,reason,before,after,request,hash\r\n";

    /// <summary>With its end of line.</summary>
    public static string Row(AuditEntry entry, MerkleHash hash) => string.Join(
        ',',
        new[]
        {
            entry.Sequence.ToString(CultureInfo.InvariantCulture), AuditTime.Text(entry.At), entry.Tenant,
            Canonical.Name(entry.Actor.Kind), entry.Actor.Id, entry.Actor.Name, Canonical.Name(entry.Origin.Via), entry.Origin.Address,
            entry.Action, Canonical.Name(entry.Outcome), entry.Target.Kind, entry.Target.Id, entry.Target.Name, entry.Target.Org, entry.Target.Project,
            entry.Reason, Canonical.Text(entry.Before), Canonical.Text(entry.After), entry.Request, hash.ToString(),
        }.Select(Cell)) + "\r\n";

    private static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        if (text[0] is '=' or '+' or '-' or '@' or '\t' or '\r') text = "'" + text;
        return text.AsSpan().ContainsAny(Quoted) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
