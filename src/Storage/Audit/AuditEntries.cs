using System.Runtime.CompilerServices;
using Npgsql;
using PRTS.Audit;
using PRTS.Audit.Merkle;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Audit;

/// <summary>An entry as it lies in the log. Canonical: the bytes that <see cref="Hash"/> is of, if nobody changed them.</summary>
public sealed record StoredAuditEntry(long Sequence, byte[] Canonical, MerkleHash Hash)
{
    public AuditEntry Entry => AuditJson.Read(Canonical);
}

/// <summary>Reads the audit log.</summary>
public sealed class AuditEntries(NpgsqlDataSource database)
{
    private const int PartOfStream = 1000;

    /// <summary>The newest that pass, of those before the number <paramref name="before"/> where it is given.</summary>
    public async Task<AuditPage> Find(string tenant, AuditFilter filter, long? before, int take, CancellationToken cancellationToken = default)
    {
        var (where, values) = Condition(tenant, filter);
        if (before is not null)
        {
            values.Add(before);
            where += $" and sequence < ${values.Count}";
        }

        values.Add(take + 1);
        var entries = await database.Command($"select entry from audit_entries where {where} order by sequence desc limit ${values.Count}", [.. values])
            .All(row => AuditJson.Read(row.GetFieldValue<byte[]>(0)), cancellationToken);
        return entries.Count > take ? new([.. entries.Take(take)], entries[take - 1].Sequence) : new(entries, null);
    }

    /// <summary>All that pass, from the oldest on, up to the number <paramref name="last"/>. Read part by part, so that no transaction stays open however slow the reader is.</summary>
    public async IAsyncEnumerable<StoredAuditEntry> Stream(string tenant, AuditFilter filter, long last, long after = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (where, values) = Condition(tenant, filter);
        var sql = $"select sequence, entry, hash from audit_entries where {where} and sequence > ${values.Count + 1} and sequence <= ${values.Count + 2} order by sequence limit {PartOfStream}";
        while (true)
        {
            var part = await database.Command(sql, [.. values, after, last])
                .All(row => new StoredAuditEntry(row.GetInt64(0), row.GetFieldValue<byte[]>(1), new MerkleHash(row.GetFieldValue<byte[]>(2))), cancellationToken);
            foreach (var entry in part) yield return entry;
            if (part.Count < PartOfStream) yield break;
            after = part[^1].Sequence;
        }
    }

    /// <summary>How many entries the tenant's log has.</summary>
    public async Task<long> Size(string tenant, CancellationToken cancellationToken = default) =>
        await database.Command("select size from audit_heads where tenant = $1", tenant).First(row => row.GetInt64(0), cancellationToken);

    private static (string Where, List<object?> Values) Condition(string tenant, AuditFilter filter)
    {
        var values = new List<object?> { tenant };
        var where = "tenant = $1";
        if (filter.Actor is { } actor) Add("actor = {0}", AuditTerms.Actor(actor));
        if (filter.Action is { } action) AddPrefix("action", action.ToLowerInvariant());
        if (filter.Target is { } target) AddPrefix("target", target.ToLowerInvariant());
        if (filter.Project?.ToLowerInvariant() is { } project)
        {
            where += " and scope <> ''";
            if (project.Contains('/', StringComparison.Ordinal)) Add("scope = {0}", project);
            else AddPrefix("scope", project + "/");
        }

        if (filter.Outcome is { } outcome) Add("outcome = {0}", Canonical.Name(outcome));
        if (filter.From is { } from) Add("at >= {0}", from);
        if (filter.To is { } to) Add("at < {0}", to);
        if (filter.Text is { } text && AuditTerms.Split(text).ToList() is { Count: > 0 } words)
            Add("words @@ {0}::tsquery", string.Join(" & ", words.Select(word => $"'{word}':*")));
        return (where, values);

        void Add(string condition, object value)
        {
            values.Add(value);
            where += " and " + string.Format(System.Globalization.CultureInfo.InvariantCulture, condition, $"${values.Count}");
        }

        // A range of the index, which has the order of code points; U+10FFFF is the last of them.
        void AddPrefix(string column, string prefix)
        {
            Add(column + " >= {0}", prefix);
            Add(column + " < {0}", prefix + "\U0010FFFF");
        }
    }
}
