using System.Text;
using Npgsql;
using PRTS.Audit.Checkpoints;
using PRTS.Audit.Merkle;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Audit;

/// <summary>The log in the database is not what it was: somebody changed or removed what only grows. It is for an administrator to find out who.</summary>
public sealed class AuditDamagedException(string tenant, string problem) : Exception($"The audit log of the tenant {tenant} was changed in the database: {problem}. No checkpoint is signed any more; verify an export against a checkpoint that was kept elsewhere.")
{
    public string Tenant { get; } = tenant;
}

/// <summary>
/// Signed checkpoints. Before one is signed, the entries since the last are hashed again and must lead from it to the head: what does not go on from what
/// was signed before is never signed.
/// </summary>
public sealed class AuditCheckpoints(NpgsqlDataSource database, AuditEntries entries, IAuditKey key, TimeProvider time)
{
    /// <summary>A checkpoint is due after so many entries,</summary>
    public const int EveryEntries = 1000;

    /// <summary>or when entries have been without one for so long.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    private sealed record Stored(Checkpoint Checkpoint, MerkleFrontier Tree);

    /// <summary>Of the log as it is: the last one where nothing was added since, or a new one.</summary>
    /// <exception cref="AuditDamagedException"/>
    public async Task<Checkpoint> Now(string tenant, CancellationToken cancellationToken = default)
    {
        var (size, head) = await Head(tenant, cancellationToken);
        var last = await Last(tenant, cancellationToken);
        if (last is not null && last.Checkpoint.Size == size && last.Checkpoint.Root == head.Root) return last.Checkpoint;
        if (last?.Checkpoint.Size >= size)
        {
            // Another server has signed a later one since we read the head, unless the head went back.
            (size, head) = await Head(tenant, cancellationToken);
            if (size < last.Checkpoint.Size) throw new AuditDamagedException(tenant, $"it has {size} entries, and had {last.Checkpoint.Size} when the last checkpoint was signed");
        }

        var tree = await Grown(tenant, last, size, cancellationToken);
        if (tree.Root != head.Root) throw new AuditDamagedException(tenant, $"entries {(last?.Checkpoint.Size ?? 0) + 1} to {size} do not lead from the last checkpoint to the head");
        var made = await Checkpoint.Sign(tenant, size, tree.Root, time.GetUtcNow(), key, cancellationToken);
        await database.Command(
            "insert into audit_checkpoints (tenant, size, at, note, frontier) values ($1, $2, $3, $4, $5) on conflict do nothing", tenant, size, made.At, made.Text, tree.ToArray()).Execute(cancellationToken);
        var stored = await database.Command("select note, frontier from audit_checkpoints where tenant = $1 and size = $2", tenant, size).First(row => Read(tenant, row), cancellationToken);
        return stored?.Checkpoint is { } checkpoint && checkpoint.Root == made.Root ? checkpoint : throw new AuditDamagedException(tenant, $"the checkpoint of {size} entries was removed or exchanged");
    }

    /// <summary>Signs where one is due. Servers may do it at the same time: the first stored counts.</summary>
    /// <returns>The tenants' new checkpoints, and what was found to be wrong with others.</returns>
    public async Task<(IReadOnlyList<Checkpoint> Made, IReadOnlyList<AuditDamagedException> Damaged)> MakeDue(CancellationToken cancellationToken = default)
    {
        var due = await database.Command(
            """
            select head.tenant from audit_heads head
            left join lateral (select size from audit_checkpoints c where c.tenant = head.tenant order by size desc limit 1) last on true
            where head.size <> coalesce(last.size, 0) and (
                head.size < coalesce(last.size, 0) or head.size - coalesce(last.size, 0) >= $1
                or (select at from audit_entries e where e.tenant = head.tenant and e.sequence = coalesce(last.size, 0) + 1) <= $2)
            """,
            EveryEntries, time.GetUtcNow() - Every).All(row => row.GetString(0), cancellationToken);
        var (made, damaged) = (new List<Checkpoint>(), new List<AuditDamagedException>());
        foreach (var tenant in due)
        {
            try
            {
                made.Add(await Now(tenant, cancellationToken));
            }
            catch (AuditDamagedException damage)
            {
                // One tenant's log says nothing about the others'.
                damaged.Add(damage);
            }
        }

        return (made, damaged);
    }

    private async Task<(long Size, MerkleFrontier Tree)> Head(string tenant, CancellationToken cancellationToken)
    {
        var (size, frontier) = await database.Command("select size, frontier from audit_heads where tenant = $1", tenant)
            .First(row => (Size: row.GetInt64(0), Frontier: row.GetFieldValue<byte[]>(1)), cancellationToken);
        return (size, Tree(tenant, size, frontier ?? []));
    }

    private async Task<Stored?> Last(string tenant, CancellationToken cancellationToken) =>
        await database.Command("select note, frontier from audit_checkpoints where tenant = $1 order by size desc limit 1", tenant).First(row => Read(tenant, row), cancellationToken);

    private static Stored Read(string tenant, NpgsqlDataReader row)
    {
        if (Checkpoint.Parse(Encoding.UTF8.GetBytes(row.GetString(0))) is not { } checkpoint || checkpoint.Tenant != tenant || !checkpoint.IsSigned) throw new AuditDamagedException(tenant, "a checkpoint was changed");
        var tree = Tree(tenant, checkpoint.Size, row.GetFieldValue<byte[]>(1));
        return tree.Root == checkpoint.Root ? new(checkpoint, tree) : throw new AuditDamagedException(tenant, "the frontier of a checkpoint was changed");
    }

    private static MerkleFrontier Tree(string tenant, long size, byte[] frontier)
    {
        try
        {
            return MerkleFrontier.From(size, frontier);
        }
        catch (FormatException problem)
        {
            throw new AuditDamagedException(tenant, problem.Message.TrimEnd('.'));
        }
    }

    /// <summary>The tree of the last checkpoint with the entries since.</summary>
    private async Task<MerkleFrontier> Grown(string tenant, Stored? last, long size, CancellationToken cancellationToken)
    {
        var tree = last?.Tree ?? new MerkleFrontier();
        await foreach (var entry in entries.Stream(tenant, new(), size, tree.Size, cancellationToken))
        {
            if (entry.Sequence != tree.Size + 1) throw new AuditDamagedException(tenant, $"entry {tree.Size + 1} was removed");
            var leaf = MerkleHash.Leaf(entry.Canonical);
            if (leaf != entry.Hash) throw new AuditDamagedException(tenant, $"entry {entry.Sequence} was changed");
            tree.Append(leaf);
        }

        return tree.Size == size ? tree : throw new AuditDamagedException(tenant, $"entry {tree.Size + 1} was removed");
    }
}
