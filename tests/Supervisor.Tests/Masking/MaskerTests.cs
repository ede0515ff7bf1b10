using System.Text;
using PRTS.Supervisor.Masking;

namespace PRTS.Supervisor.Tests.Masking;

public sealed class MaskerTests
{
    private static readonly Masks Hunter = Masks.Of(["hunter22"]);

    [Fact]
    public void Append_NoBeginningOfASecret_PassesAtOnce() =>
        Assert.Equal("an ordinary line.\n", new MaskedStream(Hunter).Append("an ordinary line.\n").Text);

    [Fact]
    public void Append_BeginningOfASecret_IsHeldBackUntilItIsKnown()
    {
        var stream = new MaskedStream(Hunter).Append("user hunte");
        Assert.Equal("user ", stream.Text);
        Assert.False(stream.Masker.Waits);
        stream.Masker.Quiet();
        Assert.Equal("user ", stream.Text);
        Assert.Equal("user hunte!", stream.Append("!").Text);
        Assert.Equal("user hunte! ***!", stream.Append(" hun").Append("ter2").Append("2!").Text);
    }

    [Fact]
    public void Quiet_UpToThreeBytes_PassAndTheRestIsMaskedAllTheSame()
    {
        var stream = new MaskedStream(Hunter).Append("user hun");
        Assert.Equal("user ", stream.Text);
        Assert.True(stream.Masker.Waits);
        stream.Masker.Quiet();
        Assert.Equal("user hun", stream.Text);
        Assert.False(stream.Masker.Waits);
        Assert.Equal("user hun*** !", stream.Append("te").Append("r22 !").Text);
    }

    [Fact]
    public void Append_OverlappingSecrets_BecomeOneMask()
    {
        var masks = Masks.Of(["abcdef", "defghi", "efgh", "mnop", "nopqrstu"]);
        Assert.Equal("*** klmno", masks.Apply("abcdefghi klmno"));
        Assert.Equal("-***-", new MaskedStream(masks).Append("-mnopq").Append("rst").Append("u-").Text);
        // The longer one does not come: the shorter is masked, and nothing else.
        Assert.Equal("-***qrs-", new MaskedStream(masks).Append("-mnopq").Append("rs").Append("-").Text);
    }

    [Fact]
    public void Append_LongerSecretUnderWay_WhatIsMaskedAnyhowIsTold()
    {
        var stream = new MaskedStream(Masks.Of(["first line\nsecond line"])).Append("first line\n");
        Assert.Equal("***", stream.Text);
        Assert.Equal("***\nother\n", stream.Append("other\n").Text);
    }

    [Fact]
    public void Append_PeriodicSecret_LeavesNothing()
    {
        var masks = Masks.Of([new string('-', 100), new string('a', 60_000)]);
        Assert.Equal("***", masks.Apply(new string('-', 1000)));
        Assert.Equal(new string('-', 99) + "x", masks.Apply(new string('-', 99) + "x"));
        Assert.Equal("***", masks.Apply(new string('a', 200_000)));
    }

    [Fact]
    public void End_UnfinishedSecret_IsMasked()
    {
        Assert.Equal("user ***", new MaskedStream(Hunter).Append("user hunter2").End().Text);
        Assert.Equal("user hun", new MaskedStream(Hunter).Append("user hun").End().Text);
    }

    [Fact]
    public void Use_MoreSecrets_AreMaskedInWhatIsHeldBackToo()
    {
        var stream = new MaskedStream(Hunter).Append("secondary hunte");
        stream.Masker.Use(Hunter.With(["hunted animal"]));
        Assert.Equal("secondary *** ***!", stream.Append("d animal hunter2").Append("2!").Text);
    }

    [Fact]
    public void Append_LongSecretInSmallPieces_ShowsNothingOfIt()
    {
        var random = new Random(5);
        var secret = string.Concat(Enumerable.Range(0, 16_000).Select(_ => char.ConvertFromUtf32(random.Next(0x21, 0x2000))));
        var stream = new MaskedStream(Masks.Of([secret])).Append("<");
        for (var i = 0; i < secret.Length; i += 100)
            stream.Append(secret.Substring(i, Math.Min(100, secret.Length - i)));
        Assert.Equal("<***>", stream.Append(">").Text);
    }

    /// <summary>Texts and bytes in which no secret is, cut anywhere, with pauses: not a byte is lost, added or another.</summary>
    [Fact]
    public void Append_NoSecretInIt_IsTheSameByteForByte()
    {
        var random = new Random(17);
        var secrets = new RandomSecrets(18);
        var text = "abc def\n0123.;: \r\nERROR warn\t"u8.ToArray();
        for (var round = 0; round < 300; round++)
        {
            var masks = Masks.Of(Enumerable.Range(0, 20).Select(_ => "!" + secrets.Next()));
            var bytes = new byte[random.Next(1, 200_000)];
            random.NextBytes(bytes);
            // Half of them text; the secrets' first four bytes never come, in any form, because two of them do not.
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = round % 2 == 0 ? text[bytes[i] % text.Length] : (byte)(bytes[i] & 0x0f);
            var stream = new MaskedStream(masks);
            for (var at = 0; at < bytes.Length;)
            {
                var count = Math.Min(bytes.Length - at, random.Next(3) == 0 ? random.Next(1, 8) : random.Next(1, 100_000));
                stream.Masker.Append(bytes.AsSpan(at, count));
                at += count;
                if (random.Next(4) == 0)
                    stream.Masker.Quiet();
            }
            stream.End();
            Assert.True(stream.Bytes.SequenceEqual(bytes), $"round {round}");
            Assert.False(stream.Masker.HasMasked);
        }
    }

    [Fact]
    public void Append_Again_AllocatesNothing()
    {
        var masks = Masks.Of(Enumerable.Range(0, 100).Select(i => $"secret/{i * 7919:x8}+\"é\""));
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 2000).Select(i => $"line {i} with secret/{i % 150 * 7919:x8}+\"é\" and sec\n")));
        var passed = 0L;
        var masker = new Masker(masks, bytes => passed += bytes.Length);
        for (var i = 0; i < 50; i++)
            Write();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Write();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(0, allocated);
        Assert.True(masker.HasMasked && passed > 0);

        void Write()
        {
            for (var at = 0; at < text.Length; at += 5000)
            {
                masker.Append(text.AsSpan(at, Math.Min(5000, text.Length - at)));
                masker.Quiet();
            }
        }
    }
}
