using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using CsCheck;

namespace PRTS.Saml.Tests;

/// <summary>Thousands of changed responses: what is accepted says exactly what the identity provider signed.</summary>
public sealed class MutationTests
{
    private const int Inputs = 12_000;

    private static readonly string[] Tokens =
    [
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" ID=\"_r1\" Version=\"2.0\">", "</samlp:Response>",
        "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>", "<saml:Assertion ID=\"_a1\">", "</saml:Assertion>", "<saml:EncryptedAssertion>", "</saml:EncryptedAssertion>",
        "<ds:Signature>", "</ds:Signature>", "<ds:SignedInfo>", "</ds:SignedInfo>", "<ds:SignatureValue/>", "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
        "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>", "<ds:Reference URI=\"#_a1\">", "</ds:Reference>", "<ds:Transforms/>", "<ds:DigestMethod/>", "<ds:DigestValue/>", "<x xmlns=\"\">", "</x>", "text", "&amp;", "&", "<", "\0", "\uD800", "<!---->", "]]>",
        "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"#default a:b  xml xmlns \"/>", "xmlns:a=\"a\"", "=\"\"", "<xml:x/>", "<a xmlns:xml=\"x\"/>",
    ];

    [Fact]
    public void Read_MutatedResponses_NeverSayWhatWasNotSigned()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var controls = Controls.All.Values.Append(new(new TestResponse { NameId = "<saml:NameID>ada@example.com.evil.com</saml:NameID>" }.SignedTwice(), TestResponse.Expected)).ToList();
        var said = controls.Select(control => Said(SamlResponse.Check(TestResponse.Form(control.Xml), control.Expectations))).ToList();
        Assert.All(said, Assert.NotNull);

        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var tried = 0; tried < Inputs;)
        {
            var which = random.Next(controls.Count);
            var original = TestResponse.Form(controls[which].Xml);
            var form = Mutate(random, controls[which].Xml, out var kind);
            if (form.AsSpan().SequenceEqual(original)) continue;
            tried++;
            var result = SamlResponse.Check(form, controls[which].Expectations);
            var now = Said(result);
            Assert.True(now is null || now == said[which], $"seed {seed}, input {tried}, {kind}: accepted {now}\nof {Encoding.UTF8.GetString(form)}");
            var outcome = result is SamlResult.Rejected rejected ? rejected.Reason.ToString() : "accepted with unchanged content";
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"counted: SAML, {Inputs} mutated responses (seed {seed}): 0 accepted with other than the signed content, 0 exceptions; {controls.Count} of {controls.Count} valid controls accepted; {string.Join(", ", outcomes.Select(outcome => $"{outcome.Key} {outcome.Value}"))}"));
        Assert.True(outcomes.Count > 10, "The mutations reach few of the checks.");
    }

    [Fact]
    public void Read_AnyForm_Answers() => Gen.Byte.Array[0, 400].Sample(bytes => Rejected(SamlResponse.Check(bytes, TestResponse.Expected)), iter: 3000);

    [Fact]
    public void Read_AnyDocument_Answers() => Gen.Byte.Array[0, 400].Sample(bytes => Rejected(SamlResponse.Check(TestResponse.Form(bytes), TestResponse.Expected)), iter: 3000);

    [Fact]
    public void Read_AnyTokens_Answers() => Gen.Int[0, Tokens.Length - 1].Select(i => Tokens[i]).Array[0, 30]
        .Sample(tokens => Rejected(TestResponse.Read(Tokens[0] + Tokens[2] + string.Concat(tokens) + Tokens[1])), iter: 5000);

    [Fact]
    public void ReadMetadata_Any_Answers()
    {
        Gen.Byte.Array[0, 400].Sample(bytes => Assert.IsType<SamlMetadataResult.Refused>(SamlMetadata.Read(bytes, TimeProvider.System)), iter: 1000);
        var random = new Random(1);
        var valid = "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"x\" validUntil=\"2099-01-01T00:00:00Z\"><md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">"
            + $"<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{Convert.ToBase64String(TestKeys.Rsa.RawData)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://idp.example.com/post\"/></md:IDPSSODescriptor></md:EntityDescriptor>";
        var found = 0;
        for (var count = 0; count < 3000; count++)
        {
            var result = SamlMetadata.Read(Mutations.Bytes(random, Encoding.UTF8.GetBytes(valid)), TimeProvider.System);
            if (result is SamlMetadataResult.Found) found++;
            else Assert.NotEmpty(((SamlMetadataResult.Refused)result).Detail);
        }

        Assert.InRange(found, 1, 2999);
    }

    private static byte[] Mutate(Random random, string xml, out string kind)
    {
        (kind, var form) = random.Next(10) switch
        {
            0 or 1 or 2 or 3 => ("tree", TestResponse.Form(Mutations.Tree(random, xml))),
            4 => ("signed by the attacker", TestResponse.Form(Mutations.Resign(random, xml))),
            5 => ("encrypted", TestResponse.Form(Encrypted(Mutations.Tree(random, xml)))),
            6 => ("text", TestResponse.Form(Mutations.Text(random, xml))),
            7 => ("bytes", TestResponse.Form(Mutations.Bytes(random, Encoding.UTF8.GetBytes(xml)))),
            8 => ("base64", Encoding.ASCII.GetBytes("SAMLResponse=" + WebUtility.UrlEncode(Encoding.Latin1.GetString(Mutations.Bytes(random, Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(xml)))))))),
            _ => ("form", Mutations.Bytes(random, TestResponse.Form(xml))),
        };
        return form;
    }

    private static string Encrypted(string xml) =>
        TestSignature.Load(xml).SelectSingleNode("//*[local-name()='Assertion']") is { ParentNode: System.Xml.XmlElement } ? new TestEncryption().Encrypt(xml) : xml;

    private static string? Said(SamlResult result) => result is SamlResult.Accepted accepted ? JsonSerializer.Serialize(accepted.SignIn) : null;

    private static void Rejected(SamlResult result) => Assert.NotEmpty(Assert.IsType<SamlResult.Rejected>(result).Detail);
}
