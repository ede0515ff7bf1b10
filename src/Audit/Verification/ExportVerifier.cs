using System.Globalization;
using System.Text.Json;
using PRTS.Audit.Checkpoints;
using PRTS.Audit.Export;
using PRTS.Audit.Merkle;

namespace PRTS.Audit.Verification;

/// <summary>
/// Proves a whole export with nothing but checkpoints that were kept elsewhere. The tree is built again from the bytes of the lines; at the size of
/// each kept checkpoint its root must be the checkpoint's, and at the end that of the checkpoint with which the export closes, which the same key signed.
/// The hash in each line proves nothing by itself, for who changes the line can change it too: it tells which line was changed.
/// </summary>
public sealed class ExportVerifier
{
    private readonly List<Checkpoint> kept;
    private readonly HashSet<AuditPublicKey> trusted;
    private readonly MerkleFrontier tree = new();
    private readonly List<Checkpoint> proven = [];
    private Checkpoint? closing;

    /// <summary>Of the kept checkpoints; without them, of the first line.</summary>
    private string? tenant;

    private ExportVerifier(IReadOnlyList<Checkpoint> kept, IReadOnlyList<AuditPublicKey> keys)
    {
        this.kept = [.. kept.OrderBy(checkpoint => checkpoint.Size)];
        tenant = this.kept.FirstOrDefault()?.Tenant;
        trusted = keys.Count > 0 ? [.. keys] : [.. kept.Select(checkpoint => checkpoint.Key)];
    }

    /// <param name="export">JSON lines, all of a tenant's log from its first entry.</param>
    /// <param name="kept">At least one.</param>
    /// <param name="keys">The log's public keys; none: the keys in the kept checkpoints are trusted, as the checkpoints are.</param>
    public static AuditVerdict Verify(Stream export, IReadOnlyList<Checkpoint> kept, IReadOnlyList<AuditPublicKey> keys)
    {
        if (kept.Count == 0) throw new ArgumentException("Without a checkpoint nothing can be proven.", nameof(kept));
        var verifier = new ExportVerifier(kept, keys);
        var fault = verifier.Fault(export);
        return new AuditVerdict { Entries = verifier.tree.Size, Proven = verifier.proven, Closing = verifier.closing, Fault = fault };
    }

    /// <summary>
    /// Whether a whole export is in itself what a log that nobody changed would be: each line has its hash, none is missing, and the checkpoint that closes it is of
    /// them and is signed by its key. That proves nothing against who has the key, and finds what was changed in the database alone.
    /// </summary>
    public static AuditFault? Check(Stream export) => new ExportVerifier([], []).Fault(export);

    private AuditFault? Fault(Stream export)
    {
        if (kept.Select(FaultOf).FirstOrDefault(fault => fault is not null) is { } wrong) return wrong;
        if (FaultOfRoots() is { } early) return early;
        var lines = new ByteLines(export);
        var number = 0L;
        while (lines.TryRead(out var line))
        {
            number++;
            if (lines.IsCut) return new(AuditFaultKind.Truncated, number, "the line does not end: the export was cut off");
            if (closing is not null) return new(AuditFaultKind.Surplus, number, "there is more after the checkpoint that closes the export");
            if ((AuditLine.IsCheckpoint(line) ? FaultOfClosing(line, number) : FaultOfEntry(line, number)) is { } fault) return fault;
        }

        if (closing is null) return new(AuditFaultKind.Truncated, number + 1, $"the export ends after {Count(tree.Size)} without the checkpoint that closes it{(kept.Count > 0 && kept[^1].Size > tree.Size ? $", and the kept checkpoint has {Count(kept[^1].Size)}" : "")}");
        return kept.Count > 0 && kept[^1].Size > tree.Size ? new(AuditFaultKind.Truncated, number, $"the export ends after {Count(tree.Size)}, and the kept checkpoint of {Time(kept[^1])} has {Count(kept[^1].Size)}") : null;
    }

    private AuditFault? FaultOf(Checkpoint checkpoint) =>
        checkpoint.Tenant != kept[0].Tenant ? new(AuditFaultKind.Checkpoint, null, $"the checkpoints are of different tenants, {kept[0].Tenant} and {checkpoint.Tenant}")
        : !trusted.Contains(checkpoint.Key) ? new(AuditFaultKind.Checkpoint, null, $"the checkpoint of {Time(checkpoint)} was signed with the key {Id(checkpoint.Key)}, which is not the one that was given")
        : !checkpoint.IsSigned ? new(AuditFaultKind.Checkpoint, null, $"the signature of the checkpoint of {Time(checkpoint)} is wrong: the checkpoint was changed")
        : null;

