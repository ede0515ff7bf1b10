using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Secrets.Keys;

/// <summary>A symmetric key of AWS KMS, which never leaves it. The data key's context is KMS's encryption context, and stands in its audit log.</summary>
public sealed class KmsKeys(IAmazonKeyManagementService client, string key) : IKeyProvider
{
    public const string ProviderName = "kms";

    public string Name => ProviderName;

    public string Description => $"the KMS key '{key}'";

    /// <summary>The key's ARN: an alias that was pointed to another key is a rotation.</summary>
    public Task<string> CurrentKey(CancellationToken cancellationToken = default) =>
        Told(async () => (await client.DescribeKeyAsync(new DescribeKeyRequest { KeyId = key }, cancellationToken)).KeyMetadata.Arn);

    public Task<WrappedKey> Wrap(ReadOnlyMemory<byte> dataKey, DataKeyContext context, CancellationToken cancellationToken = default) => Told(async () =>
    {
        using var plain = new MemoryStream(dataKey.ToArray());
        var answer = await client.EncryptAsync(new EncryptRequest { KeyId = key, Plaintext = plain, EncryptionContext = context.Pairs() }, cancellationToken);
        return new WrappedKey(answer.KeyId, answer.CiphertextBlob.ToArray());
    });

    public Task<byte[]> Unwrap(WrappedKey wrapped, DataKeyContext context, CancellationToken cancellationToken = default) => Told(async () =>
    {
        using var box = new MemoryStream(wrapped.Bytes);
        try
        {
            var answer = await client.DecryptAsync(new DecryptRequest { KeyId = wrapped.KeyId, CiphertextBlob = box, EncryptionContext = context.Pairs() }, cancellationToken);
            return answer.Plaintext.ToArray();
        }
        catch (Exception broken) when (broken is InvalidCiphertextException or IncorrectKeyException)
        {
            throw new SealBrokenException($"Data key {context.Id} does not open with {wrapped.KeyId}: it was changed, or belongs elsewhere.");
        }
    });

    public Task<string> Rotate(CancellationToken cancellationToken = default) => throw new KeyProviderException(
        $"The keys of KMS are made there: create a new key and point the alias '{key}' to it (aws kms update-alias), and data keys are wrapped with it from then on.");

    public void Dispose() => client.Dispose();

    private async Task<T> Told<T>(Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (NotFoundException missing)
        {
            throw new KeyProviderException($"KMS has no key '{key}': create it, or an alias of that name.", missing);
        }
        catch (AmazonServiceException failure)
        {
            throw new KeyProviderException($"KMS does not do what '{key}' is needed for: {failure.ErrorCode ?? "no answer"}: {failure.Message.Split('\n', 2)[0]}", failure);
        }
        catch (AmazonClientException failure)
        {
            throw new KeyProviderException($"KMS cannot be used: {failure.Message.Split('\n', 2)[0]}", failure);
        }
        catch (HttpRequestException failure)
        {
            throw new KeyProviderException($"KMS cannot be reached: {failure.Message}", failure);
        }
    }
}
