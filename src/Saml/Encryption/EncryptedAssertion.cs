using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Xml;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Encryption;

/// <summary>
/// Decrypts an assertion: AES-GCM under a key for us with RSA-OAEP. CBC and PKCS #1 v1.5 are refused: an attacker who sends changed ciphertexts learns the content
/// from the answers, and while either is accepted this holds for what was encrypted with the good ones too.
/// </summary>
internal static class EncryptedAssertion
{
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const string Sha1 = "http://www.w3.org/2000/09/xmldsig#sha1";

    /// <summary>The element that was encrypted, as the root of a document of its own.</summary>
    /// <param name="certificates">Ours, with private RSA keys.</param>
    public static Step<XmlElement> Decrypt(XmlElement encrypted, IReadOnlyList<X509Certificate2> certificates)
    {
        if (encrypted.Only(SamlNames.Encryption, "EncryptedData") is not { } data)
            return Unsupported("The encrypted assertion has no encrypted data, or several.");
        var keys = encrypted.SelfAndDescendants().Where(element => element.Is(SamlNames.Encryption, "EncryptedKey")).Take(2).ToList();
        if (keys.Count != 1)
            return Unsupported("The assertion is not encrypted for exactly one key.");
        if (ContentKeyLength(data) is not { } keyLength)
            return Unsupported($"The assertion is encrypted with {Plain.Quote(MethodOf(data))}; AES-GCM is accepted.");
        if (Padding(keys[0]) is not { } padding)
            return Unsupported($"The assertion's key is encrypted with {Plain.Quote(MethodOf(keys[0]))} or its parameters; RSA-OAEP is accepted, with one hash for both of its uses and no label.");
        if (certificates.Count == 0)
            return Unsupported("The assertion is encrypted, and there is no key of ours to decrypt it with.");
        if (Cipher(keys[0]) is not { } wrapped || Cipher(data) is not { Length: > NonceLength + TagLength } content)
            return Failed;

        foreach (var certificate in certificates)
        {
            if (Unwrap(certificate, wrapped, padding) is { } key && key.Length == keyLength && Open(key, content) is { } plain)
                return Assertion(plain);
        }

        return Failed;
    }

    private static SamlResult.Rejected Failed => new(SamlRejection.DecryptionFailed, "The encrypted assertion cannot be decrypted with any key of ours.");

    private static SamlResult.Rejected Unsupported(string detail) => new(SamlRejection.EncryptionUnsupported, detail);

    private static Step<XmlElement> Assertion(byte[] plain) => SafeXml.Load(plain, out var problem) is { DocumentElement: { } root }
        ? root
        : new SamlResult.Rejected(SamlRejection.Xml, $"The decrypted assertion {problem}.");

    private static string MethodOf(XmlElement encrypted) => encrypted.Only(SamlNames.Encryption, "EncryptionMethod")?.Attribute("Algorithm") ?? "";

    private static int? ContentKeyLength(XmlElement data) => MethodOf(data) switch
    {
        SamlNames.Encryption11 + "aes128-gcm" => 16,
        SamlNames.Encryption11 + "aes192-gcm" => 24,
        SamlNames.Encryption11 + "aes256-gcm" => 32,
        _ => null,
    };

    /// <summary>SHA-1 within OAEP needs no resistance to collisions, and is what most identity providers use.</summary>
    private static RSAEncryptionPadding? Padding(XmlElement key)
    {
        if (key.Only(SamlNames.Encryption, "EncryptionMethod") is not { } method || method.Children(SamlNames.Encryption, "OAEPparams").Any()) return null;
        var digest = method.Only(SamlNames.Signature, "DigestMethod")?.Attribute("Algorithm") ?? Sha1;
        var mask = method.Only(SamlNames.Encryption11, "MGF")?.Attribute("Algorithm") ?? SamlNames.Encryption11 + "mgf1sha1";
        return (MethodOf(key), digest, mask) switch
        {
            (SamlNames.Encryption + "rsa-oaep-mgf1p", Sha1, _) => RSAEncryptionPadding.OaepSHA1,
            (SamlNames.Encryption11 + "rsa-oaep", Sha1, SamlNames.Encryption11 + "mgf1sha1") => RSAEncryptionPadding.OaepSHA1,
            (SamlNames.Encryption11 + "rsa-oaep", SamlNames.Encryption + "sha256", SamlNames.Encryption11 + "mgf1sha256") => RSAEncryptionPadding.OaepSHA256,
            (SamlNames.Encryption11 + "rsa-oaep", SamlNames.Encryption + "sha512", SamlNames.Encryption11 + "mgf1sha512") => RSAEncryptionPadding.OaepSHA512,
            _ => null,
        };
    }

    private static byte[]? Cipher(XmlElement encrypted) =>
        encrypted.Only(SamlNames.Encryption, "CipherData")?.Only(SamlNames.Encryption, "CipherValue") is { } value ? Base64.Read(value.InnerText) : null;

    private static byte[]? Unwrap(X509Certificate2 certificate, byte[] wrapped, RSAEncryptionPadding padding)
    {
        using var key = certificate.GetRSAPrivateKey();
        try
        {
            return key?.Decrypt(wrapped, padding);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static byte[]? Open(byte[] key, byte[] content)
    {
        using var aes = new AesGcm(key, TagLength);
        var plain = new byte[content.Length - NonceLength - TagLength];
        try
        {
            aes.Decrypt(content.AsSpan(0, NonceLength), content.AsSpan(NonceLength, plain.Length), content.AsSpan(content.Length - TagLength), plain);
            return plain;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
