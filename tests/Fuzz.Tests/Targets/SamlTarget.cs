using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Xml;
using PRTS.Fuzz.Tests.Loop;
using PRTS.Saml;
using PRTS.Saml.Tests;
using static PRTS.Fuzz.Tests.Targets.AllTargets;

namespace PRTS.Fuzz.Tests.Targets;

/// <summary>
/// Responses. The first byte says what the rest is: the whole form; a document; a document that the identity provider signs as it stands, so that
/// what lies behind the signature is reached; one whose assertion it encrypts before.
/// </summary>
internal sealed class SamlTarget : IFuzzTarget
{
    private readonly HashSet<string> signed = [.. Signed.Select(control => Said(SamlResponse.Check(TestResponse.Form(control), TestResponse.Expected))!)];

    public string Name => "SAML";

    public IEnumerable<byte[]> Seeds => With(Name, Signed.Select(xml => Mode(1, Encoding.UTF8.GetBytes(xml)))
        .Prepend(Mode(0, TestResponse.Form(Signed[0]))).Append(Mode(2, Encoding.UTF8.GetBytes(new TestResponse().Xml()))).Append(Mode(3, Encoding.UTF8.GetBytes(new TestResponse().Xml()))));

    public IReadOnlyList<byte[]> Tokens { get; } = AllTargets.Tokens(
        "<samlp:Response", "</samlp:Response>", "<saml:Assertion", "</saml:Assertion>", " ID=\"_a1\"", " ID=\"_r1\"", "<saml:EncryptedAssertion>", "</saml:EncryptedAssertion>", "<saml:Advice>", "<ds:Object>", "<ds:Signature", "<ds:SignedInfo>", "<ds:Reference URI=\"#_a1\">",
        "<ds:Reference URI=\"\">", "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"#default a:b xml xmlns \"/>", "WithComments", "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/04/xmlenc#aes256-cbc", "<!-- -->", "<![CDATA[",
        "]]>", "<?x y?>", "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>", "&x;", "&#0;", "&#x41;", "&lt;", "xmlns:saml=\"urn:x\"", "xmlns=\"\"", "xml:space=\"preserve\"", "admin@example.com", "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "NotBefore=\"", "NotOnOrAfter=\"",
        "SAMLResponse=", "&RelayState=", "%00", "%3C", "+", "=", "\uFEFF", "\0", "é");

    public byte[]? Vary(Random random, byte[] input)
    {
        if (input.Length == 0 || input[0] % 4 == 0) return null;
        try
        {
            var text = Encoding.UTF8.GetString(input.AsSpan(1));
            var changed = input[0] % 4 == 1 && random.Next(4) == 0 ? Mutations.Resign(random, text) : Mutations.Tree(random, text);
            return changed.Length < Mutator.Longest / 2 ? Mode(input[0], Encoding.UTF8.GetBytes(changed)) : null;
        }
        catch (Exception e) when (IsOfTheHarness(e))
        {
            return null;
        }
    }

    public void Run(byte[] input)
    {
        if (input.Length == 0) return;
        if (Form(input[0] % 4, input[1..]) is not { } form) return;
        var result = SamlResponse.Check(form, TestResponse.Expected);
        if (result is SamlResult.Rejected rejected)
            Assert.True(rejected.Detail.Length is >= 10 and < 4000 && !rejected.Detail.Any(char.IsControl), $"The detail is {rejected.Detail.Length} characters: {rejected.Detail}");
        else if (input[0] % 4 < 2)
            Assert.True(signed.Contains(Said(result)!), $"Accepted, although nobody signed it: {Said(result)}");
    }

    private static byte[]? Form(int mode, byte[] rest)
    {
        if (mode < 2) return mode == 0 ? rest : TestResponse.Form(rest);
        try
        {
            var xml = Encoding.UTF8.GetString(rest);
            return TestResponse.Form(TestSignature.Ecdsa256.Sign(mode == 2 ? xml : new TestEncryption().Encrypt(xml), mode == 2 ? "Assertion" : "Response"));
        }
        catch (Exception e) when (IsOfTheHarness(e))
        {
            return null;
        }
    }

    /// <summary>The identity provider signs and encrypts only what is XML, and a response.</summary>
    private static bool IsOfTheHarness(Exception e) => e is XmlException or ArgumentException or InvalidOperationException or NullReferenceException or CryptographicException;

    private static string[] Signed { get; } = [.. Controls.All.Values.Where(control => ReferenceEquals(control.Expectations, TestResponse.Expected)).Select(control => control.Xml)];

    private static string? Said(SamlResult result) => result is SamlResult.Accepted accepted ? JsonSerializer.Serialize(accepted.SignIn) : null;
}
