using System.Security.Cryptography;
using Amazon;
using Amazon.KeyManagementService;
using Amazon.Runtime;
using PRTS.Storage.Secrets.Sealing;
using PRTS.Storage.Secrets.Vault;

namespace PRTS.Storage.Secrets.Keys;

/// <summary>The key providers of this server: the current one, which wraps, and former ones, which still unwrap.</summary>
public sealed class Keyring(IKeyProvider current, params IReadOnlyList<IKeyProvider> former) : IDisposable
{
    public IKeyProvider Current => current;

    public IEnumerable<IKeyProvider> All => [current, .. former];

    /// <param name="handlers">For requests to the operator's own Vault.</param>
    public static Keyring Create(KeysConfig config, VaultHandlers handlers, TimeProvider time)
    {
        return new(Make(config.Current), [.. config.Former.Select(Make)]);

        IKeyProvider Make(string name) => name switch
        {
            LocalKeyFile.ProviderName => new LocalKeyFile(config.File, time),
            VaultTransit.ProviderName when config.Vault is { } vault => new VaultTransit(new VaultClient(vault.Server, handlers, time), vault.Mount, vault.Key),
            KmsKeys.ProviderName when config.Kms is { } kms => new KmsKeys(Client(kms), kms.Key),
            Pkcs11Keys.ProviderName when config.Pkcs11 is { } token => new Pkcs11Keys(token, time),
            _ => throw new UnusableKeysException($"The key provider '{name}' is not configured."),
        };
    }

    /// <exception cref="KeyProviderException">It is not among those that are configured.</exception>
    public IKeyProvider Of(string name) => All.FirstOrDefault(provider => provider.Name == name) ?? throw new KeyProviderException(
        $"Data keys are wrapped by the provider '{name}', which is not configured: add it to PRTS_KEYS_FORMER, with its settings, until they are re-wrapped.");

    /// <summary>Wraps and unwraps a key, which is what a missing right would refuse to the first secret, and looks whether the former ones answer.</summary>
    /// <exception cref="UnusableKeysException"/>
    public async Task TryOut(CancellationToken cancellationToken = default)
    {
        foreach (var provider in All)
        {
            // It is made once the database has told that no other file was there before.
            if (provider is LocalKeyFile { Exists: false }) continue;
            try
            {
                await provider.CurrentKey(cancellationToken);
                if (ReferenceEquals(provider, current)) await RoundTrip(provider, cancellationToken);
            }
            catch (Exception failure) when (failure is KeyProviderException or SealBrokenException)
            {
                throw new UnusableKeysException($"The keys for secrets cannot be used, {provider.Description}: {failure.Message}", failure);
            }
        }
    }

    public void Dispose()
    {
        foreach (var provider in All) provider.Dispose();
    }

    private static async Task RoundTrip(IKeyProvider provider, CancellationToken cancellationToken)
    {
        var context = new DataKeyContext(Guid.NewGuid(), "", "check");
        var key = RandomNumberGenerator.GetBytes(Envelope.KeyLength);
        var opened = await provider.Unwrap(await provider.Wrap(key, context, cancellationToken), context, cancellationToken);
        if (!CryptographicOperations.FixedTimeEquals(key, opened)) throw new KeyProviderException("it unwraps something else than it wrapped.");
    }

    private static AmazonKeyManagementServiceClient Client(KmsConfig config)
    {
        var client = new AmazonKeyManagementServiceConfig { MaxErrorRetry = 2, Timeout = TimeSpan.FromSeconds(10) };
        if (config.ServiceUrl is { } url)
        {
            client.ServiceURL = url;
            client.AuthenticationRegion = config.Region ?? "us-east-1";
        }
        else if (config.Region is { } region)
        {
            client.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        return config.AccessKey is { } id ? new(new BasicAWSCredentials(id, config.SecretKey?.Reveal()), client) : new(client);
    }
}
