using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PRTS.Tests.Saml;

/// <summary>Encrypts an assertion for us.</summary>
internal sealed record TestEncryption
{
    public const string Gcm256 = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
    public const string Oaep = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    public const string Oaep11 = "http://www.w3.org/2009/xmlenc11#rsa-oaep";

    public X509Certificate2 For { get; init; } = TestKeys.Ours;
    public string Method { get; init; } = Gcm256;
    public string KeyMethod { get; init; } = Oaep;
    public string KeyParameters { get; init; } = "";
    public RSAEncryptionPadding Padding { get; init; } = RSAEncryptionPadding.OaepSHA1;
    public int KeyLength { get; init; } = 32;

    public static TestEncryption Oaep256 { get; } = new()
    {
        Method = "http://www.w3.org/2009/xmlenc11#aes128-gcm",
        KeyMethod = Oaep11,
        KeyLength = 16,
        Padding = RSAEncryptionPadding.OaepSHA256,
        KeyParameters = "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><xenc11:MGF xmlns:xenc11=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"/>",
    };

    /// <summary>What was not encrypted correctly is refused because of it.</summary>
    public static TestEncryption Cbc { get; } = new() { Method = "http://www.w3.org/2001/04/xmlenc#aes256-cbc" };
    public static TestEncryption Pkcs1 { get; } = new() { KeyMethod = "http://www.w3.org/2001/04/xmlenc#rsa-1_5", Padding = RSAEncryptionPadding.Pkcs1 };

    /// <summary>The document with its assertion encrypted.</summary>
    public string Encrypt(string xml)
    {
        var document = TestSignature.Load(xml);
        var assertion = document.SelectSingleNode("//*[local-name()='Assertion']")!;
        var encrypted = document.CreateDocumentFragment();
        encrypted.InnerXml = Of(Encoding.UTF8.GetBytes(assertion.OuterXml));
        assertion.ParentNode!.ReplaceChild(encrypted, assertion);
        return document.OuterXml;
    }

    private string Of(byte[] plain)
    {
        var key = RandomNumberGenerator.GetBytes(KeyLength);
        using var rsa = For.GetRSAPublicKey()!;
        return $"<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"><xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" Type=\"http://www.w3.org/2001/04/xmlenc#Element\">"
            + $"<xenc:EncryptionMethod Algorithm=\"{Method}\"/><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm=\"{KeyMethod}\">{KeyParameters}</xenc:EncryptionMethod>"
            + $"<xenc:CipherData><xenc:CipherValue>{Convert.ToBase64String(rsa.Encrypt(key, Padding))}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>"
            + $"<xenc:CipherData><xenc:CipherValue>{Convert.ToBase64String(Content(key, plain))}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>";
    }

    private byte[] Content(byte[] key, byte[] plain)
    {
        if (Method.EndsWith("cbc", StringComparison.Ordinal))
        {
            using var cbc = Aes.Create();
            cbc.Key = key;
            return [.. cbc.IV, .. cbc.EncryptCbc(plain, cbc.IV)];
        }

        using var aes = new AesGcm(key, 16);
        var (nonce, cipher, tag) = (RandomNumberGenerator.GetBytes(12), new byte[plain.Length], new byte[16]);
        aes.Encrypt(nonce, plain, cipher, tag);
        return [.. nonce, .. cipher, .. tag];
    }
}
