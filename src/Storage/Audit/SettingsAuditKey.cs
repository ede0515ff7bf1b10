using System.Security.Cryptography;
using PRTS.Audit.Checkpoints;
using PRTS.Storage.Settings;

namespace PRTS.Storage.Audit;

/// <summary>The key that signs checkpoints, sealed in the settings: made on first use, the same on every server.</summary>
public sealed class SettingsAuditKey(SealedSettings settings) : IAuditKey
{
    private const string Setting = "audit/signing-key";

    public async Task<AuditPublicKey> Public(CancellationToken cancellationToken = default)
    {
        using var key = await Load(cancellationToken);
        return AuditPublicKey.From(key);
    }

    public async Task<byte[]> Sign(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        using var key = await Load(cancellationToken);
        return key.SignData(data.Span, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    private async Task<ECDsa> Load(CancellationToken cancellationToken)
    {
        var stored = await settings.GetOrCreate(Setting, Create, cancellationToken);
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(stored, out _);
        return key;
    }

    private static byte[] Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKey();
    }
}
