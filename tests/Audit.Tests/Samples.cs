using System.Security.Cryptography;
using System.Text;
using CsCheck;
using PRTS.Audit.Checkpoints;
using PRTS.Audit.Export;
using PRTS.Audit.Merkle;

namespace PRTS.Audit.Tests;

/// <summary>A key in memory.</summary>
internal sealed class TestKey : IAuditKey, IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public AuditPublicKey Key => AuditPublicKey.From(key);

    public Task<AuditPublicKey> Public(CancellationToken cancellationToken = default) => Task.FromResult(Key);

    public Task<byte[]> Sign(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        Task.FromResult(key.SignData(data.Span, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    public void Dispose() => key.Dispose();
}

internal static class Samples
{
    public static readonly DateTimeOffset At = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static readonly string[] Awkward = ["a\"b\\c", "\u0000\u0001\n\t\r\u007F\u0085", "\uD800", "x\uDC00y", "😀", "张三", "\u2028", "prts_AAAAAAAAAAAAAAAAAAAAAAAA", "https://u:pa55@h/", new string('é', 1500)];

    /// <summary>Texts of all kinds: halves of surrogate pairs, control characters, quotes, secrets.</summary>
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[Gen.Char, 0, 40],
        Gen.Int[0, Awkward.Length - 1].Select(which => Awkward[which]));

    private static readonly Gen<AuditValue> Value = Gen.OneOf(
        Text.Select(text => (AuditValue)text),
        Gen.Long.Select(number => (AuditValue)number),
        Gen.Bool.Select(flag => (AuditValue)flag),
        Gen.DateTimeOffset.Select(time => (AuditValue)time),
        Text.Array[0, 4].Select(AuditValue.List),
        Gen.Const((AuditValue)(string?)null),
        Gen.Const(AuditValue.Secret));

    private static readonly Gen<AuditFields?> Fields = Gen.Select(Gen.String[Gen.Char["abzABZ09._-"], 1, 8], Value).Array[0, 5].Select(members =>
    {
        if (members.Length == 0) return null;
        var fields = new AuditFields();
        foreach (var (name, value) in members) fields[name] = value;
        return fields;
    });

    public static readonly Gen<AuditEntry> Entry = Gen.Select(
        Gen.Select(Gen.Enum<AuditActorKind>(), Text, Text, (kind, id, name) => new AuditActor(kind, id, name)),
        Gen.Select(Gen.Enum<AuditVia>(), Text, Gen.Bool, (via, address, none) => new AuditOrigin(via, none ? null : address)),
        Gen.Select(Text, Text, Text, Gen.Bool, (kind, id, name, none) => none ? new AuditTarget(kind, id) : new AuditTarget(kind, id, name, name, id)),
        Gen.Enum<AuditOutcome>(), Text, Fields, Fields,
        (actor, origin, target, outcome, text, before, after) => new AuditEntry
        {
            Tenant = "acme",
            Actor = actor,
            Origin = origin,
            Action = "variable:set",
            Target = target,
            Outcome = outcome,
            Reason = text.Length > 3 ? text : null,
            Request = text.Length > 5 ? text : null,
            Before = before,
            After = after,
        });

    /// <summary>An entry as a log of a small company has them.</summary>
    public static AuditEntry Of(long sequence, string tenant = "acme") => new AuditSource(tenant, new(AuditActorKind.User, $"u{sequence % 5}", "ann"), new(AuditVia.Cli, "192.0.2.7"), "0af7651916cd43dd8448eb211c80319c")
        .Allowed("variable:set", AuditTarget.In("demo", "hello", "variable", $"V{sequence}"), new() { ["value"] = "old" }, new() { ["value"] = $"new {sequence} \"quoted\" é" })
        .Written(sequence, At.AddSeconds(sequence));

    public static MerkleFrontier Tree(IEnumerable<byte[]> entries)
    {
        var tree = new MerkleFrontier();
        foreach (var entry in entries) tree.Append(MerkleHash.Leaf(entry));
        return tree;
    }

    public static async Task<Checkpoint> CheckpointOf(IReadOnlyList<byte[]> entries, IAuditKey key, string tenant = "acme") =>
        await Checkpoint.Sign(tenant, entries.Count, Tree(entries).Root, At.AddDays(1), key);

    public static List<byte[]> Entries(int count) => [.. Enumerable.Range(1, count).Select(sequence => Canonical.Bytes(Of(sequence)))];

    /// <summary>Lines with the hashes that belong to them, and the closing checkpoint; without line feeds.</summary>
    public static List<byte[]> Lines(IEnumerable<byte[]> entries, Checkpoint closing) =>
        [.. entries.Select(entry => AuditLine.Of(entry, MerkleHash.Leaf(entry))), AuditLine.Of(closing)];

    public static byte[] File(IEnumerable<byte[]> lines)
    {
        using var bytes = new MemoryStream();
        foreach (var line in lines)
        {
            bytes.Write(line);
            bytes.WriteByte((byte)'\n');
        }

        return bytes.ToArray();
    }

    public static string Show(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
