using System.Net;
using Azure.Storage.Blobs;
using PRTS.Contracts.Builds;
using PRTS.Silo.Startup;
using PRTS.Storage.Blobs;
using PRTS.Storage.Logs;
using PRTS.Tests;

namespace PRTS.Silo.Tests.Storage;

public sealed class BlobStoreChoiceTests(ServerFixture fixture)
{
    [Fact]
    public async Task Azure_WholeServer_KeepsItsBlobsThere_AndIsNotReadyWithoutIt()
    {
        await using var azurite = await Azurite.Start();
        var container = new BlobContainerClient(azurite.ConnectionString, "blobs");
        await container.CreateAsync();
        await using var server = await RunningServer.Start(RunningServer.Options(
            await fixture.NewDatabase(), ("PRTS_BLOBS", "azure"), ("PRTS_AZURE_CONNECTION", azurite.ConnectionString), ("PRTS_AZURE_CONTAINER", "blobs")));
        var attempt = new AttemptId(new(BuildId.FromKey("default/demo/hello/1"), "say-hello"), 1);

        await server.Get<LogStore>().Seal(attempt, 0, 0, "hello\n"u8.ToArray(), [new(0, 1000)]);

        using var read = new MemoryStream();
        await server.Get<LogReader>().ReadBytes(attempt, 0, null, read);
        Assert.Equal("hello\n"u8.ToArray(), read.ToArray());
        Assert.Single(await container.GetBlobsAsync(cancellationToken: default).ToListAsync());

        await azurite.DisposeAsync();
        using var client = server.Client();
        using var ready = await client.GetAsync("/healthz/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("Unhealthy: blobs. The server's log says why.", await ready.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Azure_ContainerMissing_TheStartSaysSo()
    {
        await using var azurite = await Azurite.Start();
        Assert.Equal("The Azure container 'prts' does not exist: create it.", await Refusal(("PRTS_BLOBS", "azure"), ("PRTS_AZURE_CONNECTION", azurite.ConnectionString)));
    }

    [Fact]
    public async Task S3_NobodyThere_TheStartSaysSo() => Assert.StartsWith(
        "The S3 bucket 'prts' at http://127.0.0.1:1 cannot be used: ",
        await Refusal(("PRTS_BLOBS", "s3"), ("PRTS_S3_BUCKET", "prts"), ("PRTS_S3_URL", "http://127.0.0.1:1"), ("PRTS_S3_ACCESS_KEY", "k"), ("PRTS_S3_SECRET_KEY", "s")),
        StringComparison.Ordinal);

    [Fact]
    public async Task Files_DirectoryIsAFile_TheStartSaysSo()
    {
        var options = RunningServer.Options("Host=nowhere");
        await File.WriteAllTextAsync(Path.Combine(options.Home, "blobs"), "");
        var refusal = await Assert.ThrowsAsync<UnusableBlobStoreException>(() => Foundation.Lay(options, TimeProvider.System));
        Assert.StartsWith($"The directory {options.Home}/blobs cannot be used: ", refusal.Message, StringComparison.Ordinal);
        Directory.Delete(options.Home, recursive: true);
    }

    private static async Task<string> Refusal(params (string Name, string Value)[] settings)
    {
        var options = RunningServer.Options("Host=nowhere", settings);
        var refusal = await Assert.ThrowsAsync<UnusableBlobStoreException>(() => Foundation.Lay(options, TimeProvider.System));
        Directory.Delete(options.Home, recursive: true);
        return refusal.Message;
    }
}
