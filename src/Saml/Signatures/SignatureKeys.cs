using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PRTS.Saml.Signatures;

/// <summary>Which keys and signature methods are trusted: RSA of 2048 bits or more and ECDSA of 256 or more, with SHA-256 or longer. SHA-1 and HMAC are in no table here.</summary>
internal static class SignatureKeys
{
    private const int ShortestRsa = 2048;
    private const int ShortestCurve = 256;

    private static readonly Dictionary<string, (bool Rsa, HashAlgorithmName Hash, bool Pss)> Methods = new(StringComparer.Ordinal)
    {
        ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"] = (true, HashAlgorithmName.SHA256, false),
        ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"] = (true, HashAlgorithmName.SHA384, false),
        ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"] = (true, HashAlgorithmName.SHA512, false),
        ["http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"] = (true, HashAlgorithmName.SHA256, true),
        ["http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1"] = (true, HashAlgorithmName.SHA384, true),
        ["http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"] = (true, HashAlgorithmName.SHA512, true),
        ["http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"] = (false, HashAlgorithmName.SHA256, false),
        ["http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"] = (false, HashAlgorithmName.SHA384, false),
        ["http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"] = (false, HashAlgorithmName.SHA512, false),
    };

    public static bool IsMethod(string method) => Methods.ContainsKey(method);

    /// <summary>The digest of the octets; null when the method is not accepted.</summary>
    public static byte[]? Digest(string method, byte[] octets) => method switch
    {
        "http://www.w3.org/2001/04/xmlenc#sha256" => SHA256.HashData(octets),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => SHA384.HashData(octets),
        "http://www.w3.org/2001/04/xmlenc#sha512" => SHA512.HashData(octets),
        _ => null,
    };

    /// <summary>Null when signatures made with this certificate's key are trusted, else why not.</summary>
    public static string? Weakness(X509Certificate2 certificate)
    {
        try
        {
            using var rsa = certificate.GetRSAPublicKey();
            if (rsa is not null) return rsa.KeySize < ShortestRsa ? $"its RSA key has {rsa.KeySize} bits, fewer than {ShortestRsa}" : null;
            using var curve = certificate.GetECDsaPublicKey();
            if (curve is not null) return curve.KeySize < ShortestCurve ? $"its key on an elliptic curve has {curve.KeySize} bits, fewer than {ShortestCurve}" : null;
            return "its key is neither RSA nor ECDSA";
        }
        catch (CryptographicException)
        {
            return "its key cannot be read";
        }
    }

    /// <summary>Whether the key made this signature with this method. The certificate must have no <see cref="Weakness"/>.</summary>
    public static bool Verify(X509Certificate2 certificate, string method, byte[] octets, byte[] signature)
    {
        var (isRsa, hash, pss) = Methods[method];
        if (isRsa)
        {
            using var rsa = certificate.GetRSAPublicKey();
            return rsa is not null && rsa.VerifyData(octets, signature, hash, pss ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
        }

        using var curve = certificate.GetECDsaPublicKey();
        return curve is not null && curve.VerifyData(octets, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }
}
