using System.Security.Cryptography;
using System.Text;
using PRTS.Audit.Checkpoints;

namespace PRTS.Audit.Tests;

public sealed class CheckpointTests
{
    private static readonly string[] Words = ["prts-audit/acme", "3"];

    [Fact]
    public async Task Checkpoint_Signed_IsANoteThatReadsTheSame()
    {
        using var key = new TestKey();
        var checkpoint = await Samples.CheckpointOf(Samples.Entries(3), key);
        var lines = checkpoint.Text.Split('\n');
        Assert.Equal(Words, lines[..2]);
        Assert.Equal(Samples.Tree(Samples.Entries(3)).Root.ToArray(), Convert.FromBase64String(lines[2]));
        Assert.Equal("time 2026-11-24T12:00:00.000000Z", lines[3]);
        Assert.Equal("", lines[5]);
        Assert.StartsWith("— prts-audit/acme ", lines[6], StringComparison.Ordinal);
        // The key id of the signed-note specification for ECDSA.
        Assert.Equal(SHA256.HashData(key.Key.Spki)[..4], Convert.FromBase64String(lines[6].Split(' ')[2])[..4]);

        var read = Checkpoint.Parse(Encoding.UTF8.GetBytes(checkpoint.Text));
        Assert.NotNull(read);
        Assert.True(read.IsSigned);
        Assert.Equal(checkpoint.Text, read.Text);
        Assert.Equal(("acme", 3L, checkpoint.Root, checkpoint.At, key.Key), (read.Tenant, read.Size, read.Root, read.At, read.Key));
    }

    [Theory]
    [InlineData("\n3\n", "\n03\n")]
    [InlineData("\n3\n", "\n+3\n")]
    [InlineData("\n3\n", "\n3 \n")]
    [InlineData("\n3\n", "\n3\r\n")]
    [InlineData("prts-audit/", "other/")]
    [InlineData("— ", "- ")]
    [InlineData("time 2026", "time  2026")]
    [InlineData("\n\n", "\n")]
    public async Task Checkpoint_WrittenOtherwise_IsNone(string from, string to)
    {
        using var key = new TestKey();
        var text = (await Samples.CheckpointOf(Samples.Entries(3), key)).Text;
        Assert.Null(Checkpoint.Parse(Encoding.UTF8.GetBytes(text.Replace(from, to, StringComparison.Ordinal))));
        Assert.Null(Checkpoint.Parse(Encoding.UTF8.GetBytes(text + "\n")));
        Assert.Null(Checkpoint.Parse(Encoding.UTF8.GetBytes(text[..^1])));
    }

    [Fact]
    public void Key_AsPem_ReadsTheSame()
    {
        using var one = new TestKey();
        using var other = new TestKey();
        Assert.Equal([one.Key, other.Key], AuditPublicKey.FromPem("a text\n" + one.Key.ToPem() + other.Key.ToPem()));
        using var rsa = RSA.Create(2048);
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Empty(AuditPublicKey.FromPem(rsa.ExportSubjectPublicKeyInfoPem() + "\n" + p384.ExportSubjectPublicKeyInfoPem()));
    }
}
