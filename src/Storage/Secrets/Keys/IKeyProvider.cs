using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Secrets.Keys;

/// <summary>A data key as it may be stored. KeyId: the provider's key that it was wrapped with.</summary>
public sealed record WrappedKey(string KeyId, byte[] Bytes);

/// <summary>
/// Holds the keys that data keys are wrapped with. Its current key wraps new ones; its former keys still unwrap. A provider authenticates the
/// context with the key where its protocol can.
/// </summary>
public interface IKeyProvider : IDisposable
{
    /// <summary>Short and fixed: it is stored beside each data key.</summary>
    string Name { get; }

    /// <summary>For people: which keys of which server or file.</summary>
    string Description { get; }

    /// <summary>The id of the key that wraps new data keys.</summary>
    /// <exception cref="KeyProviderException"/>
    Task<string> CurrentKey(CancellationToken cancellationToken = default);

    /// <summary>Wraps with the current key.</summary>
    /// <exception cref="KeyProviderException"/>
    Task<WrappedKey> Wrap(ReadOnlyMemory<byte> dataKey, DataKeyContext context, CancellationToken cancellationToken = default);

    /// <summary>The data key; the caller overwrites it when it is done.</summary>
    /// <exception cref="KeyProviderException"/>
    /// <exception cref="SealBrokenException">The wrapped key was changed, or belongs to another context.</exception>
    Task<byte[]> Unwrap(WrappedKey wrapped, DataKeyContext context, CancellationToken cancellationToken = default);

    /// <summary>Makes a new key, which becomes the current one.</summary>
    /// <exception cref="KeyProviderException">Also when the provider's keys are made elsewhere; the message says how.</exception>
    Task<string> Rotate(CancellationToken cancellationToken = default);
}

/// <summary>A key provider cannot be used, or not for this key. The message is one sentence for the operator, without secrets.</summary>
public class KeyProviderException(string message, Exception? cause = null) : IOException(message, cause);

/// <summary>The server cannot start with these keys.</summary>
public sealed class UnusableKeysException(string message, Exception? cause = null) : KeyProviderException(message, cause);
