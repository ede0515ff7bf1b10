using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PRTS.Tests.Saml;

/// <summary>Certificates made once for a run.</summary>
internal static class TestKeys
{
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static X509Certificate2 Rsa { get; } = OfRsa("identity provider", 2048);
    public static X509Certificate2 NextRsa { get; } = OfRsa("identity provider next", 3072);
    public static X509Certificate2 WeakRsa { get; } = OfRsa("identity provider long ago", 1024);
    public static X509Certificate2 P256 { get; } = OfCurve("identity provider P-256", ECCurve.NamedCurves.nistP256);
    public static X509Certificate2 P384 { get; } = OfCurve("identity provider P-384", ECCurve.NamedCurves.nistP384);
    public static X509Certificate2 Attacker { get; } = OfRsa("identity provider", 2048);
    public static X509Certificate2 Ours { get; } = OfRsa("service provider", 2048);

    private static X509Certificate2 OfRsa(string name, int bits)
    {
        using var key = RSA.Create(bits);
        return new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(From, From.AddYears(30));
    }

    private static X509Certificate2 OfCurve(string name, ECCurve curve)
    {
        using var key = ECDsa.Create(curve);
        return new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(From, From.AddYears(30));
    }
}
