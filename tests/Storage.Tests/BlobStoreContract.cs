using System.Security.Cryptography;
using PRTS.Storage.Blobs;

namespace PRTS.Storage.Tests;

/// <summary>What every blob store does. Each test uses keys of its own.</summary>
public abstract class BlobStoreContract
{
    private readonly string folder = $"t{Guid.NewGuid():N}";

    protected const long Limit = 32 << 20;

    protected abstract IBlobStore Store { get; }

    /// <summary>Why uploads in parts, the order of lists and empty blobs cannot be tested with the server that is here; null when they can.</summary>
    protected virtual string? Shortcoming => null;

    private string Key(string name) => $"{folder}/{name}";

    private Task<BlobUpload> Begin(string key)
    {
        Assert.SkipWhen(Shortcoming is not null, Shortcoming ?? "");
        return Store.BeginUpload(key);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(128 * 1024)]
    [InlineData((8 << 20) + 5)]
    [InlineData(16 << 20)]
    public async Task Put_AnyLength_ReadsBackWholeAndInParts(int length)
    {
        Assert.SkipWhen(length == 0 && Shortcoming is not null, Shortcoming ?? "");
        var bytes = Bytes(length);

        var info = await Store.Put(Key("a"), Stuttering(bytes), length, Hash(bytes));

        Assert.Equal(new BlobInfo(Key("a"), length, Hash(bytes)), info);
        Assert.Equal(length, (await Store.Stat(Key("a")))!.Length);
        AssertSame(bytes.AsMemory(), await Read(Key("a")));
        AssertSame(bytes.AsMemory(length / 3), await Read(Key("a"), length / 3));
        AssertSame(bytes.AsMemory(length / 3, length / 2), await Read(Key("a"), length / 3, length / 2));
        Assert.Equal(length - (length / 3), (await Read(Key("a"), length / 3, length + 10L)).Length);
        Assert.Empty(await Read(Key("a"), length, 10));
    }

    [Fact]
    public async Task Put_SameKey_Replaces()
    {
        await Store.Put(Key("a"), new MemoryStream([1, 2, 3]));
        await Store.Put(Key("a"), new MemoryStream([4]));

        Assert.Equal([4], await Read(Key("a")));
    }

    [Theory]
    [InlineData(100)]
    [InlineData((8 << 20) + 100)]
    public async Task Put_NotWhatWasAnnounced_LeavesNothing(int length)
    {
        var bytes = Bytes(length);

        await Assert.ThrowsAsync<BlobMismatchException>(() => Store.Put(Key("a"), new MemoryStream(bytes), expectedSha256: Hash([1])));
        await Assert.ThrowsAsync<BlobMismatchException>(() => Store.Put(Key("a"), new MemoryStream(bytes), length + 1));
        await Assert.ThrowsAsync<BlobMismatchException>(() => Store.Put(Key("a"), new MemoryStream(bytes), length - 1));
        await Assert.ThrowsAsync<IOException>(() => Store.Put(Key("a"), new BreakingStream(bytes)));

        Assert.Null(await Store.Stat(Key("a")));
        Assert.Empty(await Store.List(Key("")).ToListAsync());
    }

    [Fact]
    public async Task Put_TooLarge_TellsTheNumbers()
    {
        var announced = await Assert.ThrowsAsync<BlobTooLargeException>(() => Store.Put(Key("a"), Stream.Null, Limit + 1));
        var found = await Assert.ThrowsAsync<BlobTooLargeException>(() => Store.Put(Key("a"), new MemoryStream(new byte[Limit + 1])));

        Assert.Equal((Limit + 1, Limit), (announced.Length, announced.Limit));
        Assert.Equal(Limit, found.Limit);
        Assert.Null(await Store.Stat(Key("a")));
    }

    [Fact]
    public async Task OpenRead_Missing_SaysSo()
    {
        await Assert.ThrowsAsync<BlobNotFoundException>(() => Store.OpenRead(Key("none")));
        await Assert.ThrowsAsync<BlobNotFoundException>(() => Store.OpenRead(Key("none"), 5, 0));
        Assert.Null(await Store.Stat(Key("none")));
    }

