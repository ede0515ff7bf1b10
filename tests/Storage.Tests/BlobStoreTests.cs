using Amazon.S3;
using Azure.Storage.Blobs;
using PRTS.Storage.Blobs;
using PRTS.Tests;

namespace PRTS.Storage.Tests;

public sealed class FileBlobStoreTests : BlobStoreContract, IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("prts-blobs-").FullName;

    public FileBlobStoreTests() => Store = new FileBlobStore(directory, Limit);

    protected override IBlobStore Store { get; }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task AnyCall_LinkOnTheWay_IsRefused()
    {
        var outside = Directory.CreateTempSubdirectory("prts-outside-").FullName;
        await File.WriteAllTextAsync(Path.Combine(outside, "secret~"), "secret");
        Directory.CreateSymbolicLink(Path.Combine(directory, "folder"), outside);
        File.CreateSymbolicLink(Path.Combine(directory, "file~"), Path.Combine(outside, "secret~"));

        await Assert.ThrowsAsync<BlobKeyException>(() => Store.OpenRead("folder/secret"));
        await Assert.ThrowsAsync<BlobKeyException>(() => Store.OpenRead("file"));
        await Assert.ThrowsAsync<BlobKeyException>(() => Store.Put("folder/new", new MemoryStream([1])));
        Assert.Empty(await Store.List("").ToListAsync());
        Directory.Delete(outside, recursive: true);
    }

    [Fact]
    public async Task Put_WhileFoldersAreEmptied_Succeeds()
    {
        // Deleting a folder's last blob removes the folder, and must not take it away under a put.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                await Store.Put($"a/b/c/{n}", new MemoryStream([1]));
                Assert.True(await Store.Delete($"a/b/c/{n}"));
            }
        })));

        Assert.False(Directory.Exists(Path.Combine(directory, "a")));
    }

    [Fact]
    public async Task Put_StoppedBetween_LeavesOnlyWhatTheSweepFinds()
    {
        // What a crash before the rename leaves.
        await File.WriteAllBytesAsync(Path.Combine(directory, ".uploads", $"{Guid.NewGuid():N}-put"), [1, 2]);

        Assert.Empty(await Store.List("").ToListAsync());
        Assert.Equal(1, await Store.RemoveAbandonedUploads(TimeProvider.System.GetUtcNow().AddMinutes(1)));
    }
}

public sealed class AzureBlobStoreTests(AzuriteFixture azurite) : BlobStoreContract, IClassFixture<AzuriteFixture>
{
    protected override IBlobStore Store { get; } = new AzureBlobStore(azurite.Container, Limit);
}

public sealed class S3BlobStoreTests(S3Fixture s3) : BlobStoreContract, IClassFixture<S3Fixture>
{
    protected override IBlobStore Store { get; } = new S3BlobStore(s3.Client, S3Fixture.Bucket, Limit);
    protected override string? Shortcoming => s3.IsComplete ? null : "s3rver cannot list or abort the parts of an upload, lists in its own order, and breaks off at ranges of empty objects; moto_server does not.";
}

public sealed class AzuriteFixture : IAsyncLifetime
{
    private Azurite? server;

    public BlobContainerClient Container { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        server = await Azurite.Start();
        Container = new BlobContainerClient(server.ConnectionString, "prts");
        await Container.CreateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
    }
}

/// <summary>S3 as moto's server speaks it (Python package moto[server]), or else npm's s3rver, which speaks the half of it.</summary>
public sealed class S3Fixture : IAsyncLifetime
{
    public const string Bucket = "prts";
    private ServerProcess? server;

    public AmazonS3Client Client { get; private set; } = null!;
    public bool IsComplete { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var moto = ServerProcess.Find("moto_server");
        var half = ServerProcess.Find("s3rver");
        IsComplete = moto is not null;
        server = await ServerProcess.Start((port, directory) =>
            moto is not null ? [moto, "-H", "127.0.0.1", "-p", port]
            : half is not null ? [half, "-a", "127.0.0.1", "-p", port, "-d", directory, "-s"]
            : throw new InvalidOperationException("These tests need moto_server (pip install 'moto[server]') or, for a part of them, s3rver (npm install --global s3rver)."));
        // s3rver's fixed key; moto takes any.
        Client = BlobStores.Client(new() { Bucket = Bucket, ServiceUrl = $"http://127.0.0.1:{server.Port}", AccessKey = "S3RVER", SecretKey = "S3RVER" });
        await Client.PutBucketAsync(Bucket);
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (server is not null) await server.DisposeAsync();
    }
}
