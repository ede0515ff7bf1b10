using System.Security.Cryptography;
using System.Text.Json;
using CsCheck;
using PRTS.Api.Secrets;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Tests.Secrets;

public sealed class EnvelopeTests
{
    private static readonly Gen<SealContext> Contexts =
        from tenant in Gen.String[0, 5]
        from scope in Gen.String[0, 5]
        from purpose in Gen.String[0, 5]
        from name in Gen.String[0, 5]
        from version in Gen.Long
        select new SealContext { Tenant = Whole(tenant), Scope = Whole(scope), Purpose = Whole(purpose), Name = Whole(name), Version = version };

    private readonly byte[] key = RandomNumberGenerator.GetBytes(Envelope.KeyLength);
    private readonly Guid id = Guid.NewGuid();

    [Fact]
    public void Open_SameContext_GivesTheValue() => Gen.Select(Contexts, Gen.Byte.Array[0, 300]).Sample((context, value) =>
    {
        var box = Envelope.Seal(key, id, context, value);
        Assert.Equal(id, Envelope.DataKeyOf(box));
        Assert.Equal(value, Envelope.Open(key, context, box));
    });

    [Fact]
    public void Open_AnyBitFlipped_IsRefused()
    {
        var flips = 0;
        Gen.Select(Contexts, Gen.Byte.Array[0, 40]).Sample((context, value) =>
        {
            var box = Envelope.Seal(key, id, context, value);
            for (var bit = 0; bit < box.Length * 8; bit++)
            {
                var changed = box.ToArray();
                changed[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.Throws<SealBrokenException>(() => Envelope.Open(key, context, changed));
                Interlocked.Increment(ref flips);
            }
        });
        Assert.True(flips > 10_000, $"only {flips} flips were tried");
    }

    [Fact]
    public void Open_AnyOtherContext_IsRefused() => Gen.Select(Contexts, Contexts).Where(pair => pair.Item1 != pair.Item2).Sample((sealedFor, other) =>
    {
        var box = Envelope.Seal(key, id, sealedFor, [1, 2, 3]);
        Assert.Throws<SealBrokenException>(() => Envelope.Open(key, other, box));
        // Texts that only move a border between two parts are another context, too.
        var moved = sealedFor with { Tenant = sealedFor.Tenant + "x", Scope = "y" + sealedFor.Scope };
        Assert.Throws<SealBrokenException>(() => Envelope.Open(key, moved with { Tenant = sealedFor.Tenant, Scope = "xy" + sealedFor.Scope }, Envelope.Seal(key, id, moved, [1])));
    });

    [Fact]
    public void Open_CutOffOrOtherKey_IsRefused()
    {
        var context = new SealContext { Tenant = "t", Scope = "s", Purpose = "p", Name = "n" };
        var box = Envelope.Seal(key, id, context, "value"u8);
        for (var length = 0; length < box.Length; length++) Assert.Throws<SealBrokenException>(() => Envelope.Open(key, context, box.AsSpan(0, length)));
        Assert.Throws<SealBrokenException>(() => Envelope.Open(new byte[32], context, box));
        Assert.DoesNotContain("value", Assert.Throws<SealBrokenException>(() => Envelope.Open(new byte[32], context, box)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Seal_SameValueTwice_IsNeverTheSame()
    {
        var context = new SealContext { Tenant = "t", Scope = "s", Purpose = "p", Name = "n" };
        var boxes = Enumerable.Range(0, 1000).Select(_ => Convert.ToHexString(Envelope.Seal(key, id, context, "value"u8))).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(1000, boxes.Count);
    }

    [Fact]
    public void Text_AnyWayOfPrinting_ShowsStars()
    {
        using var text = SecretText.Of("s3cret\u00e9");
        var holder = new SetSecret { Value = text };
        Assert.Equal("***", text.ToString());
        Assert.Equal("***", $"{text}");
        Assert.DoesNotContain("s3cret", holder.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", JsonSerializer.Serialize(holder), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", JsonSerializer.Serialize<object>(text), StringComparison.Ordinal);
        Assert.Equal("s3cret\u00e9", JsonSerializer.Deserialize<SecretText>("\"s3cret\\u00e9\"")!.Reveal());
        Assert.Equal(8, text.CountBytes());
    }

    [Fact]
    public void Text_HalfACharacter_IsRefusedWithoutItsContents()
    {
        Assert.DoesNotContain("s3cret", Assert.Throws<ArgumentException>(() => SecretText.Of("s3cret\ud800")).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<SecretText>("\"s3cret\\ud800\"")).ToString(), StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<SecretText>("42"));
    }

    [Fact]
    public void Text_Disposed_IsOverwritten()
    {
        var bytes = "s3cret"u8.ToArray();
        var text = SecretText.Owning(bytes);
        text.Dispose();
        Assert.All(bytes, value => Assert.Equal(0, value));
        Assert.Throws<ObjectDisposedException>(() => text.Reveal());
    }

    [Fact]
    public void Cache_TimeOverOrFull_OverwritesTheKey()
    {
        var time = ManualTime.Start;
        using var cache = new DataKeyCache(time);
        byte[] first = [1, 2, 3];
        cache.Put(id, first);
        var copy = cache.Copy(id)!;
        time.Now += DataKeyCache.Lifetime;
        cache.RemoveExpired();
        Assert.Equal((0, null), (cache.Count, cache.Copy(id)));
        Assert.Equal([0, 0, 0], first);
        Assert.Equal([1, 2, 3], copy);

        byte[] oldest = [9];
        cache.Put(Guid.NewGuid(), oldest);
        time.Now += TimeSpan.FromSeconds(1);
        for (var more = 0; more < DataKeyCache.Most; more++) cache.Put(Guid.NewGuid(), [1]);
        Assert.Equal((DataKeyCache.Most, 0), (cache.Count, oldest[0]));
    }

    /// <summary>Half surrogates are replaced in UTF-8, so two of them would be one context.</summary>
    private static string Whole(string text) => string.Concat(text.Where(c => !char.IsSurrogate(c)));
}
