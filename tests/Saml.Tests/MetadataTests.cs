using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PRTS.Saml.Tests;

public sealed class MetadataTests
{
    private static readonly FixedTime Clock = new(TestResponse.Now);

    [Fact]
    public void Read_IdentityProvider_IsFound()
    {
        var provider = Found(Entity(TestResponse.Idp, Key(TestKeys.Rsa, " use=\"signing\"") + Key(TestKeys.NextRsa, "") + Key(TestKeys.P256, " use=\"encryption\"") + Key(TestKeys.WeakRsa, " use=\"signing\""),
            " validUntil=\"2030-05-07T00:00:00Z\"", " WantAuthnRequestsSigned=\"true\" validUntil=\"2030-06-01T00:00:00Z\""));
        Assert.Equal(TestResponse.Idp, provider.EntityId);
        Assert.Equal("https://idp.example.com/redirect", provider.RedirectLocation);
        Assert.Equal("https://idp.example.com/post", provider.PostLocation);
        Assert.Equal([TestKeys.Rsa.RawData, TestKeys.NextRsa.RawData], provider.SigningCertificates.Select(certificate => certificate.RawData));
        Assert.Contains("1024 bits", Assert.Single(provider.UntrustedCertificates), StringComparison.Ordinal);
        Assert.True(provider.WantsSignedRequests);
        Assert.Equal(["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"], provider.NameIdFormats);
        Assert.Equal(new DateTimeOffset(2030, 5, 7, 0, 0, 0, TimeSpan.Zero), provider.ValidUntil);
        TestResponse.Accept(new TestResponse().Signed(TestSignature.Next), TestResponse.Expected with { Certificates = provider.SigningCertificates });
    }

    [Fact]
    public void Read_SeveralProviders_OneMustBeChosen()
    {
        var all = $"<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{Entity("urn:a", Key(TestKeys.Rsa, ""))}{Entity("urn:b", Key(TestKeys.P256, ""))}</md:EntitiesDescriptor>";
        Assert.Contains("'urn:a', 'urn:b'", Refused(all), StringComparison.Ordinal);
        Assert.Equal("urn:b", Assert.IsType<SamlMetadataResult.Found>(SamlMetadata.Read(Encoding.UTF8.GetBytes(all), Clock, "urn:b")).IdentityProvider.EntityId);
        Assert.IsType<SamlMetadataResult.Refused>(SamlMetadata.Read(Encoding.UTF8.GetBytes(all), Clock, "urn:c"));
        var over = $"<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" validUntil=\"2030-05-06T07:08:09Z\">{Entity("urn:a", Key(TestKeys.Rsa, ""))}</md:EntitiesDescriptor>";
        Assert.Contains("were valid until", Refused(over), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<x/>")]
    [InlineData("<!DOCTYPE x><x/>")]
    [InlineData("<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"x\"><md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"/></md:EntityDescriptor>")]
    [InlineData("<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"x\"><md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol\"/></md:EntityDescriptor>")]
    public void Read_OtherDocument_IsRefused(string text) => Assert.NotEmpty(Refused(text));

    [Fact]
    public void Read_UnusableProvider_IsRefused()
    {
        Assert.Contains("entity id", Refused(Entity("", Key(TestKeys.Rsa, ""))), StringComparison.Ordinal);
        Assert.Contains("no signing certificate", Refused(Entity("urn:a", "")), StringComparison.Ordinal);
        Assert.Contains("1024 bits", Refused(Entity("urn:a", Key(TestKeys.WeakRsa, ""))), StringComparison.Ordinal);
        Assert.Contains("cannot be read", Refused(Entity("urn:a", Key(TestKeys.Rsa, "")).Replace("<ds:X509Certificate>M", "<ds:X509Certificate>A", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("no moment", Refused(Entity("urn:a", Key(TestKeys.Rsa, ""), " validUntil=\"tomorrow\"")), StringComparison.Ordinal);
        Assert.Contains("were valid until", Refused(Entity("urn:a", Key(TestKeys.Rsa, ""), " validUntil=\"2030-05-06T07:08:09Z\"")), StringComparison.Ordinal);
        Assert.Contains("no http or https address", Refused(Entity("urn:a", Key(TestKeys.Rsa, "")).Replace("https://idp.example.com/", "javascript:alert(1)//", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("no http or https address", Refused(Entity("urn:a", Key(TestKeys.Rsa, "")).Replace("idp.example.com/", "idp.example.com/&#10;", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ServiceProvider_SaysWhatWeAre()
    {
        var xml = SamlMetadata.Write(new SamlServiceProvider
        {
            EntityId = TestResponse.Sp,
            AssertionConsumerUrl = TestResponse.Acs,
            SigningCertificates = [TestKeys.Ours],
            EncryptionCertificates = [TestKeys.Ours],
            NameIdFormats = ["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"],
        });
        var root = TestSignature.Load(xml).DocumentElement!;
        Assert.Equal(TestResponse.Sp, root.GetAttribute("entityID"));
        string Text(string path) => root.SelectSingleNode(path)!.InnerText;
        Assert.Equal("true", Text("*[local-name()='SPSSODescriptor']/@AuthnRequestsSigned"));
        Assert.Equal("true", Text("*[local-name()='SPSSODescriptor']/@WantAssertionsSigned"));
        Assert.Equal(TestResponse.Acs, Text("*/*[local-name()='AssertionConsumerService' and @isDefault='true' and @Binding='urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST']/@Location"));
        Assert.Equal(Convert.ToBase64String(TestKeys.Ours.RawData), Text("*/*[local-name()='KeyDescriptor' and @use='signing']//*[local-name()='X509Certificate']"));
        Assert.Equal(Convert.ToBase64String(TestKeys.Ours.RawData), Text("*/*[local-name()='KeyDescriptor' and @use='encryption']//*[local-name()='X509Certificate']"));
        Assert.Equal(["KeyDescriptor", "KeyDescriptor", "NameIDFormat", "AssertionConsumerService"],
            root.SelectNodes("*/*")!.OfType<System.Xml.XmlElement>().Select(element => element.LocalName));
    }

    private static SamlIdentityProvider Found(string xml) => Assert.IsType<SamlMetadataResult.Found>(SamlMetadata.Read(Encoding.UTF8.GetBytes(xml), Clock)).IdentityProvider;

    private static string Refused(string xml) => Assert.IsType<SamlMetadataResult.Refused>(SamlMetadata.Read(Encoding.UTF8.GetBytes(xml), Clock)).Detail;

    private static string Key(X509Certificate2 certificate, string use) =>
        $"<md:KeyDescriptor{use}><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{Convert.ToBase64String(certificate.RawData)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>";

    private static string Entity(string id, string keys, string more = "", string moreOfRole = "") =>
        $"<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{id}\"{more}><md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol\"{moreOfRole}>{keys}"
        + "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>"
        + "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/redirect\"/>"
        + "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://idp.example.com/post\"/></md:IDPSSODescriptor></md:EntityDescriptor>";
}
