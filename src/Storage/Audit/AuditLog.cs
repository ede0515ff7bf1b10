using System.Collections.Concurrent;
using Npgsql;
using PRTS.Audit;

namespace PRTS.Storage.Audit;

/// <summary>
/// Writes the audit log. Whoever changes something records it first and goes on only when <see cref="Record"/> has returned: then the entry is on
/// disk. When it throws, the operation is refused. So an entry may be there for what then did not happen (the process died in between; what is seen
/// to fail gets an entry of its own), but nothing happens without an entry (docs/adr/0011).
/// </summary>
public sealed class AuditLog(NpgsqlDataSource database, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, AuditAppends> tenants = new(StringComparer.Ordinal);

    /// <returns>The entry as it is written, with its number and time.</returns>
    /// <param name="entry">Best made by an <see cref="AuditSource"/>.</param>
    /// <param name="cancellationToken">Counts until the entry is taken up; what is being written is waited for.</param>
    /// <exception cref="AuditUnavailableException">It could not be written, or it is not known whether it was.</exception>
    /// <exception cref="FormatException">Its tenant or action is none.</exception>
    public Task<AuditEntry> Record(AuditEntry entry, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var written = entry.Written(0, time.GetUtcNow());
        return tenants.GetOrAdd(written.Tenant, static (tenant, database) => new AuditAppends(database, tenant), database).Append(written);
    }
}
