namespace PRTS.Saml.Tests;

/// <summary>Responses that are accepted: all ways in which identity providers sign and encrypt.</summary>
internal static class Controls
{
    public sealed record Control(string Xml, SamlExpectations Expectations);

    public static Dictionary<string, Control> All { get; } = new(StringComparer.Ordinal)
    {
        ["assertion, RSA-SHA256"] = Of(new TestResponse().Signed()),
        ["response, RSA-SHA256"] = Of(new TestResponse().SignedResponse()),
        ["both, RSA-SHA256"] = Of(new TestResponse().SignedTwice()),
        ["assertion, RSA-SHA512"] = Of(new TestResponse().Signed(TestSignature.Rsa512)),
        ["response, RSA-PSS"] = Of(new TestResponse().SignedResponse(TestSignature.Pss)),
        ["assertion, ECDSA P-256"] = Of(new TestResponse().Signed(TestSignature.Ecdsa256)),
        ["both, ECDSA P-384"] = Of(new TestResponse().SignedTwice(TestSignature.Ecdsa384)),
        ["assertion, next key"] = Of(new TestResponse().Signed(TestSignature.Next)),
        ["assertion, no key info"] = Of(new TestResponse().Signed(new TestSignature { KeyInfo = false })),
        ["unsolicited"] = Of(new TestResponse { Answers = null, AssertionAnswers = null }.Signed(), TestResponse.Expected with { AllowUnsolicited = true }),
        ["signed, then encrypted"] = Of(new TestEncryption().Encrypt(new TestResponse().Signed())),
        ["signed, then encrypted, OAEP with SHA-256"] = Of(TestEncryption.Oaep256.Encrypt(new TestResponse().Signed())),
        ["encrypted, then signed"] = Of(new TestSignature().Sign(new TestEncryption().Encrypt(new TestResponse().Xml()), "Response")),
        ["signed, encrypted, signed"] = Of(new TestSignature().Sign(new TestEncryption().Encrypt(new TestResponse().Signed()), "Response")),
        ["indented"] = Of(new TestSignature().Sign(new TestResponse().Xml().Replace("><", ">\n  <", StringComparison.Ordinal).Replace("<saml:NameID", "<!-- who -->\r\n<saml:NameID", StringComparison.Ordinal), "Assertion")),
        ["one-time use, proxy restriction"] = Of(new TestResponse { Conditions = TestResponse.Audience("https://x.example.com", $" {TestResponse.Sp}\n") + "<saml:OneTimeUse/><saml:ProxyRestriction Count=\"0\"/>" }.Signed()),
        ["declaration and byte order mark"] = Of("\uFEFF<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + new TestResponse().Signed()),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    private static Control Of(string xml, SamlExpectations? expectations = null) => new(xml, expectations ?? TestResponse.Expected);
}
