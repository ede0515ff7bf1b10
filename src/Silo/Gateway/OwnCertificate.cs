using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PRTS.Silo.Gateway;

/// <summary>
/// The certificate that the server makes for itself: an authority that lasts, which clients trust, and a certificate for the server's
/// names, made anew when those change or its time is near. The server's key stays the same, so that who pinned it goes on working.
/// </summary>
internal static class OwnCertificate
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(20 * 365);

    /// <summary>What browsers still take.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(397);
    private static readonly TimeSpan Early = TimeSpan.FromDays(30);

    public static string AuthorityFile(string directory) => Path.Combine(directory, "authority.pem");

    public static string CertificateFile(string directory) => Path.Combine(directory, "server.pem");

    public static string KeyFile(string directory) => Path.Combine(directory, "server.key");

    /// <summary>Sees to it that the directory has a certificate for these names that is good for a while.</summary>
    public static void Ensure(string directory, IReadOnlyCollection<string> hosts, DateTimeOffset now)
    {
        if (!OperatingSystem.IsWindows()) Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
        else Directory.CreateDirectory(directory);
        using var authority = Authority(directory, now);
        if (IsGood(directory, hosts, authority, now)) return;
        using var key = Key(KeyFile(directory));
        var request = new CertificateRequest("CN=PRTS", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var certificate = request.Create(authority, now.AddMinutes(-5), now + Lifetime, RandomNumberGenerator.GetBytes(16));
        Write(CertificateFile(directory), certificate.ExportCertificatePem() + "\n");
    }

    private static bool IsGood(string directory, IReadOnlyCollection<string> hosts, X509Certificate2 authority, DateTimeOffset now)
    {
        if (!File.Exists(CertificateFile(directory)) || !File.Exists(KeyFile(directory))) return false;
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(CertificateFile(directory)));
        if (certificate.Issuer != authority.Subject || certificate.NotAfter.ToUniversalTime() < (now + Early).UtcDateTime) return false;
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => address.ToString())));
        return hosts.ToHashSet(StringComparer.OrdinalIgnoreCase).SetEquals(names);
    }

    private static X509Certificate2 Authority(string directory, DateTimeOffset now)
    {
        var keyFile = Path.Combine(directory, "authority.key");
        using var key = Key(keyFile);
        if (!File.Exists(AuthorityFile(directory)))
        {
            // The name tells one installation's authority from another's in a browser's list.
            var request = new CertificateRequest($"CN=PRTS authority {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
            using var made = request.CreateSelfSigned(now.AddMinutes(-5), now + AuthorityLifetime);
            Write(AuthorityFile(directory), made.ExportCertificatePem() + "\n");
        }

        return X509Certificate2.CreateFromPem(File.ReadAllText(AuthorityFile(directory)), File.ReadAllText(keyFile));
    }

    private static ECDsa Key(string file)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(file)) key.ImportFromPem(File.ReadAllText(file));
        else Write(file, key.ExportPkcs8PrivateKeyPem() + "\n");
        return key;
    }

    /// <summary>Whole or not at all, and for nobody else to read.</summary>
    private static void Write(string path, string text)
    {
        var creation = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) creation.UnixCreateMode = OwnerOnly;
        File.Delete(path + ".new");
        using (var file = new StreamWriter(path + ".new", creation)) file.Write(text);
        File.Move(path + ".new", path, overwrite: true);
    }
}
