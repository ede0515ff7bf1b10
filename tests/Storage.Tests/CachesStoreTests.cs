using System.Security.Cryptography;
using Npgsql;
using PRTS.Contracts.Projects;
using PRTS.Storage.Blobs;
using PRTS.Storage.Caches;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Tests;

public sealed class CachesStoreTests(StorageFixture storage) : IAsyncLifetime
{
    private const string Main = "refs/heads/main";
    private const string Topic = "refs/heads/topic";
    private static readonly ProjectId Project = new("default", "demo", "hello");
    private readonly string directory = Directory.CreateTempSubdirectory("prts-caches-").FullName;
    private readonly ManualTime time = new(TimeProvider.System.GetUtcNow());
    private NpgsqlDataSource database = null!;
    private FileBlobStore blobs = null!;
    private CachesStore caches = null!;

    public async ValueTask InitializeAsync()
    {
        database = await storage.NewDatabase();
        await Migrations.Apply(database);
        blobs = new(directory, 1 << 20);
        caches = new(database, blobs, new() { Largest = 600, Project = 1000, Unused = TimeSpan.FromDays(14) }, time);
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Find_PrefersTheKeyThenBeginningsInTurn_OwnRefFirstNewestFirst()
    {
        foreach (var (gitRef, key) in ((string, string)[])[(Main, "a-1"), (Main, "a-2"), (Topic, "a-0"), ("refs/heads/other", "a-9"), (Main, "b-1")])
        {
            time.Now += TimeSpan.FromMinutes(1);
            await Save(gitRef, key);
        }

        Assert.Equal("a-1", await Find([Topic, Main], "a-1", "a-"));
        Assert.Equal("a-0", await Find([Topic, Main], "a-3", "a-", "b-"));
        Assert.Equal("a-2", await Find([Main], "a-3", "a-", "b-"));
        Assert.Equal("b-1", await Find([Topic, Main], "x", "c-", "b-", "a-"));
        Assert.Null(await Find([Topic, Main], "a-9"));
        Assert.Null(await Find([Topic, Main], "a-"));
        Assert.Null((await caches.Find(new("default", "demo", "other"), [Main], "a-1", ["a-"]))?.Key);
        Assert.Equal("a%1", (await Save(Main, "a%1")).Key);
        Assert.Null(await Find([Main], "x", "%"));
        Assert.Null(await Find([Main], "x", "_-"));

        // What a step made is found by its whole key alone.
        await Save(Main, "step/1");
        Assert.Equal("step/1", await Find([Main], "step/1"));
        Assert.Null(await Find([Main], "x", "s", "step/"));
    }

    [Fact]
    public async Task Save_KeyThatIsThere_StaysAsItWas()
    {
        await Save(Main, "k", 1);
        Assert.Equal("another build has kept this key meanwhile", (await Offer(Main, "k", Bytes(2))).Refusal);
        await Save(Main, "k", 2);
        Assert.Equal(Hash(Bytes(1)), (await caches.Find(Project, [Main], "k", []))!.Sha256);
    }

    [Fact]
    public async Task Offer_ContentsThatAreHere_NeedNoUpload_UntilTheyAreGone()
    {
        var kept = await Save(Main, "k1", 1);
        Assert.True((await Offer(Main, "k2", Bytes(1))).Saved);
        Assert.False((await Offer(Main, "k3", Bytes(2))) is { Saved: true } or { Refusal: not null });
        Assert.True(await caches.Remove(Project, kept.Id));
        Assert.Equal(Bytes(1), await Read("k2"));
        Assert.True(await caches.Remove(Project, (await caches.Find(Project, [Main], "k2", []))!.Id));
        Assert.Empty(await blobs.List(BlobPlaces.Caches(Project)).ToListAsync());
        Assert.False((await Offer(Main, "k4", Bytes(1))).Saved);
    }

    [Fact]
    public async Task Offer_BlobLostInACrash_IsAskedForAgain()
    {
        await Save(Main, "k1", 1);
        await foreach (var blob in blobs.List(BlobPlaces.Caches(Project))) await blobs.Delete(blob.Key);
        Assert.False((await Offer(Main, "k2", Bytes(1))).Saved);
        await Save(Main, "k2", 1);
        Assert.Equal(Bytes(1), await Read("k1"));
    }

    [Fact]
    public async Task Save_MoreThanTheProjectMayHave_WhatWasNotUsedForTheLongestGoes()
    {
        foreach (var n in (int[])[1, 2, 3])
        {
            time.Now += TimeSpan.FromMinutes(1);
            await Save(Main, $"k{n}", n, 300);
        }

        time.Now += TimeSpan.FromMinutes(1);
        await Find([Main], "k1");
        time.Now += TimeSpan.FromMinutes(1);
        await Save(Main, "k4", 4, 300);
        Assert.Equal(["k4", "k1", "k3"], (await caches.List(Project, 0, 10)).Items.Select(entry => entry.Key));
        Assert.Equal(3, (await blobs.List(BlobPlaces.Caches(Project)).ToListAsync()).Count);
        Assert.Contains("a cache may have 600 here", (await Offer(Main, "big", new byte[601])).Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sweep_RemovesWhatNobodyUsedAndWhatACrashLeft()
    {
        await Save(Main, "old", 1);
        time.Now += TimeSpan.FromDays(13);
        await Save(Main, "new", 2);
        // The bytes are here, the key is not.
        await Assert.ThrowsAsync<BlobMismatchException>(() => caches.Save(Project, Main, "torn", Hash(Bytes(3)), 100, new MemoryStream(Bytes(4)), 1));
        Assert.Equal(0, await caches.Sweep());
        time.Now += TimeSpan.FromDays(2);
        Assert.Equal(2, await caches.Sweep());
        Assert.Equal("new", Assert.Single((await caches.List(Project, 0, 10)).Items).Key);
        Assert.Single(await blobs.List(BlobPlaces.Caches(Project)).ToListAsync());
        Assert.Equal(1L, await database.Command("select count(*) from cache_contents").First(row => row.GetInt64(0), CancellationToken.None));
    }

    [Fact]
    public async Task Save_ManyAtOnce_EachKeyHasItsBytes()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(n => Save(Main, $"k{n % 8}", n % 4, 100)));
        foreach (var entry in (await caches.List(Project, 0, 100)).Items)
        {
            using var content = await caches.Open(Project, entry);
            Assert.Equal(entry.Sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(content)));
        }

        Assert.Equal(8, (await caches.List(Project, 0, 100)).Total);
    }

    private async Task<PRTS.Api.Caches.CacheEntry> Save(string gitRef, string key, int seed = 0, int size = 100)
    {
        var bytes = Bytes(seed, size);
        await caches.Save(Project, gitRef, key, Hash(bytes), size, new MemoryStream(bytes), 7);
        return (await caches.Find(Project, [gitRef], key, []))!;
    }

    private Task<PRTS.Api.Caches.CacheOffer> Offer(string gitRef, string key, byte[] bytes) => caches.Offer(Project, gitRef, key, Hash(bytes), bytes.Length, 7);

    private async Task<string?> Find(string[] refs, string key, params string[] beginnings) => (await caches.Find(Project, refs, key, beginnings))?.Key;

    private async Task<byte[]> Read(string key)
    {
        using var content = await caches.Open(Project, (await caches.Find(Project, [Main], key, []))!);
        var bytes = new MemoryStream();
        await content.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    private static byte[] Bytes(int seed, int size = 100) => [.. Enumerable.Repeat((byte)seed, size)];

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
