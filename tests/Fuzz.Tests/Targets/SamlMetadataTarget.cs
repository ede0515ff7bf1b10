using System.Text;
using System.Xml;
using PRTS.Fuzz.Tests.Loop;
using PRTS.Saml;
using PRTS.Saml.Tests;
using static PRTS.Fuzz.Tests.Targets.AllTargets;

namespace PRTS.Fuzz.Tests.Targets;

/// <summary>Metadata of identity providers.</summary>
internal sealed class SamlMetadataTarget : IFuzzTarget
{
    private static readonly FixedTime Clock = new(TestResponse.Now);

    public string Name => "SAML metadata";

    public IEnumerable<byte[]> Seeds => With(Name, new[] { One, $"<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" validUntil=\"2099-01-01T00:00:00Z\">{One}</md:EntitiesDescriptor>" }.Select(Encoding.UTF8.GetBytes));

    public IReadOnlyList<byte[]> Tokens { get; } = AllTargets.Tokens(
        "<md:EntityDescriptor", "<md:IDPSSODescriptor", "<md:SPSSODescriptor", "<md:KeyDescriptor use=\"signing\">", "use=\"encryption\"", "<ds:X509Certificate>", "<md:SingleSignOnService", "Binding=\"", "Location=\"", "javascript:alert(1)", "https://[::1]:1/", "http://a@b/",
        "entityID=\"x\"", "validUntil=\"2001-01-01T00:00:00Z\"", "WantAuthnRequestsSigned=\"1\"", "protocolSupportEnumeration=\"", "<!DOCTYPE x>", "<!-- -->", "<![CDATA[", "]]>", "&#0;", "&#x2028;", "AAAA", "MIIB", "=", "xmlns:md=\"x\"", "\uFEFF", "\0");

    public byte[]? Vary(Random random, byte[] input)
    {
        try
        {
            var changed = Mutations.Tree(random, Encoding.UTF8.GetString(input));
            return changed.Length < Mutator.Longest ? Encoding.UTF8.GetBytes(changed) : null;
        }
        catch (Exception e) when (e is XmlException or ArgumentException or InvalidOperationException or NullReferenceException)
        {
            return null;
        }
    }

    public void Run(byte[] input)
    {
        switch (SamlMetadata.Read(input, Clock))
        {
            case SamlMetadataResult.Refused refused:
                Assert.InRange(refused.Detail.Length, 1, 50_000);
                Assert.DoesNotContain(refused.Detail, char.IsControl);
                break;
            case SamlMetadataResult.Found { IdentityProvider: var provider }:
                Assert.NotEmpty(provider.SigningCertificates);
                Assert.True(provider.RedirectLocation is not null || provider.PostLocation is not null);
                Assert.All(new[] { provider.RedirectLocation, provider.PostLocation }.OfType<string>(), location => Assert.StartsWith("http", location, StringComparison.OrdinalIgnoreCase));
                break;
        }
    }

    private static string One { get; } =
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"https://idp.example.com\" validUntil=\"2099-01-01T00:00:00Z\"><md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">"
        + $"<md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{Convert.ToBase64String(TestKeys.P256.RawData)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>"
        + "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://idp.example.com/post\"/><md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/redirect\"/></md:IDPSSODescriptor></md:EntityDescriptor>";
}
