namespace PRTS.Tests;

/// <summary>Azure Blob Storage as Microsoft's own emulator speaks it (npm package azurite).</summary>
internal sealed class Azurite : IAsyncDisposable
{
    private readonly ServerProcess server;

    private Azurite(ServerProcess server) => this.server = server;

    /// <summary>With the emulator's published account and key.</summary>
    public string ConnectionString =>
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
        + $"BlobEndpoint=http://127.0.0.1:{server.Port}/devstoreaccount1;";

    public static async Task<Azurite> Start()
    {
        var program = ServerProcess.Find("azurite-blob") ?? throw new InvalidOperationException("These tests need azurite: npm install --global azurite, or npm install in tests/Storage.Tests.");
        return new(await ServerProcess.Start((port, directory) =>
            [program, "--blobHost", "127.0.0.1", "--blobPort", port, "--location", directory, "--silent", "--skipApiVersionCheck", "--disableTelemetry"]));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
