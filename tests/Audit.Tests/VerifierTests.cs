using PRTS.Audit.Checkpoints;
using PRTS.Audit.Export;
using PRTS.Audit.Verification;

namespace PRTS.Audit.Tests;

/// <summary>What is said about an export, and at which line.</summary>
public sealed class VerifierTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public async Task Export_AsItWasMade_IsProvenByAnyCheckpointOfIt(int count)
    {
        using var key = new TestKey();
        var entries = Samples.Entries(count);
        var file = Samples.File(Samples.Lines(entries, await Samples.CheckpointOf(entries, key)));
        for (var size = 0; size <= count; size++)
        {
            var kept = await Samples.CheckpointOf(entries[..size], key);
            var verdict = Verify(file, [kept]);
            Assert.Null(verdict.Fault);
            Assert.Equal((count, size), (verdict.Entries, verdict.Proven.Single().Size));
            Assert.True(Verify(file, [kept], key.Key).IsProven);
        }
    }

    [Theory]
    [InlineData("changed", AuditFaultKind.Changed, 3)]
    [InlineData("removed", AuditFaultKind.Missing, 3)]
    [InlineData("removed first", AuditFaultKind.Missing, 1)]
    [InlineData("removed last", AuditFaultKind.Missing, 6)]
    [InlineData("swapped", AuditFaultKind.Missing, 3)]
    [InlineData("doubled", AuditFaultKind.Repeated, 4)]
    [InlineData("inserted", AuditFaultKind.Repeated, 4)]
    [InlineData("resealed", AuditFaultKind.Root, 4)]
    [InlineData("foreign", AuditFaultKind.Foreign, 3)]
    [InlineData("cut after an entry", AuditFaultKind.Truncated, 4)]
    [InlineData("cut in an entry", AuditFaultKind.Truncated, 3)]
    [InlineData("without its end", AuditFaultKind.Truncated, 7)]
    [InlineData("last byte", AuditFaultKind.Truncated, 7)]
    [InlineData("more after its end", AuditFaultKind.Surplus, 8)]
    [InlineData("end changed", AuditFaultKind.Checkpoint, 7)]
    [InlineData("empty line", AuditFaultKind.Unreadable, 3)]
    [InlineData("windows", AuditFaultKind.Unreadable, 1)]
    [InlineData("forged end", AuditFaultKind.Checkpoint, 6)]
    [InlineData("nothing", AuditFaultKind.Truncated, 1)]
    public async Task Export_ThatWasChanged_SaysWhatAndWhere(string attack, AuditFaultKind kind, int line)
    {
        using var key = new TestKey();
        using var forger = new TestKey();
        var entries = Samples.Entries(6);
        var kept = new[] { await Samples.CheckpointOf(entries[..2], key), await Samples.CheckpointOf(entries[..4], key) };
        var lines = Samples.Lines(entries, await Samples.CheckpointOf(entries, key));
        var forged = Canonical.Bytes(Samples.Of(3) with { Actor = new(AuditActorKind.User, "1", "mallory") });
        var forgedLine = Samples.Lines([forged], kept[0])[0];
        byte[] file;
        switch (attack)
        {
            case "changed": lines[2] = [.. lines[2].Select((unit, at) => at == 50 ? (byte)(unit ^ 1) : unit)]; break;
            case "removed": lines.RemoveAt(2); break;
            case "removed first": lines.RemoveAt(0); break;
            case "removed last": lines.RemoveAt(5); break;
            case "swapped": (lines[2], lines[3]) = (lines[3], lines[2]); break;
            case "doubled": lines.Insert(3, lines[2]); break;
            case "inserted": lines.Insert(2, forgedLine); break;
            case "resealed": lines[2] = forgedLine; break;
            case "foreign": lines[2] = Samples.Lines([Canonical.Bytes(Samples.Of(3, "other"))], kept[0])[0]; break;
            case "cut after an entry": lines.RemoveRange(3, 4); break;
            case "without its end": lines.RemoveAt(6); break;
            case "more after its end": lines.Add(lines[5]); break;
            case "end changed": lines[6][40] ^= 1; break;
            case "empty line": lines.Insert(2, []); break;
            case "windows": lines = [.. lines.Select(all => (byte[])[.. all, (byte)'\r'])]; break;
            case "forged end": lines = [.. lines[..4], Samples.Lines([Canonical.Bytes(Samples.Of(5))], kept[0])[0], AuditLine.Of(await Samples.CheckpointOf(entries[..5], forger))]; break;
            case "nothing": lines.Clear(); break;
        }

        file = Samples.File(lines);
        if (attack == "cut in an entry") file = file[..(lines[0].Length + lines[1].Length + 100)];
        if (attack == "last byte") file = file[..^1];
        var fault = Verify(file, kept).Fault;
        Assert.NotNull(fault);
        Assert.Equal((kind, line), (fault.Kind, (int?)fault.Line));
    }

    [Fact]
    public async Task Export_ThatIsShorterThanTheKeptCheckpoint_IsNotProvenThoughItCloses()
    {
        using var key = new TestKey();
        var entries = Samples.Entries(6);
        var fault = Verify(Samples.File(Samples.Lines(entries[..4], await Samples.CheckpointOf(entries[..4], key))), [await Samples.CheckpointOf(entries, key)]).Fault;
        Assert.Equal((AuditFaultKind.Truncated, 5L), (fault!.Kind, fault.Line));
    }

    [Fact]
    public async Task Export_MadeAnewWithTheRightKey_IsNotTheKeptOne()
    {
        using var key = new TestKey();
        var (entries, others) = (Samples.Entries(6), Samples.Entries(6));
        others[4] = Canonical.Bytes(Samples.Of(5) with { Reason = "another" });
        var kept = new[] { await Samples.CheckpointOf(entries[..3], key), await Samples.CheckpointOf(entries, key) };
        var verdict = Verify(Samples.File(Samples.Lines(others, await Samples.CheckpointOf(others, key))), kept);
        Assert.Equal((AuditFaultKind.Root, 6L), (verdict.Fault!.Kind, verdict.Fault.Line));
        Assert.Contains("lines 4 to 6", verdict.Fault.Text, StringComparison.Ordinal);
        Assert.Equal(3, verdict.Proven.Single().Size);
    }

    [Fact]
    public async Task Checkpoint_OfAnotherKey_IsNotTrustedWhereKeysAreGiven()
    {
        using var key = new TestKey();
        using var forger = new TestKey();
        var entries = Samples.Entries(3);
        var file = Samples.File(Samples.Lines(entries, await Samples.CheckpointOf(entries, forger)));
        var kept = await Samples.CheckpointOf(entries, forger);
        Assert.Equal(AuditFaultKind.Checkpoint, Verify(file, [kept], key.Key).Fault?.Kind);
        Assert.True(Verify(file, [kept], key.Key, forger.Key).IsProven);
    }

    [Fact]
    public async Task Key_ThatWasChanged_IsTrustedWhereBothAreGiven()
    {
        using var old = new TestKey();
        using var now = new TestKey();
        var entries = Samples.Entries(5);
        var file = Samples.File(Samples.Lines(entries, await Samples.CheckpointOf(entries, now)));
        var kept = await Samples.CheckpointOf(entries[..3], old);
        Assert.Equal((AuditFaultKind.Checkpoint, 6L), (Verify(file, [kept]).Fault!.Kind, Verify(file, [kept]).Fault!.Line));
        Assert.True(Verify(file, [kept], old.Key, now.Key).IsProven);
    }

    [Fact]
    public async Task Checkpoint_OfAnotherTenant_ProvesNothing()
    {
        using var key = new TestKey();
        var entries = Samples.Entries(3);
        var file = Samples.File(Samples.Lines(entries, await Samples.CheckpointOf(entries, key)));
        Assert.Equal(AuditFaultKind.Foreign, Verify(file, [await Samples.CheckpointOf(entries, key, "other")]).Fault?.Kind);
        Assert.Equal(AuditFaultKind.Checkpoint, Verify(file, [await Samples.CheckpointOf(entries, key), await Samples.CheckpointOf(entries, key, "other")]).Fault?.Kind);
    }

    [Fact]
    public async Task Entry_OfALaterVersion_IsProvenToo()
    {
        using var key = new TestKey();
        var entries = Samples.Entries(2);
        entries.Add(System.Text.Encoding.UTF8.GetBytes(Samples.Show(Canonical.Bytes(Samples.Of(3))).Replace("\"outcome\":", "\"novel\":{\"x\":[1]},\"outcome\":", StringComparison.Ordinal)));
        var kept = await Samples.CheckpointOf(entries, key);
        Assert.True(Verify(Samples.File(Samples.Lines(entries, kept)), [kept]).IsProven);
    }

    private static AuditVerdict Verify(byte[] file, IReadOnlyList<Checkpoint> kept, params AuditPublicKey[] keys)
    {
        using var stream = new MemoryStream(file);
        return ExportVerifier.Verify(stream, kept, keys);
    }
}
