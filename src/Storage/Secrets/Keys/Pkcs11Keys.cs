using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Secrets.Keys;

/// <summary>
/// AES keys in a PKCS#11 token, which never leave it: the token encrypts data keys by CKM_AES_GCM with their context. Keys of one label form
/// the ring; the one whose CKA_ID sorts last is the current one. A session that is lost, with the token or by its hand, is opened again.
/// </summary>
public sealed class Pkcs11Keys(Pkcs11Config config, TimeProvider time) : IKeyProvider
{
    public const string ProviderName = "pkcs11";

    private const int TagBits = 128;
    private static readonly CKR[] Lost =
    [
        CKR.CKR_SESSION_HANDLE_INVALID, CKR.CKR_SESSION_CLOSED, CKR.CKR_USER_NOT_LOGGED_IN, CKR.CKR_CRYPTOKI_NOT_INITIALIZED, CKR.CKR_TOKEN_NOT_PRESENT,
        CKR.CKR_DEVICE_REMOVED, CKR.CKR_DEVICE_ERROR, CKR.CKR_KEY_HANDLE_INVALID, CKR.CKR_OBJECT_HANDLE_INVALID, CKR.CKR_SLOT_ID_INVALID,
    ];

    private readonly Pkcs11InteropFactories factories = new();
    private readonly SemaphoreSlim turn = new(1);
    private IPkcs11Library? library;
    private ISession? session;

    /// <summary>The library asks for libdl by a name that only development packages have.</summary>
    static Pkcs11Keys() => NativeLibrary.SetDllImportResolver(
        typeof(Pkcs11InteropFactories).Assembly,
        (name, _, _) => name == "libdl" && OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libdl.so.2", out var library) ? library : IntPtr.Zero);

    public string Name => ProviderName;

    public string Description => $"the keys '{config.Key}' in the token '{config.Token}'";

    public Task<string> CurrentKey(CancellationToken cancellationToken = default) => InSession(open => Text(Newest(open).Id), cancellationToken);

    public Task<WrappedKey> Wrap(ReadOnlyMemory<byte> dataKey, DataKeyContext context, CancellationToken cancellationToken = default) => InSession(
        open =>
        {
            var (handle, id) = Newest(open);
            var nonce = RandomNumberGenerator.GetBytes(Aead.NonceLength);
            var plain = dataKey.ToArray();
            try
            {
                using var mechanism = Gcm(open, nonce, context);
                return new WrappedKey(Text(id), [.. nonce, .. open.Encrypt(mechanism, handle, plain)]);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(plain);
            }
        },
        cancellationToken);

    public Task<byte[]> Unwrap(WrappedKey wrapped, DataKeyContext context, CancellationToken cancellationToken = default) => InSession(
        open =>
        {
            if (wrapped.Bytes.Length != Aead.Overhead + Envelope.KeyLength) throw Broken(wrapped, context);
            var handle = Keys(open, (CKA.CKA_ID, Bytes(wrapped.KeyId))).FirstOrDefault().Handle
                ?? throw new KeyProviderException($"The token '{config.Token}' has no AES key with the id {wrapped.KeyId}, which values are sealed with: restore it.");
            using var mechanism = Gcm(open, wrapped.Bytes[..Aead.NonceLength], context);
            try
            {
                return open.Decrypt(mechanism, handle, wrapped.Bytes[Aead.NonceLength..]);
            }
            catch (Pkcs11Exception refused) when (refused.RV is CKR.CKR_ENCRYPTED_DATA_INVALID or CKR.CKR_ENCRYPTED_DATA_LEN_RANGE or CKR.CKR_GENERAL_ERROR)
            {
                // Tokens before version 3 of the standard have no code of their own for a tag that does not fit.
                throw Broken(wrapped, context);
            }
        },
        cancellationToken);

    public Task<string> Rotate(CancellationToken cancellationToken = default) => InSession(
        open =>
        {
            var id = Encoding.ASCII.GetBytes(time.GetUtcNow().ToString("yyyyMMddHHmmssfff", CultureInfo.InvariantCulture));
            // Whatever ids the former ones have, the new one comes after them.
            if (Keys(open, (CKA.CKA_LABEL, Encoding.UTF8.GetBytes(config.Key))).Select(key => key.Id).MaxBy(Text, StringComparer.Ordinal) is { } last
                && string.CompareOrdinal(Text(last), Text(id)) >= 0) id = [.. last, 1];
            var make = open.Factories.ObjectAttributeFactory;
            using var mechanism = open.Factories.MechanismFactory.Create(CKM.CKM_AES_KEY_GEN);
            open.GenerateKey(mechanism,
            [
                make.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), make.Create(CKA.CKA_KEY_TYPE, CKK.CKK_AES), make.Create(CKA.CKA_VALUE_LEN, (ulong)Envelope.KeyLength),
                make.Create(CKA.CKA_LABEL, config.Key), make.Create(CKA.CKA_ID, id), make.Create(CKA.CKA_TOKEN, true), make.Create(CKA.CKA_PRIVATE, true),
                make.Create(CKA.CKA_SENSITIVE, true), make.Create(CKA.CKA_EXTRACTABLE, false), make.Create(CKA.CKA_ENCRYPT, true), make.Create(CKA.CKA_DECRYPT, true),
            ]);
            return Text(id);
        },
        cancellationToken);

