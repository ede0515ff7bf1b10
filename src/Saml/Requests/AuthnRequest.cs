using System.IO.Compression;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using PRTS.Saml.Requests;
using PRTS.Saml.Xml;

namespace PRTS.Saml;

/// <summary>Asks an identity provider to sign somebody in (core 3.4.1), by a redirect or by a form that the browser posts.</summary>
public sealed record AuthnRequest
{
    private const string RsaSha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

    /// <summary>Random, 160 bits. Remember it for this browser: it is what the response's InResponseTo must be.</summary>
    public string Id { get; init; } = $"_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20))}";

    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>The identity provider's address for the binding that is used; absolute.</summary>
    public required string Destination { get; init; }

    /// <summary>Our entity id.</summary>
    public required string Issuer { get; init; }

    /// <summary>Where the response shall be posted to; absolute.</summary>
    public required string AssertionConsumerUrl { get; init; }

    /// <summary>The wanted form of the subject's name (a URI); null leaves it to the identity provider.</summary>
    public string? NameIdFormat { get; init; }

    /// <summary>Whether the subject shall prove anew who it is although it has a session there.</summary>
    public bool ForceAuthn { get; init; }

    /// <summary>The request as XML, without a signature.</summary>
    public string ToXml()
    {
        var text = new StringBuilder();
        using (var writer = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true }))
        {
            writer.WriteStartElement("samlp", "AuthnRequest", SamlNames.Protocol);
            writer.WriteAttributeString("ID", Id);
            writer.WriteAttributeString("Version", "2.0");
            writer.WriteAttributeString("IssueInstant", SamlTime.Write(IssuedAt));
            writer.WriteAttributeString("Destination", Destination);
            writer.WriteAttributeString("AssertionConsumerServiceURL", AssertionConsumerUrl);
            writer.WriteAttributeString("ProtocolBinding", SamlNames.PostBinding);
            if (ForceAuthn) writer.WriteAttributeString("ForceAuthn", "true");
            writer.WriteElementString("saml", "Issuer", SamlNames.Assertion, Issuer);
            writer.WriteStartElement("samlp", "NameIDPolicy", SamlNames.Protocol);
            if (NameIdFormat is not null) writer.WriteAttributeString("Format", NameIdFormat);
            writer.WriteAttributeString("AllowCreate", "true");
            writer.WriteEndElement();
            writer.WriteEndElement();
        }

        return text.ToString();
    }

    /// <summary>The address to redirect the browser to (HTTP-Redirect binding).</summary>
    /// <param name="signing">Ours, with a private RSA key: signs the query with RSA-SHA256. Null for no signature.</param>
    public string RedirectUrl(string? relayState = null, X509Certificate2? signing = null)
    {
        var query = $"SAMLRequest={Uri.EscapeDataString(Convert.ToBase64String(Deflate(ToXml())))}";
        if (relayState is not null) query += $"&RelayState={Uri.EscapeDataString(relayState)}";
        if (signing is not null)
        {
            query += $"&SigAlg={Uri.EscapeDataString(RsaSha256)}";
            using var key = RequestSignature.KeyOf(signing);
            query += $"&Signature={Uri.EscapeDataString(Convert.ToBase64String(key.SignData(Encoding.ASCII.GetBytes(query), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)))}";
        }

        return $"{Destination}{(Destination.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}";
    }

    /// <summary>The form that the browser shall post (HTTP-POST binding).</summary>
    /// <param name="signing">Ours, with a private RSA key: signs the document with RSA-SHA256. Null for no signature.</param>
    public SamlPost PostForm(string? relayState = null, X509Certificate2? signing = null)
    {
        var xml = signing is null ? ToXml() : RequestSignature.Sign(ToXml(), Id, signing);
        var fields = new List<KeyValuePair<string, string>> { new("SAMLRequest", Convert.ToBase64String(Encoding.UTF8.GetBytes(xml))) };
        if (relayState is not null) fields.Add(new("RelayState", relayState));
        return new SamlPost(Destination, fields);
    }

    private static byte[] Deflate(string text)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.SmallestSize, leaveOpen: true)) deflate.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }
}

/// <summary>A form for the browser to post by itself.</summary>
/// <param name="Action">The absolute address.</param>
/// <param name="Fields">Hidden fields, not escaped.</param>
public sealed record SamlPost(string Action, IReadOnlyList<KeyValuePair<string, string>> Fields);
