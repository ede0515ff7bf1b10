using System.Globalization;
using System.Text;
using PRTS.Storage.Secrets.Sealing;
using PRTS.Storage.Secrets.Vault;

namespace PRTS.Storage.Secrets.Keys;

/// <summary>
/// A key of Vault's transit engine (type aes256-gcm96), which never leaves Vault. Its versions are our key ids; the data key's context is
/// Vault's associated data.
/// </summary>
public sealed class VaultTransit : IKeyProvider
{
    public const string ProviderName = "vault";

    private readonly VaultClient client;
    private readonly string mount;
    private readonly string key;

    public VaultTransit(VaultClient client, string mount, string key)
    {
        this.client = client;
        this.mount = VaultClient.Path(mount);
        this.key = VaultClient.Path(key);
    }

    public string Name => ProviderName;

    public string Description => $"the key {mount}/{key} of {client}";

    public Task<string> CurrentKey(CancellationToken cancellationToken = default) => Told(() => client.Get(
        $"{mount}/keys/{key}",
        answer => Id(answer.GetProperty("data").GetProperty("latest_version").GetInt32().ToString(CultureInfo.InvariantCulture)),
        cancellationToken));

    public Task<WrappedKey> Wrap(ReadOnlyMemory<byte> dataKey, DataKeyContext context, CancellationToken cancellationToken = default) => Told(() => client.Post(
        $"{mount}/encrypt/{key}",
        new Dictionary<string, string>(StringComparer.Ordinal) { ["plaintext"] = Convert.ToBase64String(dataKey.Span), ["associated_data"] = Convert.ToBase64String(context.Bytes()) },
        answer =>
        {
            var ciphertext = answer.GetProperty("data").GetProperty("ciphertext").GetString() ?? "";
            // vault:v3:base64
            return ciphertext.Split(':') is ["vault", ['v', .. var version], _] ? new WrappedKey(Id(version), Encoding.ASCII.GetBytes(ciphertext)) : throw new FormatException("No ciphertext.");
        },
        cancellationToken));

    public async Task<byte[]> Unwrap(WrappedKey wrapped, DataKeyContext context, CancellationToken cancellationToken = default)
    {
        // The name as it was when it was wrapped, so that a change of the setting is a rotation like any other.
        if (wrapped.KeyId.Split(':') is not [var place, _] || place.LastIndexOf('/') is not (> 0 and var slash))
            throw new SealBrokenException($"Data key {context.Id} names no key of Vault: '{wrapped.KeyId}'.");
        try
        {
            return await Told(() => client.Post(
                $"{place[..slash]}/decrypt/{place[(slash + 1)..]}",
                new Dictionary<string, string>(StringComparer.Ordinal) { ["ciphertext"] = Encoding.ASCII.GetString(wrapped.Bytes), ["associated_data"] = Convert.ToBase64String(context.Bytes()) },
                answer => answer.GetProperty("data").GetProperty("plaintext").GetBytesFromBase64(),
                cancellationToken));
        }
        catch (KeyProviderException refused) when (refused.InnerException is VaultException { Status: 400 })
        {
            throw new SealBrokenException($"Data key {context.Id} does not open: {refused.Message}");
        }
    }

    public async Task<string> Rotate(CancellationToken cancellationToken = default)
    {
        await Told(() => client.Post($"{mount}/keys/{key}/rotate", null, _ => true, cancellationToken));
        return await CurrentKey(cancellationToken);
    }

    public void Dispose() => client.Dispose();

    private string Id(string version) => $"{mount}/{key}:{version}";

    private static async Task<T> Told<T>(Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (VaultException failure)
        {
            throw new KeyProviderException(failure.Message, failure);
        }
    }
}
