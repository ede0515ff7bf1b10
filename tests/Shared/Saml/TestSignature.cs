using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Xml;

namespace PRTS.Tests.Saml;

/// <summary>
/// Signs elements as identity providers do, and as those do that one must not trust. SignedInfo is written in canonical form by hand, so only the content passes
/// through a canonicalization, and in another way than when it is verified.
/// </summary>
internal sealed record TestSignature
{
    public const string Exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    public const string Enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
    public const string Sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
    private const string More = "http://www.w3.org/2001/04/xmldsig-more#";

    public X509Certificate2 Certificate { get; init; } = TestKeys.Rsa;
    public string Method { get; init; } = More + "rsa-sha256";
    public string DigestMethod { get; init; } = Sha256;
    public string Canonicalization { get; init; } = Exclusive;
    public IReadOnlyList<string> Transforms { get; init; } = [Enveloped, Exclusive];

    /// <summary>What the reference says instead of the element's identifier.</summary>
    public string? Uri { get; init; }

    /// <summary>How many references there are, all to the element.</summary>
    public int References { get; init; } = 1;

    /// <summary>Markup at the end of the signature, which it does not cover.</summary>
    public string Tail { get; init; } = "";

    /// <summary>Whether the certificate goes with the signature.</summary>
    public bool KeyInfo { get; init; } = true;

    public static TestSignature Ecdsa256 { get; } = new() { Certificate = TestKeys.P256, Method = More + "ecdsa-sha256" };
    public static TestSignature Ecdsa384 { get; } = new() { Certificate = TestKeys.P384, Method = More + "ecdsa-sha384", DigestMethod = More + "sha384" };
    public static TestSignature Rsa512 { get; } = new() { Method = More + "rsa-sha512", DigestMethod = "http://www.w3.org/2001/04/xmlenc#sha512" };
    public static TestSignature Pss { get; } = new() { Method = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" };
    public static TestSignature Next { get; } = new() { Certificate = TestKeys.NextRsa };

    /// <summary>The document with a signature after the issuer of the first element of that name.</summary>
    public string Sign(string xml, string element)
    {
        var document = Load(xml);
        var target = document.SelectSingleNode($"//*[local-name()='{element}']") as XmlElement ?? throw new ArgumentException($"no {element}", nameof(element));
        var signature = document.CreateDocumentFragment();
        signature.InnerXml = SignatureOf(target);
        target.InsertAfter(signature, target.SelectSingleNode("*[local-name()='Issuer']"));
        return document.OuterXml;
    }

    /// <summary>With line ends as XML has them, which <see cref="XmlDocument.LoadXml"/> leaves as they are.</summary>
    public static XmlDocument Load(string xml)
    {
        var document = new XmlDocument { PreserveWhitespace = true };
        using var reader = XmlReader.Create(new StringReader(xml));
        document.Load(reader);
        return document;
    }

    private string SignatureOf(XmlElement target)
    {
        var digest = Convert.ToBase64String(Hash(DigestMethod, Canonical(target)));
        var transforms = string.Concat(Transforms.Select(each => $"<ds:Transform Algorithm=\"{each}\"></ds:Transform>"));
        var reference = $"<ds:Reference URI=\"{Uri ?? "#" + target.GetAttribute("ID")}\"><ds:Transforms>{transforms}</ds:Transforms>"
            + $"<ds:DigestMethod Algorithm=\"{DigestMethod}\"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>";
        var info = $"<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:CanonicalizationMethod Algorithm=\"{Canonicalization}\"></ds:CanonicalizationMethod>"
            + $"<ds:SignatureMethod Algorithm=\"{Method}\"></ds:SignatureMethod>{string.Concat(Enumerable.Repeat(reference, References))}</ds:SignedInfo>";
        var value = Convert.ToBase64String(Value(Encoding.UTF8.GetBytes(info)));
        var keyInfo = KeyInfo ? $"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{Convert.ToBase64String(Certificate.RawData)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>" : "";
        return $"<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{info}<ds:SignatureValue>{value}</ds:SignatureValue>{keyInfo}{Tail}</ds:Signature>";
    }

    private static byte[] Canonical(XmlElement element)
    {
        var transform = new XmlDsigExcC14NTransform();
        transform.LoadInput(Load(element.OuterXml));
        using var output = (MemoryStream)transform.GetOutput(typeof(Stream));
        return output.ToArray();
    }

    private static HashAlgorithmName HashOf(string method) => method switch
    {
        _ when method.Contains("sha384", StringComparison.Ordinal) => HashAlgorithmName.SHA384,
        _ when method.Contains("sha512", StringComparison.Ordinal) => HashAlgorithmName.SHA512,
        _ when method.Contains("sha1", StringComparison.Ordinal) => HashAlgorithmName.SHA1,
        _ => HashAlgorithmName.SHA256,
    };

    private static byte[] Hash(string method, byte[] octets) => CryptographicOperations.HashData(HashOf(method), octets);

    private byte[] Value(byte[] info)
    {
        // The oldest trick: the public key as the secret of a symmetric method.
        if (Method.Contains("hmac", StringComparison.Ordinal)) return HMACSHA256.HashData(Certificate.GetPublicKey(), info);
        using var curve = Certificate.GetECDsaPrivateKey();
        if (curve is not null) return curve.SignData(info, HashOf(Method));
        using var rsa = Certificate.GetRSAPrivateKey()!;
        return rsa.SignData(info, HashOf(Method), Method.Contains("MGF1", StringComparison.Ordinal) ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
    }
}
