using System.Security.Cryptography;
using PRTS.Api.Secrets;
using PRTS.Storage.Secrets.Keys;

namespace PRTS.Storage.Secrets.Sealing;

/// <summary>
/// Seals values for any column of any table, and opens them. A value is sealed with the data key of its tenant and scope; when keys are
/// rotated the value stays as it is.
/// </summary>
public sealed class Sealer(DataKeys keys)
{
    /// <exception cref="KeyProviderException"/>
    public async Task<byte[]> Seal(SealContext context, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        var (id, key) = await keys.ForSealing(context.Tenant, context.Scope, cancellationToken);
        try
        {
            return Envelope.Seal(key, id, context, value.Span);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The value; who asked for it overwrites it when it is done.</summary>
    /// <exception cref="SealBrokenException">It was changed, belongs to another context, or its data key is gone.</exception>
    /// <exception cref="KeyProviderException">The key provider does not answer: it may later.</exception>
    public async Task<byte[]> Open(SealContext context, ReadOnlyMemory<byte> sealedValue, CancellationToken cancellationToken = default)
    {
        var key = await keys.Find(Envelope.DataKeyOf(sealedValue.Span), cancellationToken)
            ?? throw new SealBrokenException($"The sealed {context.Purpose} '{context.Name}' does not open: its data key is gone.");
        try
        {
            return Envelope.Open(key, context, sealedValue.Span);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <inheritdoc cref="Open"/>
    public async Task<SecretText> OpenText(SealContext context, ReadOnlyMemory<byte> sealedValue, CancellationToken cancellationToken = default) =>
        SecretText.Owning(await Open(context, sealedValue, cancellationToken));

    /// <inheritdoc cref="Seal"/>
    public async Task<byte[]> SealText(SealContext context, SecretText value, CancellationToken cancellationToken = default)
    {
        var plain = value.AsUtf8().ToArray();
        try
        {
            return await Seal(context, plain, cancellationToken);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>Forgets the data keys of a scope that is gone: what was sealed with them never opens again, wherever copies are.</summary>
    public Task Destroy(string tenant, string scope, CancellationToken cancellationToken = default) => keys.Destroy(tenant, scope, cancellationToken);
}
