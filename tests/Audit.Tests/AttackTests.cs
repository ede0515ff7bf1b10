using System.Text;
using PRTS.Audit.Checkpoints;
using PRTS.Audit.Export;
using PRTS.Audit.Merkle;
using PRTS.Audit.Verification;

namespace PRTS.Audit.Tests;

/// <summary>
/// Counted attacks on an export and on the checkpoint that was kept elsewhere. The seed is fixed, so a count that is told can be counted again.
/// </summary>
public sealed class AttackTests(ITestOutputHelper output)
{
    private readonly Random random = new(6962);

    private sealed record Attack(string Name, int Times, Func<Case, byte[]> Make, bool OnCheckpoint = false);

    private sealed record Case(List<byte[]> Lines, byte[] File, byte[] Kept, byte[] OtherKept);

    [Fact]
    public async Task Attacks_Counted_AreAllFoundAndControlsAccepted()
    {
        using var key = new TestKey();
        var cases = new List<Case>();
        foreach (var size in new[] { 1, 2, 3, 8, 20, 33 })
        {
            var entries = Samples.Entries(size);
            var closing = await Samples.CheckpointOf(entries, key);
            var lines = Samples.Lines(entries, closing);
            cases.Add(new(lines, Samples.File(lines), Encoding.UTF8.GetBytes((await Samples.CheckpointOf(entries[..random.Next(size + 1)], key)).Text), Encoding.UTF8.GetBytes((await Samples.CheckpointOf(Samples.Entries(size + 1), key)).Text)));
            cases.Add(new(lines, Samples.File(lines), Encoding.UTF8.GetBytes(closing.Text), Encoding.UTF8.GetBytes((await Samples.CheckpointOf(Samples.Entries(size + 1), key)).Text)));
        }

        var controls = 0;
        foreach (var one in cases)
        {
            Assert.Null(Verify(one.File, one.Kept)?.Fault);
            controls++;
        }

        var missed = new List<string>();
        var total = 0;
        foreach (var attack in Attacks())
        {
            var found = 0;
            while (found < attack.Times && missed.Count == 0)
            {
                var one = cases[random.Next(cases.Count)];
                var changed = attack.Make(one);
                // Chance may make a change that changes nothing.
                if (changed.AsSpan().SequenceEqual(attack.OnCheckpoint ? one.Kept : one.File)) continue;
                var verdict = attack.OnCheckpoint ? Verify(one.File, changed) : Verify(changed, one.Kept);
                if (verdict is { IsProven: true }) missed.Add($"{attack.Name}: {Samples.Show(changed)}");
                else found++;
            }

            total += found;
            output.WriteLine($"{attack.Name}: {found} of {found + missed.Count} found");
            Assert.Empty(missed);
        }

        foreach (var one in cases)
        {
            Assert.Null(Verify(one.File, one.Kept)?.Fault);
            controls++;
        }

        Console.WriteLine($"counted: audit log, {total} attacks ({string.Join(", ", Attacks().Select(attack => $"{attack.Name} {attack.Times}"))}): all found; {controls} of {controls} valid controls accepted");
        Assert.Equal(Attacks().Sum(attack => attack.Times), total);
    }

    private IEnumerable<Attack> Attacks() =>
    [
        new("bit flip in the export", 5_000, one => Flip(one.File)),
        new("bit flip in the checkpoint", 5_000, one => Flip(one.Kept), OnCheckpoint: true),
        new("deletion of lines", 5_000, one => Samples.File(Without(one.Lines, random.Next(one.Lines.Count), 1 + random.Next(3)))),
        new("deletion of bytes", 5_000, one => Cut(one.File, random.Next(one.File.Length), 1 + random.Next(200))),
        new("reordering of lines", 10_000, one => Samples.File(Swapped(one.Lines))),
        new("truncation at a line", 5_000, one => Samples.File(one.Lines[..random.Next(one.Lines.Count)])),
        new("truncation at a byte", 5_000, one => one.File[..random.Next(one.File.Length)]),
        new("insertion of a line, with its right hash", 2_500, one => Samples.File(Inserted(one.Lines))),
        new("change of an entry, with its hash made anew", 2_500, Resealed),
        new("checkpoint of another log", 2_500, one => random.Next(2) == 0 ? one.OtherKept : Flip(one.OtherKept), OnCheckpoint: true),
    ];

    private byte[] Flip(byte[] bytes)
    {
        var flipped = (byte[])bytes.Clone();
        flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
        return flipped;
    }

    private static List<byte[]> Without(List<byte[]> lines, int at, int count) => [.. lines[..at], .. lines[Math.Min(lines.Count, at + count)..]];

    private static byte[] Cut(byte[] bytes, int at, int count) => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + count)..]];

    private List<byte[]> Swapped(List<byte[]> lines)
    {
        var (one, other) = (random.Next(lines.Count), random.Next(lines.Count));
        var swapped = lines.ToList();
        (swapped[one], swapped[other]) = (swapped[other], swapped[one]);
        return swapped;
    }

    private List<byte[]> Inserted(List<byte[]> lines)
    {
        var at = random.Next(lines.Count + 1);
        var entry = Canonical.Bytes(Samples.Of(at + 1 - random.Next(2)) with { Reason = $"forged {random.Next()}" });
        return [.. lines[..at], AuditLine.Of(entry, MerkleHash.Leaf(entry)), .. lines[at..]];
    }

    /// <summary>One who knows the format: the line is right in itself, and only the tree tells.</summary>
    private byte[] Resealed(Case one)
    {
        var at = random.Next(one.Lines.Count - 1);
        var entry = Canonical.Bytes(Samples.Of(at + 1) with { Actor = new(AuditActorKind.User, $"{random.Next()}", "mallory") });
        return Samples.File([.. one.Lines[..at], AuditLine.Of(entry, MerkleHash.Leaf(entry)), .. one.Lines[(at + 1)..]]);
    }

    /// <summary>As the command line does it: a checkpoint that is none proves nothing.</summary>
    private static AuditVerdict? Verify(byte[] file, byte[] kept)
    {
        if (Checkpoint.Parse(kept) is not { } checkpoint) return null;
        using var stream = new MemoryStream(file);
        return ExportVerifier.Verify(stream, [checkpoint], []);
    }
}