    [Fact]
    public async Task Delete_Twice_IsFine()
    {
        await Store.Put(Key("deep/er/a"), new MemoryStream([1]));
        await Store.Delete(Key("deep/er/a"));
        await Store.Delete(Key("deep/er/a"));

        Assert.Null(await Store.Stat(Key("deep/er/a")));
    }

    [Fact]
    public async Task List_Prefix_IsInOrderOfKeys()
    {
        Assert.SkipWhen(Shortcoming is not null, Shortcoming ?? "");
        string[] names = ["a", "a-b", "a.b", "a/b", "a/b/c", "a0", "b", "B", "_x=1"];
        foreach (var name in names) await Store.Put(Key(name), new MemoryStream([1, 2]));
        await Store.BeginUpload(Key("z"));

        var all = await Store.List(Key("")).ToListAsync();

        Assert.Equal(names.Select(Key).Order(StringComparer.Ordinal), all.Select(blob => blob.Key));
        Assert.All(all, blob => Assert.Equal(2, blob.Length));
        Assert.Equal(["a/b", "a/b/c"], (await Store.List(Key("a/")).ToListAsync()).Select(blob => blob.Key[(folder.Length + 1)..]));
        Assert.Equal(["a-b"], (await Store.List(Key("a-")).ToListAsync()).Select(blob => blob.Key[(folder.Length + 1)..]));
        Assert.Empty(await Store.List(Key("nothing/here")).ToListAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../a")]
    [InlineData("a/../../b")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData(".uploads/x")]
    [InlineData("a/.hidden")]
    [InlineData("a\\b")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("C:/a")]
    [InlineData("~root/a")]
    [InlineData("a?versionId=1")]
    public async Task AnyCall_KeyThatLeavesItsPlace_IsRefused(string key)
    {
        await Assert.ThrowsAsync<BlobKeyException>(() => Store.Put(key, new MemoryStream([1])));
        await Assert.ThrowsAsync<BlobKeyException>(() => Store.OpenRead(key));
        await Assert.ThrowsAsync<BlobKeyException>(() => Store.Stat(key));
        await Assert.ThrowsAsync<BlobKeyException>(() => Store.Delete(key));
        await Assert.ThrowsAsync<BlobKeyException>(() => Store.BeginUpload(key));
        await Assert.ThrowsAsync<BlobKeyException>(() => Store.UploadOffset(new(new string('a', 32), key)));
    }

    [Fact]
    public async Task Upload_PartsOfAnySize_BecomeTheBlobAtCommit()
    {
        var bytes = Bytes((17 << 20) + 3);
        var upload = await Begin(Key("a"));
        Assert.Equal(0, await Store.UploadOffset(upload));
        var at = 0L;
        foreach (var end in new[] { 1, 100_000, 9 << 20, 9 << 20, 17 << 20, bytes.Length })
        {
            Assert.Equal(end, await Store.AppendPart(upload, at, Stuttering(bytes[(int)at..end])));
            // As another process would see it, after a restart.
            Assert.Equal(end, await Store.UploadOffset(upload with { }));
            at = end;
        }

        Assert.Null(await Store.Stat(Key("a")));
        Assert.Equal(new BlobInfo(Key("a"), bytes.Length, Hash(bytes)), await Store.CommitUpload(upload, Hash(bytes)));

        AssertSame(bytes.AsMemory(), await Read(Key("a")));
        Assert.Null(await Store.UploadOffset(upload));
        await Assert.ThrowsAsync<BlobUploadNotFoundException>(() => Store.AppendPart(upload, bytes.Length, Stream.Null));
        await Assert.ThrowsAsync<BlobUploadNotFoundException>(() => Store.CommitUpload(upload));
    }

    [Fact]
    public async Task Upload_Empty_BecomesAnEmptyBlob()
    {
        var upload = await Begin(Key("a"));
        await Store.CommitUpload(upload, Hash([]));

        Assert.Empty(await Read(Key("a")));
    }

    [Fact]
    public async Task Upload_BrokenPart_GoesOnFromItsOffset()
    {
        var bytes = Bytes(10 << 20);
        var upload = await Begin(Key("a"));
        await Assert.ThrowsAsync<IOException>(() => Store.AppendPart(upload, 0, new BreakingStream(bytes[..(9 << 20)])));
        var at = Assert.NotNull(await Store.UploadOffset(upload));
        await Store.AppendPart(upload, at, new MemoryStream(bytes, (int)at, bytes.Length - (int)at));
        await Store.CommitUpload(upload, Hash(bytes));

        AssertSame(bytes.AsMemory(), await Read(Key("a")));
    }

    [Fact]
    public async Task Upload_WrongOffset_TellsTheRightOne()
    {
        var upload = await Begin(Key("a"));
        await Store.AppendPart(upload, 0, new MemoryStream([1, 2, 3]));

        Assert.Equal(3, (await Assert.ThrowsAsync<BlobOffsetException>(() => Store.AppendPart(upload, 0, new MemoryStream([1])))).Actual);
        Assert.Equal(3, (await Assert.ThrowsAsync<BlobOffsetException>(() => Store.AppendPart(upload, 4, new MemoryStream([1])))).Actual);
    }

    [Fact]
    public async Task Upload_WrongHash_LeavesNothing()
    {
        var upload = await Begin(Key("a"));
        await Store.AppendPart(upload, 0, new MemoryStream([1, 2, 3]));

        await Assert.ThrowsAsync<BlobMismatchException>(() => Store.CommitUpload(upload, Hash([1])));

        Assert.Null(await Store.Stat(Key("a")));
        Assert.Null(await Store.UploadOffset(upload));
    }

    [Fact]
    public async Task Upload_TooLarge_IsRefused()
    {
        var upload = await Begin(Key("a"));

        await Assert.ThrowsAsync<BlobTooLargeException>(() => Store.AppendPart(upload, 0, new MemoryStream(new byte[Limit + 1])));
        Assert.Null(await Store.Stat(Key("a")));
    }

    [Fact]
    public async Task Upload_OtherKeyOrStrangeId_IsUnknown()
    {
        var upload = await Begin(Key("a"));

        Assert.Null(await Store.UploadOffset(upload with { Key = Key("b") }));
        await Assert.ThrowsAsync<BlobUploadNotFoundException>(() => Store.CommitUpload(upload with { Key = Key("b") }));
        await Assert.ThrowsAsync<BlobUploadNotFoundException>(() => Store.UploadOffset(upload with { Id = "../../etc" }));
    }

    [Fact]
    public async Task Upload_AbortedOrAbandoned_IsGone()
    {
        var aborted = await Begin(Key("a"));
        await Store.AppendPart(aborted, 0, new MemoryStream([1]));
        await Store.AbortUpload(aborted);
        var abandoned = await Begin(Key("b"));
        await Store.AppendPart(abandoned, 0, new MemoryStream([1]));

        await Store.RemoveAbandonedUploads(TimeProvider.System.GetUtcNow().AddHours(-1));
        Assert.NotNull(await Store.UploadOffset(abandoned));
        Assert.Null(await Store.UploadOffset(aborted));
        Assert.NotEqual(0, await RemoveAll());
        Assert.Null(await Store.UploadOffset(abandoned));
    }

    /// <summary>In a store that no other test uses at the time: tests of a class run one after another.</summary>
    private Task<int> RemoveAll() => Store.RemoveAbandonedUploads(TimeProvider.System.GetUtcNow().AddHours(1));

    private async Task<byte[]> Read(string key, long offset = 0, long? length = null)
    {
        await using var stream = await Store.OpenRead(key, offset, length);
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }

    private static void AssertSame(ReadOnlyMemory<byte> expected, byte[] actual) => Assert.True(expected.Span.SequenceEqual(actual));

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Gives less than it is asked for, as networks do, and cannot seek.</summary>
    private static Stuttering Stuttering(byte[] bytes) => new(bytes);
}

internal class Stuttering(byte[] bytes) : MemoryStream(bytes, writable: false)
{
    public override bool CanSeek => false;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, 70_001)], cancellationToken);
}

/// <summary>A connection that breaks off at the end.</summary>
internal sealed class BreakingStream(byte[] bytes) : Stuttering(bytes)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        await base.ReadAsync(buffer, cancellationToken) is > 0 and var read ? read : throw new IOException("The connection was lost.");
}
