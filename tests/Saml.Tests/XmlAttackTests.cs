using System.Text;

namespace PRTS.Saml.Tests;

/// <summary>Documents that attack their reader.</summary>
public sealed class XmlAttackTests
{
    private static readonly string Valid = new TestResponse().Signed();

    private static readonly Dictionary<string, (SamlRejection Reason, Func<byte[]> Document)> Attacks = new(StringComparer.Ordinal)
    {
        ["external entity"] = (SamlRejection.Xml, () => Text($"<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{Valid.Replace("ada@example.com", "&x;", StringComparison.Ordinal)}")),
        ["external parameter entity"] = (SamlRejection.Xml, () => Text($"<!DOCTYPE r [<!ENTITY % x SYSTEM \"http://127.0.0.1:9/x.dtd\"> %x;]>{Valid}")),
        ["external document type"] = (SamlRejection.Xml, () => Text($"<!DOCTYPE r SYSTEM \"http://127.0.0.1:9/x.dtd\">{Valid}")),
        ["empty document type"] = (SamlRejection.Xml, () => Text($"<!DOCTYPE r>{Valid}")),
        ["default attribute"] = (SamlRejection.Xml, () => Text($"<!DOCTYPE r [<!ATTLIST saml:NameID Format CDATA \"x\">]>{Valid}")),
        ["billion laughs"] = (SamlRejection.Xml, () => Text("<!DOCTYPE r [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><r>&c;</r>")),
        ["undeclared entity"] = (SamlRejection.Xml, () => Text(Valid.Replace("ada@example.com", "&ada;", StringComparison.Ordinal))),
        ["processing instruction"] = (SamlRejection.Xml, () => Text(Valid.Replace("ada@example.com", "ada@example.com<?x y?>.evil.com", StringComparison.Ordinal))),
        ["style sheet"] = (SamlRejection.Xml, () => Text($"<?xml-stylesheet href=\"http://127.0.0.1:9/x.xsl\"?>{Valid}")),
        ["too deep"] = (SamlRejection.Xml, () => Text(Valid.Replace("<samlp:Status>", $"<samlp:Extensions>{string.Concat(Enumerable.Repeat("<x>", 20_000))}{string.Concat(Enumerable.Repeat("</x>", 20_000))}</samlp:Extensions><samlp:Status>", StringComparison.Ordinal))),
        ["too many attributes"] = (SamlRejection.Xml, () => Text(Valid.Replace("<samlp:Status>", $"<samlp:Status {string.Join(' ', Enumerable.Range(0, 5000).Select(i => $"a{i}=''"))}>", StringComparison.Ordinal))),
        ["too many elements"] = (SamlRejection.Xml, () => Text(Valid.Replace("<samlp:Status>", $"{Many(30_001)}<samlp:Status>", StringComparison.Ordinal))),
        ["many elements before the signature"] = (SamlRejection.SignatureInvalid, () => Text(new TestResponse().SignedResponse().Replace("<ds:Signature ", $"{Many(29_000)}<ds:Signature ", StringComparison.Ordinal))),
        ["many elements in the signature"] = (SamlRejection.SignatureReference, () => Text(Valid.Replace("</ds:SignedInfo>", $"{Many(29_000)}</ds:SignedInfo>", StringComparison.Ordinal))),
        ["very many prefixes"] = (SamlRejection.SignatureReference, () => Text(Valid.Replace("</ds:CanonicalizationMethod>", $"<ec:InclusiveNamespaces xmlns:ec=\"{TestSignature.Exclusive}\" PrefixList=\"{string.Join(' ', Enumerable.Range(0, 100_000))}\"/></ds:CanonicalizationMethod>", StringComparison.Ordinal))),
        ["too long"] = (SamlRejection.TooLarge, () => Text(Valid + new string(' ', 1 << 20))),
        ["UTF-16"] = (SamlRejection.Xml, () => [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(Valid)]),
        ["UTF-7"] = (SamlRejection.Xml, () => Text("+ADw-x+AD4-")),
        ["overlong UTF-8"] = (SamlRejection.Xml, () => [0xC0, 0xBC, .. Text(Valid)]),
        ["null"] = (SamlRejection.Xml, () => Text(Valid.Replace("ada@", "ada\0@", StringComparison.Ordinal))),
        ["reference to null"] = (SamlRejection.Xml, () => Text(Valid.Replace("ada@", "ada&#0;@", StringComparison.Ordinal))),
        ["two roots"] = (SamlRejection.Xml, () => Text(Valid + Valid)),
        ["unbound prefix"] = (SamlRejection.Xml, () => Text(Valid.Replace("<samlp:Status>", "<x:y/><samlp:Status>", StringComparison.Ordinal))),
        ["attribute twice"] = (SamlRejection.Xml, () => Text(Valid.Replace("ID=\"_a1\"", "ID=\"_a1\" ID=\"_a2\"", StringComparison.Ordinal))),
        ["attribute twice under two prefixes"] = (SamlRejection.Xml, () => Text(Valid.Replace("ID=\"_a1\"", "xmlns:p=\"u\" xmlns:q=\"u\" p:x=\"\" q:x=\"\" ID=\"_a1\"", StringComparison.Ordinal))),
        ["identifier twice"] = (SamlRejection.DuplicateId, () => Text(Valid.Replace("<samlp:Status>", "<samlp:Status ID=\"_a1\">", StringComparison.Ordinal))),
        ["identifier twice, in another spelling"] = (SamlRejection.DuplicateId, () => Text(Valid.Replace("<samlp:Status>", "<samlp:Status xml:id=\"_a1\">", StringComparison.Ordinal))),
        ["inclusion"] = (SamlRejection.SignatureInvalid, () => Text(Valid.Replace("ada@example.com", "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\" parse=\"text\"/>", StringComparison.Ordinal))),
        ["request"] = (SamlRejection.Structure, () => Text("<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>")),
        ["bare assertion"] = (SamlRejection.Structure, () => Text("<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>")),
        ["response of another namespace"] = (SamlRejection.Structure, () => Text(Valid.Replace("SAML:2.0:protocol", "SAML:1.0:protocol", StringComparison.Ordinal))),
        ["no assertion"] = (SamlRejection.Structure, () => Text($"<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"><samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status></samlp:Response>")),
    };

    public static TheoryData<string> Names => [.. Attacks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_Attack_IsRejected(string name)
    {
        var (reason, document) = Attacks[name];
        var rejected = Assert.IsType<SamlResult.Rejected>(SamlResponse.Check(TestResponse.Form(document()), TestResponse.Expected));
        Assert.True(rejected.Reason == reason, $"{rejected.Reason} instead of {reason}: {rejected.Detail}");
        Assert.DoesNotContain("root:", rejected.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(rejected.Detail, char.IsControl);
    }

    [Fact]
    public void Read_LongForm_IsRejected() =>
        Assert.Equal(SamlRejection.TooLarge, Assert.IsType<SamlResult.Rejected>(SamlResponse.Check(new byte[(2 << 20) + 1], TestResponse.Expected)).Reason);

    private static string Many(int elements) => string.Concat(Enumerable.Repeat("<a/>", elements));

    private static byte[] Text(string xml) => Encoding.UTF8.GetBytes(xml);
}
