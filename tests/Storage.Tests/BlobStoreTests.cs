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

public sealed class S3BlobStoreTests(MotoFixture moto) : BlobStoreContract, IClassFixture<MotoFixture>
{
    protected override IBlobStore Store { get; } = new S3BlobStore(moto.Client, MotoFixture.Bucket, Limit);
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

/// <summary>S3 as moto's server speaks it (Python package moto[server]).</summary>
public sealed class MotoFixture : IAsyncLifetime
{
    public const string Bucket = "prts";
    private ServerProcess? server;

    public AmazonS3Client Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var program = ServerProcess.Find("moto_server") ?? throw new InvalidOperationException("These tests need moto_server: pip install 'moto[server]'.");
        server = await ServerProcess.Start((port, _) => [program, "-H", "127.0.0.1", "-p", port]);
        Client = BlobStores.Client(new() { Bucket = Bucket, ServiceUrl = $"http://127.0.0.1:{server.Port}", AccessKey = "key", SecretKey = "secret" });
        await Client.PutBucketAsync(Bucket);
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (server is not null) await server.DisposeAsync();
    }
}
