using System.Security.Cryptography.Xml;
using System.Xml;

namespace PRTS.Saml.Tests;

/// <summary>Which signatures count.</summary>
public sealed class SignatureTests
{
    private const string Object = "<ds:Object><x/></ds:Object>";

    /// <summary>All of these are right by the rules of XML Signature, and made with the identity provider's key.</summary>
    private static readonly Dictionary<string, (SamlRejection Reason, TestSignature Signature)> Refused = new(StringComparer.Ordinal)
    {
        ["RSA with SHA-1"] = (SamlRejection.SignatureAlgorithm, new() { Method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1" }),
        ["digest with SHA-1"] = (SamlRejection.SignatureAlgorithm, new() { DigestMethod = "http://www.w3.org/2000/09/xmldsig#sha1" }),
        ["ECDSA with SHA-1"] = (SamlRejection.SignatureAlgorithm, TestSignature.Ecdsa256 with { Method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1" }),
        ["HMAC with the public key"] = (SamlRejection.SignatureAlgorithm, new() { Method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256" }),
        ["no method"] = (SamlRejection.SignatureAlgorithm, new() { Method = "" }),
        ["canonicalization with comments"] = (SamlRejection.SignatureAlgorithm, new() { Canonicalization = TestSignature.Exclusive + "WithComments" }),
        ["inclusive canonicalization"] = (SamlRejection.SignatureAlgorithm, new() { Canonicalization = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" }),
        ["transform with comments"] = (SamlRejection.SignatureAlgorithm, new() { Transforms = [TestSignature.Enveloped, TestSignature.Exclusive + "WithComments"] }),
        ["inclusive transform"] = (SamlRejection.SignatureAlgorithm, new() { Transforms = [TestSignature.Enveloped, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"] }),
        ["XPath"] = (SamlRejection.SignatureAlgorithm, new() { Transforms = [TestSignature.Enveloped, "http://www.w3.org/TR/1999/REC-xpath-19991116", TestSignature.Exclusive] }),
        ["XSLT"] = (SamlRejection.SignatureAlgorithm, new() { Transforms = ["http://www.w3.org/TR/1999/REC-xslt-19991116", TestSignature.Exclusive] }),
        ["transforms in another order"] = (SamlRejection.SignatureAlgorithm, new() { Transforms = [TestSignature.Exclusive, TestSignature.Enveloped] }),
        ["one transform"] = (SamlRejection.SignatureAlgorithm, new() { Transforms = [TestSignature.Enveloped] }),
        ["no transform"] = (SamlRejection.SignatureAlgorithm, new() { Transforms = [] }),
        ["no reference"] = (SamlRejection.SignatureReference, new() { References = 0 }),
        ["two references"] = (SamlRejection.SignatureReference, new() { References = 2 }),
        ["the whole document"] = (SamlRejection.SignatureReference, new() { Uri = "" }),
        ["another element"] = (SamlRejection.SignatureReference, new() { Uri = "#_r1" }),
        ["nothing"] = (SamlRejection.SignatureReference, new() { Uri = "#" }),
        ["pointer"] = (SamlRejection.SignatureReference, new() { Uri = "#xpointer(id('_a1'))" }),
        ["file"] = (SamlRejection.SignatureReference, new() { Uri = "file:///etc/passwd" }),
        ["address"] = (SamlRejection.SignatureReference, new() { Uri = "http://127.0.0.1/x#_a1" }),
        ["object"] = (SamlRejection.SignatureReference, new() { Tail = Object }),
        ["second key info"] = (SamlRejection.SignatureReference, new() { Tail = "<ds:KeyInfo/>" }),
        ["a key of the attacker's that comes along"] = (SamlRejection.SignatureInvalid, new() { Certificate = TestKeys.Attacker }),
        ["a key that is too short"] = (SamlRejection.SignatureInvalid, new() { Certificate = TestKeys.WeakRsa }),
        ["ECDSA named for an RSA key"] = (SamlRejection.SignatureInvalid, new() { Method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" }),
        ["RSA named for an ECDSA key"] = (SamlRejection.SignatureInvalid, TestSignature.Ecdsa256 with { Method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" }),
    };

    public static TheoryData<string> RefusedNames => [.. Refused.Keys];

    [Theory]
    [MemberData(nameof(RefusedNames))]
    public void Read_RefusedSignature_IsRejected(string name)
    {
        var (reason, signature) = Refused[name];
        var expectations = TestResponse.Expected with { Certificates = [.. TestResponse.Expected.Certificates, TestKeys.WeakRsa] };
        TestResponse.Reject(reason, new TestResponse().Signed(signature), expectations);
        if (name != "another element") TestResponse.Reject(reason, new TestResponse().SignedResponse(signature), expectations);
    }

    /// <summary>One that is right does not help one that is wrong.</summary>
    [Fact]
    public void Read_OneOfTwoSignaturesIsWrong_IsRejected()
    {
        var attacker = new TestSignature { Certificate = TestKeys.Attacker };
        TestResponse.Reject(SamlRejection.SignatureInvalid, attacker.Sign(new TestResponse().Signed(), "Response"));
        TestResponse.Reject(SamlRejection.SignatureInvalid, new TestSignature().Sign(new TestResponse().Signed(attacker), "Response"));
    }

    [Fact]
    public void Read_Unsigned_IsRejected()
    {
        TestResponse.Reject(SamlRejection.Unsigned, new TestResponse().Xml());
        TestResponse.Reject(SamlRejection.Unsigned, new TestEncryption().Encrypt(new TestResponse().Xml()));
    }

    [Theory]
    [InlineData("ada@example.com", "admin@example.com")]
    [InlineData("developers", "administrators")]
    [InlineData("_a1", "_a2")]
    [InlineData("2030-05-06T07:13:09Z", "2039-05-06T07:13:09Z")]
    public void Read_ChangedContent_IsRejected(string from, string to)
    {
        TestResponse.Reject(SamlRejection.SignatureInvalid, new TestResponse().Signed().Replace(from, to, StringComparison.Ordinal));
        TestResponse.Reject(SamlRejection.SignatureInvalid, new TestResponse().SignedResponse().Replace(from, to, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_WrongKey_NamesBothKeys()
    {
        var rejected = Assert.IsType<SamlResult.Rejected>(TestResponse.Read(new TestResponse().Signed(), TestResponse.Expected with { Certificates = [TestKeys.NextRsa] }));
        foreach (var certificate in new[] { TestKeys.Rsa, TestKeys.NextRsa })
            Assert.Contains(certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256), rejected.Detail, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Signed by .NET's own implementation, which shares no code of ours; with prefixes that are declared outside of the assertion.</summary>
    [Theory]
    [InlineData("_a1", null)]
    [InlineData("_a1", "xs")]
    [InlineData("_a1", "#default xs saml")]
    [InlineData("_r1", "xs")]
    public void Read_SignedByAnotherImplementation_IsAccepted(string id, string? prefixes)
    {
        var document = TestSignature.Load(new TestResponse().Xml());
        using var key = System.Security.Cryptography.X509Certificates.RSACertificateExtensions.GetRSAPrivateKey(TestKeys.Rsa);
        var signed = new SignedXml(document) { SigningKey = key };
        var reference = new Reference("#" + id) { DigestMethod = SignedXml.XmlDsigSHA256Url };
        reference.AddTransform(new XmlDsigEnvelopedSignatureTransform());
        reference.AddTransform(prefixes is null ? new XmlDsigExcC14NTransform() : new XmlDsigExcC14NTransform(prefixes));
        signed.SignedInfo!.CanonicalizationMethod = SignedXml.XmlDsigExcC14NTransformUrl;
        signed.SignedInfo.SignatureMethod = SignedXml.XmlDsigRSASHA256Url;
        signed.AddReference(reference);
        signed.ComputeSignature();
        var target = (XmlElement)document.SelectSingleNode($"//*[@ID='{id}']")!;
        target.InsertAfter(signed.GetXml(), target.FirstChild);
        Assert.Equal(["developers", "R&D"], TestResponse.Accept(document.OuterXml).Values("groups"));
        TestResponse.Reject(SamlRejection.SignatureInvalid, document.OuterXml.Replace("ada@", "eve@", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_Encrypted_OnlyInAcceptedWays()
    {
        var xml = new TestResponse().Signed();
        TestResponse.Reject(SamlRejection.EncryptionUnsupported, TestEncryption.Cbc.Encrypt(xml));
        TestResponse.Reject(SamlRejection.EncryptionUnsupported, TestEncryption.Pkcs1.Encrypt(xml));
        TestResponse.Reject(SamlRejection.EncryptionUnsupported, new TestEncryption { KeyParameters = "<xenc:OAEPparams>YQ==</xenc:OAEPparams>" }.Encrypt(xml));
        TestResponse.Reject(SamlRejection.EncryptionUnsupported, new TestEncryption().Encrypt(xml), TestResponse.Expected with { DecryptionCertificates = [] });
        TestResponse.Reject(SamlRejection.DecryptionFailed, new TestEncryption { For = TestKeys.Attacker }.Encrypt(xml));
        TestResponse.Reject(SamlRejection.DecryptionFailed, new TestEncryption { KeyLength = 16 }.Encrypt(xml));
        TestResponse.Accept(new TestEncryption { For = TestKeys.NextRsa }.Encrypt(xml), TestResponse.Expected with { DecryptionCertificates = [TestKeys.Ours, TestKeys.NextRsa] });
        TestResponse.Reject(SamlRejection.SignatureInvalid, new TestEncryption().Encrypt(xml.Replace("ada@", "eve@", StringComparison.Ordinal)));
    }
}