    public void Dispose()
    {
        Close();
        turn.Dispose();
    }

    /// <summary>Sessions serve one at a time; the cache of data keys makes this rare.</summary>
    private async Task<T> InSession<T>(Func<ISession, T> act, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            try
            {
                return act(Open());
            }
            catch (Pkcs11Exception gone) when (Lost.Contains(gone.RV))
            {
                Close();
                return act(Open());
            }
        }
        catch (Pkcs11Exception failure)
        {
            Close();
            throw new KeyProviderException(Explain(failure), failure);
        }
        catch (Exception failure) when (failure is UnmanagedException or DllNotFoundException or BadImageFormatException)
        {
            throw new KeyProviderException($"The PKCS#11 module {config.Library} cannot be loaded: {failure.Message}", failure);
        }
        finally
        {
            turn.Release();
        }
    }

    private ISession Open()
    {
        if (session is not null) return session;
        library ??= factories.Pkcs11LibraryFactory.LoadPkcs11Library(factories, config.Library, AppType.MultiThreaded);
        var slot = library.GetSlotList(SlotsType.WithTokenPresent).Find(slot => slot.GetTokenInfo().Label.Trim() == config.Token)
            ?? throw new KeyProviderException($"There is no PKCS#11 token with the label '{config.Token}'.");
        session = slot.OpenSession(SessionType.ReadWrite);
        try
        {
            session.Login(CKU.CKU_USER, config.Pin.AsUtf8().ToArray());
        }
        catch (Pkcs11Exception already) when (already.RV == CKR.CKR_USER_ALREADY_LOGGED_IN)
        {
            // Logins are the process's, not the session's.
        }

        return session;
    }

    private void Close()
    {
        IDisposable?[] all = [session, library];
        (session, library) = (null, null);
        foreach (var open in all)
        {
            try
            {
                open?.Dispose();
            }
            catch (Pkcs11Exception)
            {
                // What is lost cannot be closed in good order.
            }
        }
    }

    private (IObjectHandle Handle, byte[] Id) Newest(ISession open)
    {
        var keys = Keys(open, (CKA.CKA_LABEL, Encoding.UTF8.GetBytes(config.Key)));
        return keys.Count > 0
            ? keys.MaxBy(key => Text(key.Id), StringComparer.Ordinal)
            : throw new KeyProviderException($"The token '{config.Token}' has no AES key with the label '{config.Key}' and an id: make one of 32 bytes, for example with pkcs11-tool --keygen.");
    }

    private static List<(IObjectHandle Handle, byte[] Id)> Keys(ISession open, (CKA Attribute, byte[] Value) which)
    {
        var make = open.Factories.ObjectAttributeFactory;
        var found = open.FindAllObjects([make.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), make.Create(CKA.CKA_KEY_TYPE, CKK.CKK_AES), make.Create(which.Attribute, which.Value)]);
        return [.. found.Select(handle => (handle, Id: open.GetAttributeValue(handle, [CKA.CKA_ID])[0].GetValueAsByteArray() ?? [])).Where(key => key.Id.Length > 0)];
    }

    private static IMechanism Gcm(ISession open, byte[] nonce, DataKeyContext context) => open.Factories.MechanismFactory.Create(
        CKM.CKM_AES_GCM, open.Factories.MechanismParamsFactory.CreateCkGcmParams(nonce, (ulong)nonce.Length * 8, context.Bytes(), TagBits));

    private SealBrokenException Broken(WrappedKey wrapped, DataKeyContext context) =>
        new($"Data key {context.Id} does not open with key {wrapped.KeyId} in the token '{config.Token}': it was changed, or belongs elsewhere.");

    private string Explain(Pkcs11Exception failure) => failure.RV switch
    {
        CKR.CKR_PIN_INCORRECT or CKR.CKR_PIN_INVALID or CKR.CKR_PIN_LEN_RANGE => $"The token '{config.Token}' refuses the PIN.",
        CKR.CKR_PIN_LOCKED => $"The token '{config.Token}' has locked its PIN after too many wrong ones.",
        _ => $"The token '{config.Token}' fails: {failure.Method} gives {failure.RV}.",
    };

    private static string Text(byte[] id) => Convert.ToHexStringLower(id);

    private static byte[] Bytes(string id) =>
        id.Length % 2 == 0 && id.All(char.IsAsciiHexDigit) ? Convert.FromHexString(id) : throw new SealBrokenException($"'{id}' is no id of a key in a token.");
}
