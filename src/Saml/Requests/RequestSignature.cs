using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Xml;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Requests;

/// <summary>The enveloped signature of a request that is posted.</summary>
internal static class RequestSignature
{
    /// <summary>To be disposed of. Throws when the certificate comes without a private RSA key.</summary>
    public static RSA KeyOf(X509Certificate2 certificate) =>
        certificate.GetRSAPrivateKey() ?? throw new ArgumentException("The certificate that signs requests has no private RSA key.", nameof(certificate));

    public static string Sign(string xml, string id, X509Certificate2 certificate)
    {
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        document.LoadXml(xml);
        using var key = KeyOf(certificate);
        var reference = new Reference($"#{id}") { DigestMethod = SignedXml.XmlDsigSHA256Url };
        reference.AddTransform(new XmlDsigEnvelopedSignatureTransform());
        reference.AddTransform(new XmlDsigExcC14NTransform());
        var signed = new SignedXml(document) { SigningKey = key };
        signed.SignedInfo!.CanonicalizationMethod = SignedXml.XmlDsigExcC14NTransformUrl;
        signed.SignedInfo.SignatureMethod = SignedXml.XmlDsigRSASHA256Url;
        signed.AddReference(reference);
        signed.KeyInfo = new KeyInfo();
        signed.KeyInfo.AddClause(new KeyInfoX509Data(certificate));
        signed.ComputeSignature();

        var issuer = document.DocumentElement!.Only(SamlNames.Assertion, "Issuer");
        document.DocumentElement!.InsertAfter(signed.GetXml(), issuer);
        return document.OuterXml;
    }
}
