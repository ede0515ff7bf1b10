using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PRTS.Storage.Settings;

namespace PRTS.Silo.Cluster;

/// <summary>
/// The cluster's own certificate authority. Its key lives in the database, sealed, where agents cannot read it; it signs one certificate for each
/// start of a server and one for each agent that joins.
/// </summary>
public sealed class ClusterAuthority : IDisposable
{
    private const string SettingsKey = "cluster/authority";
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(3650);
    private static readonly OidCollection SiloUsages = [new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")];

    private readonly X509Certificate2 signer;
    private readonly TimeProvider time;

    private ClusterAuthority(X509Certificate2 signer, TimeProvider time)
    {
        this.signer = signer;
        this.time = time;
        Certificate = X509CertificateLoader.LoadCertificate(signer.RawData);
    }

    /// <summary>The authority's certificate, without its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Loads the authority, or makes it on the cluster's first start.</summary>
    public static async Task<ClusterAuthority> Load(SealedSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var pfx = await settings.GetOrCreate(SettingsKey, () => Make(time.GetUtcNow()), cancellationToken);
        return new ClusterAuthority(X509CertificateLoader.LoadPkcs12(pfx, password: null, X509KeyStorageFlags.Exportable), time);
    }

    /// <summary>A certificate with its key for this server.</summary>
    public X509Certificate2 IssueServer()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
        using var certificate = Sign(request);
        using var withKey = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), password: null);
    }

    /// <summary>A certificate for the key in the agent's request; the subject is ours, whatever the request says.</summary>
    /// <exception cref="CryptographicException">The request is not a valid PKCS#10 request.</exception>
    public X509Certificate2 IssueAgent(string pemRequest, string tenant, string name)
    {
        var asked = CertificateRequest.LoadSigningRequestPem(pemRequest, HashAlgorithmName.SHA256);
        return Sign(new CertificateRequest(new X500DistinguishedName($"CN=agent:{tenant}/{name}"), asked.PublicKey, HashAlgorithmName.SHA256));
    }

    public void Dispose()
    {
        Certificate.Dispose();
        signer.Dispose();
    }

    private static byte[] Make(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=PRTS cluster authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var certificate = request.CreateSelfSigned(now.AddMinutes(-5), now + (2 * Lifetime));
        return certificate.Export(X509ContentType.Pkcs12);
    }

    private X509Certificate2 Sign(CertificateRequest request)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(SiloUsages, critical: false));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        var now = time.GetUtcNow();
        return request.Create(signer, now.AddMinutes(-5), now + Lifetime, RandomNumberGenerator.GetBytes(16));
    }
}