    private AuditFault? FaultOfClosing(ReadOnlySpan<byte> line, long number)
    {
        if (AuditLine.Checkpoint(line) is not { } checkpoint) return new(AuditFaultKind.Unreadable, number, "the line is no checkpoint: it was changed");
        if (tenant is not null && checkpoint.Tenant != tenant) return new(AuditFaultKind.Foreign, number, $"the closing checkpoint is of the tenant {checkpoint.Tenant}, and the {(kept.Count > 0 ? "kept one" : "log")} of {tenant}");
        if (kept.Count > 0 && !trusted.Contains(checkpoint.Key)) return new(AuditFaultKind.Checkpoint, number, $"the closing checkpoint was signed with the key {Id(checkpoint.Key)}, which is not trusted; after a change of keys give both with --key");
        if (!checkpoint.IsSigned) return new(AuditFaultKind.Checkpoint, number, "the signature of the closing checkpoint is wrong: it was changed");
        if (checkpoint.Size != tree.Size) return new(checkpoint.Size > tree.Size ? AuditFaultKind.Missing : AuditFaultKind.Surplus, number, $"the closing checkpoint is of {Count(checkpoint.Size)}, and before it stand {Count(tree.Size)}");
        if (checkpoint.Root != tree.Root) return Resealed(checkpoint, number);
        closing = checkpoint;
        return null;
    }

    private AuditFault? FaultOfEntry(ReadOnlySpan<byte> line, long number)
    {
        var expected = tree.Size + 1;
        if (AuditLine.Split(line) is not (var canonical, var hash)) return new(AuditFaultKind.Unreadable, number, "the line is no entry of an audit export: it was changed, cut or inserted");
        var leaf = MerkleHash.Leaf(canonical);
        if (leaf.ToString() != hash) return new(AuditFaultKind.Changed, number, $"entry {expected} was changed: its bytes have the hash {leaf}, and the line says {hash}");
        if (Place(canonical) is not (var sequence, var owner)) return new(AuditFaultKind.Unreadable, number, "the line has no sequence number or no tenant: it was inserted");
        tenant ??= owner;
        if (owner != tenant) return new(AuditFaultKind.Foreign, number, $"the entry is of the tenant {owner}, and the {(kept.Count > 0 ? "checkpoint" : "log")} of {tenant}");
        if (sequence < expected) return new(AuditFaultKind.Repeated, number, $"entry {sequence} stands where entry {expected} should: it was moved, or put in again");
        if (sequence > expected) return new(AuditFaultKind.Missing, number, $"entry {expected} is missing: here stands entry {sequence}. It was taken out or moved, or the export is only a part (a filtered one cannot be proven)");
        tree.Append(leaf);
        return FaultOfRoots();
    }

    /// <summary>Compares with the kept checkpoints of this size.</summary>
    private AuditFault? FaultOfRoots()
    {
        foreach (var checkpoint in kept.Where(checkpoint => checkpoint.Size == tree.Size))
        {
            if (checkpoint.Root != tree.Root) return Resealed(checkpoint, tree.Size);
            proven.Add(checkpoint);
        }

        return null;
    }

    private AuditFault Resealed(Checkpoint checkpoint, long number)
    {
        var from = (proven.Count > 0 ? proven[^1].Size : 0) + 1;
        return new(AuditFaultKind.Root, number, $"one of the lines {from} to {checkpoint.Size} was changed and its hash made anew: their root is {tree.Root}, and the checkpoint of {Time(checkpoint)} says {checkpoint.Root}");
    }

    /// <summary>Only what is needed, so that entries with members of a later version can be proven too.</summary>
    private static (long Sequence, string Tenant)? Place(byte[] canonical)
    {
        try
        {
            using var entry = JsonDocument.Parse(canonical);
            return entry.RootElement is { ValueKind: JsonValueKind.Object } members
                && members.TryGetProperty("sequence", out var sequence) && sequence.ValueKind == JsonValueKind.Number && sequence.TryGetInt64(out var number)
                && members.TryGetProperty("tenant", out var tenant) && tenant.ValueKind == JsonValueKind.String
                ? (number, tenant.GetString()!)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Count(long entries) => entries == 1 ? "1 entry" : string.Create(CultureInfo.InvariantCulture, $"{entries} entries");

    private static string Time(Checkpoint checkpoint) => AuditTime.Text(checkpoint.At);

    private static string Id(AuditPublicKey key) => Convert.ToHexStringLower(key.Id);
}
