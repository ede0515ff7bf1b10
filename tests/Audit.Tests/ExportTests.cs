using PRTS.Audit.Export;
using PRTS.Audit.Merkle;

namespace PRTS.Audit.Tests;

public sealed class ExportTests
{
    private static readonly AuditEntry Entry = (Samples.Of(3) with
    {
        Actor = new(AuditActorKind.Anonymous, "", "=cmd|' /C calc'!A0"),
        Outcome = AuditOutcome.Denied,
        Reason = "says \"no]\" \\ here\nand there",
        Before = null,
    }).Written(3, Samples.At);

    [Fact]
    public void Line_OfAnEntry_IsItsCanonicalFormAndTheHash()
    {
        var canonical = Canonical.Bytes(Entry);
        var line = Samples.Show(AuditLine.Of(canonical, MerkleHash.Leaf(canonical)));
        Assert.Equal($"{Samples.Show(canonical)[..^1]},\"hash\":\"{MerkleHash.Leaf(canonical)}\"}}", line);
    }

    [Fact]
    public void Row_OfAnEntry_IsQuotedAndNoFormula()
    {
        var hash = MerkleHash.Leaf(Canonical.Bytes(Entry));
        Assert.Equal(
            $"3,2026-11-23T12:00:00.000000Z,acme,anonymous,,'=cmd|' /C calc'!A0,cli,192.0.2.7,variable:set,denied,variable,V3,,demo,hello,\"says \"\"no]\"\" \\ here\nand there\",,\"{{\"\"value\"\":\"\"new 3 \\\"\"quoted\\\"\" é\"\"}}\",0af7651916cd43dd8448eb211c80319c,{hash}\r\n",
            AuditCsv.Row(Entry, hash));
        Assert.Equal(AuditCsv.Header.Count(unit => unit == ','), AuditCsv.Row(Samples.Of(1) with { Before = null, After = null }, hash).Count(unit => unit == ','));
    }

    [Fact]
    public void Message_OfAnEntry_IsSyslogOnOneLine() => Assert.Equal(
        "<108>1 2026-11-23T12:00:00.000000Z prts-example.com prts - variable:set [audit@32473 sequence=\"3\" tenant=\"acme\" actorKind=\"anonymous\" actor=\"=cmd|' /C calc'!A0\" via=\"cli\" address=\"192.0.2.7\" action=\"variable:set\" outcome=\"denied\" targetKind=\"variable\" targetId=\"V3\" org=\"demo\" project=\"hello\" reason=\"says \\\"no\\]\\\" \\\\ here and there\" after=\"{\\\"value\\\":\\\"new 3 \\\\\\\"quoted\\\\\\\" é\\\"}\" request=\"0af7651916cd43dd8448eb211c80319c\"] \uFEFF=cmd|' /C calc'!A0 denied variable:set variable V3: says \"no]\" \\ here and there\n",
        AuditSyslog.Message(Entry, "prts example.com"));

    [Theory]
    [InlineData(AuditOutcome.Allowed, "<110>1 ")]
    [InlineData(AuditOutcome.Denied, "<108>1 ")]
    [InlineData(AuditOutcome.Failed, "<107>1 ")]
    public void Message_OfAnOutcome_HasItsSeverity(AuditOutcome outcome, string beginning) =>
        Assert.StartsWith(beginning, AuditSyslog.Message(Samples.Of(1) with { Outcome = outcome }, ""), StringComparison.Ordinal);
}
