using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using PRTS.Api.Secrets;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Vault;
using PRTS.Tests;

namespace PRTS.Storage.Tests.Secrets;

/// <summary>KMS as moto's server speaks it.</summary>
public sealed class KmsFixture : IAsyncLifetime
{
    private ServerProcess? server;

    internal string Url => $"http://127.0.0.1:{server!.Port}";

    public async ValueTask InitializeAsync()
    {
        var moto = ServerProcess.Find("moto_server") ?? throw new InvalidOperationException("These tests need moto_server: pip install 'moto[server]'.");
        server = await ServerProcess.Start((port, _) => [moto, "-H", "127.0.0.1", "-p", port]);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
    }
}

public sealed class KmsKeysTests(StorageFixture storage, KmsFixture kms) : KeyProviderContract(storage), IClassFixture<KmsFixture>, IDisposable
{
    private readonly string alias = $"alias/prts-{Guid.NewGuid():N}";
    private readonly AmazonKeyManagementServiceClient operatorsClient = new(new BasicAWSCredentials("k", "s"), new AmazonKeyManagementServiceConfig { ServiceURL = kms.Url, AuthenticationRegion = "us-east-1" });

    protected override async Task Begin()
    {
        var key = await operatorsClient.CreateKeyAsync(new CreateKeyRequest());
        await operatorsClient.CreateAliasAsync(alias, key.KeyMetadata.KeyId);
    }

    protected override IKeyProvider Connect() => Ring(alias).Current;

    protected override async Task MakeNewKey(IKeyProvider provider)
    {
        Assert.Contains("update-alias", (await Assert.ThrowsAsync<KeyProviderException>(() => provider.Rotate())).Message, StringComparison.Ordinal);
        var key = await operatorsClient.CreateKeyAsync(new CreateKeyRequest());
        await operatorsClient.UpdateAliasAsync(alias, key.KeyMetadata.KeyId);
    }

    public void Dispose() => operatorsClient.Dispose();

    [Fact]
    public async Task TryOut_NoSuchKeyOrNobodyThere_IsToldInOneSentence()
    {
        using var missing = Ring("alias/missing");
        Assert.Contains("KMS has no key 'alias/missing'", (await Assert.ThrowsAsync<UnusableKeysException>(() => missing.TryOut())).Message, StringComparison.Ordinal);
        using var nobody = Ring(alias, "http://127.0.0.1:1");
        var failure = await Assert.ThrowsAsync<UnusableKeysException>(() => nobody.TryOut());
        Assert.Contains("KMS c", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", failure.ToString(), StringComparison.Ordinal);
    }

    private Keyring Ring(string key, string? url = null) => Keyring.Create(
        new() { Current = KmsKeys.ProviderName, File = "unused", Kms = new() { Key = key, ServiceUrl = url ?? kms.Url, AccessKey = "k", SecretKey = SecretText.Of("s3cret") } }, VaultHttp.Handler, TimeProvider.System);
}
