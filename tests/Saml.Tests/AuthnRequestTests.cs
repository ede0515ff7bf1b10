using System.IO.Compression;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Xml;

namespace PRTS.Saml.Tests;

public sealed class AuthnRequestTests
{
    private static readonly AuthnRequest Request = new()
    {
        IssuedAt = TestResponse.Now,
        Destination = "https://idp.example.com/sso",
        Issuer = TestResponse.Sp,
        AssertionConsumerUrl = TestResponse.Acs,
        NameIdFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        ForceAuthn = true,
    };

    [Fact]
    public void RedirectUrl_Query_CarriesTheRequest()
    {
        var url = Request.RedirectUrl("/a b&c");
        Assert.StartsWith("https://idp.example.com/sso?SAMLRequest=", url, StringComparison.Ordinal);
        var query = Query(url);
        Assert.Equal("/a b&c", query["RelayState"]);
        Assert.Equal(["SAMLRequest", "RelayState"], query.Keys);
        AssertRequest(Inflate(query["SAMLRequest"]));
        Assert.StartsWith("https://idp.example.com/sso?tenant=1&SAMLRequest=", (Request with { Destination = "https://idp.example.com/sso?tenant=1" }).RedirectUrl(), StringComparison.Ordinal);
    }

    [Fact]
    public void RedirectUrl_Signed_CoversTheQueryAsItIsSent()
    {
        var url = Request.RedirectUrl("/a b&c", TestKeys.Ours);
        var query = Query(url);
        Assert.Equal(["SAMLRequest", "RelayState", "SigAlg", "Signature"], query.Keys);
        Assert.Equal("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", query["SigAlg"]);
        var signed = url[(url.IndexOf('?', StringComparison.Ordinal) + 1)..url.IndexOf("&Signature=", StringComparison.Ordinal)];
        using var key = TestKeys.Ours.GetRSAPublicKey()!;
        Assert.True(key.VerifyData(Encoding.ASCII.GetBytes(signed), Convert.FromBase64String(query["Signature"]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        Assert.Throws<ArgumentException>(() => Request.RedirectUrl(null, TestKeys.P256));
    }

    [Fact]
    public void PostForm_Fields_CarryTheRequest()
    {
        var post = Request.PostForm("/builds");
        Assert.Equal("https://idp.example.com/sso", post.Action);
        Assert.Equal(["SAMLRequest", "RelayState"], post.Fields.Select(field => field.Key));
        AssertRequest(Encoding.UTF8.GetString(Convert.FromBase64String(post.Fields[0].Value)));
    }

    [Fact]
    public void PostForm_Signed_CoversTheDocument()
    {
        var document = TestSignature.Load(Encoding.UTF8.GetString(Convert.FromBase64String(Assert.Single(Request.PostForm(null, TestKeys.Ours).Fields).Value)));
        Assert.Equal(["Issuer", "Signature", "NameIDPolicy"], document.DocumentElement!.ChildNodes.OfType<XmlElement>().Select(element => element.LocalName));
        var signed = new SignedXml(document);
        signed.LoadXml((XmlElement)document.GetElementsByTagName("Signature")[0]!);
        using var key = TestKeys.Ours.GetRSAPublicKey()!;
        Assert.True(signed.CheckSignature(key));
        Assert.Equal("#" + Request.Id, ((Reference)Assert.Single(signed.SignedInfo!.References.Cast<object>())).Uri);
    }

    [Fact]
    public void Id_EachRequest_HasItsOwn()
    {
        var ids = Enumerable.Range(0, 1000).Select(_ => new AuthnRequest { IssuedAt = Request.IssuedAt, Destination = "", Issuer = "", AssertionConsumerUrl = "" }.Id).ToList();
        Assert.Equal(1000, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.All(ids, id => Assert.Matches("^_[0-9a-f]{40}$", id));
    }

    private static void AssertRequest(string xml)
    {
        var root = TestSignature.Load(xml).DocumentElement!;
        Assert.Equal(("AuthnRequest", "urn:oasis:names:tc:SAML:2.0:protocol"), (root.LocalName, root.NamespaceURI));
        Assert.Equal(
            (Request.Id, "2.0", "2030-05-06T07:08:09.000Z", "https://idp.example.com/sso", TestResponse.Acs, "true"),
            (root.GetAttribute("ID"), root.GetAttribute("Version"), root.GetAttribute("IssueInstant"), root.GetAttribute("Destination"), root.GetAttribute("AssertionConsumerServiceURL"), root.GetAttribute("ForceAuthn")));
        Assert.Equal(TestResponse.Sp, root.FirstChild!.InnerText);
        Assert.Equal(Request.NameIdFormat, ((XmlElement)root.LastChild!).GetAttribute("Format"));
    }

    private static Dictionary<string, string> Query(string url) => url[(url.IndexOf('?', StringComparison.Ordinal) + 1)..].Split('&')
        .Select(field => field.Split('=', 2)).ToDictionary(field => field[0], field => Uri.UnescapeDataString(field[1]), StringComparer.Ordinal);

    private static string Inflate(string text)
    {
        using var inflate = new DeflateStream(new MemoryStream(Convert.FromBase64String(text)), CompressionMode.Decompress);
        using var reader = new StreamReader(inflate, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
