using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using PRTS.Saml.Signatures;
using PRTS.Saml.Xml;

namespace PRTS.Saml;

/// <summary>
/// Reads an identity provider's metadata and writes ours (SAML 2.0 metadata). Signatures of metadata are not looked at: whoever configures a provider trusts where the
/// file came from.
/// </summary>
public static class SamlMetadata
{
    /// <param name="metadata">At most 1 MiB.</param>
    /// <param name="entityId">Which entity is meant; needed when the metadata describe several identity providers.</param>
    public static SamlMetadataResult Read(ReadOnlySpan<byte> metadata, TimeProvider clock, string? entityId = null)
    {
        if (SafeXml.Load(metadata, out var problem) is not { DocumentElement: { } root }) return Refused($"The metadata {problem}.");
        var entities = root.SelfAndDescendants().Where(element => element.Is(SamlNames.Metadata, "EntityDescriptor") && RoleOf(element) is not null).ToList();
        if (entityId is not null) entities.RemoveAll(entity => !string.Equals(entity.Attribute("entityID"), entityId, StringComparison.Ordinal));
        if (entities.Count == 0) return Refused($"The metadata describe no SAML 2.0 identity provider{(entityId is null ? "" : $" {Plain.Quote(entityId)}")}.");
        if (entities.Count > 1)
            return Refused($"The metadata describe several identity providers, of which one must be chosen: {string.Join(", ", entities.Take(20).Select(entity => Plain.Quote(entity.Attribute("entityID"))))}.");
        return Read(entities[0], RoleOf(entities[0])!, clock.GetUtcNow());
    }

    /// <summary>Our metadata, to be given to the identity provider.</summary>
    public static string Write(SamlServiceProvider provider)
    {
        using var bytes = new MemoryStream();
        using (var writer = XmlWriter.Create(bytes, new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) }))
        {
            writer.WriteStartElement("md", "EntityDescriptor", SamlNames.Metadata);
            writer.WriteAttributeString("entityID", provider.EntityId);
            writer.WriteStartElement("md", "SPSSODescriptor", SamlNames.Metadata);
            writer.WriteAttributeString("AuthnRequestsSigned", provider.SigningCertificates.Count > 0 ? "true" : "false");
            writer.WriteAttributeString("WantAssertionsSigned", "true");
            writer.WriteAttributeString("protocolSupportEnumeration", SamlNames.Protocol);
            foreach (var certificate in provider.SigningCertificates) WriteKey(writer, "signing", certificate);
            foreach (var certificate in provider.EncryptionCertificates) WriteKey(writer, "encryption", certificate);
            foreach (var format in provider.NameIdFormats) writer.WriteElementString("md", "NameIDFormat", SamlNames.Metadata, format);
            writer.WriteStartElement("md", "AssertionConsumerService", SamlNames.Metadata);
            writer.WriteAttributeString("Binding", SamlNames.PostBinding);
            writer.WriteAttributeString("Location", provider.AssertionConsumerUrl);
            writer.WriteAttributeString("index", "0");
            writer.WriteAttributeString("isDefault", "true");
            writer.WriteEndElement();
            writer.WriteEndElement();
            writer.WriteEndElement();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static SamlMetadataResult.Refused Refused(string detail) => new(detail);

    private static SamlMetadataResult Read(XmlElement entity, XmlElement role, DateTimeOffset now)
    {
        if (entity.Attribute("entityID") is not { Length: > 0 and <= 1024 } id) return Refused("The identity provider has no entity id, or one of more than 1024 characters.");
        DateTimeOffset? validUntil = null;
        for (var element = role; element is not null; element = element.ParentNode as XmlElement)
        {
            if (element.Attribute("validUntil") is not { } text) continue;
            if (SamlTime.Read(text) is not { } until) return Refused($"The metadata are valid until {Plain.Quote(text)}, which is no moment in UTC.");
            if (validUntil is null || until < validUntil) validUntil = until;
        }

        if (validUntil <= now) return Refused($"The metadata were valid until {SamlTime.Write(validUntil.Value)}.");
        var redirect = LocationOf(role, SamlNames.RedirectBinding);
        var post = LocationOf(role, SamlNames.PostBinding);
        if (redirect is null && post is null) return Refused("The identity provider has no http or https address for a redirect or a form.");
        var (certificates, untrusted) = Certificates(role);
        if (certificates.Count == 0)
            return Refused($"The identity provider has no signing certificate whose key is trusted{(untrusted.Count == 0 ? "" : $": {string.Join("; ", untrusted)}")}.");
        return new SamlMetadataResult.Found(new SamlIdentityProvider
        {
            EntityId = id,
            RedirectLocation = redirect,
            PostLocation = post,
            SigningCertificates = certificates,
            UntrustedCertificates = untrusted,
            WantsSignedRequests = role.Attribute("WantAuthnRequestsSigned") is "true" or "1",
            NameIdFormats = [.. role.Children(SamlNames.Metadata, "NameIDFormat").Select(format => format.Trimmed())],
            ValidUntil = validUntil,
        });
    }

    private static XmlElement? RoleOf(XmlElement entity) => entity.Children(SamlNames.Metadata, "IDPSSODescriptor")
        .FirstOrDefault(role => role.Attribute("protocolSupportEnumeration")?.Split(' ', '\t', '\n').Contains(SamlNames.Protocol, StringComparer.Ordinal) ?? false);

    /// <summary>Browsers are sent there, so it must be an address of the web and not, say, a script.</summary>
    private static string? LocationOf(XmlElement role, string binding) => role.Children(SamlNames.Metadata, "SingleSignOnService")
        .Where(service => string.Equals(service.Attribute("Binding"), binding, StringComparison.Ordinal))
        .Select(service => service.Attribute("Location"))
        .FirstOrDefault(location => Uri.TryCreate(location, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
            && !location.Any(character => char.IsControl(character) || char.IsWhiteSpace(character)));

    private static (List<X509Certificate2> Trusted, List<string> Untrusted) Certificates(XmlElement role)
    {
        var (trusted, untrusted) = (new List<X509Certificate2>(), new List<string>());
        var encoded = role.Children(SamlNames.Metadata, "KeyDescriptor")
            .Where(key => key.Attribute("use") is null or "signing")
            .SelectMany(key => key.SelfAndDescendants())
            .Where(element => element.Is(SamlNames.Signature, "X509Certificate"))
            .Select(element => element.InnerText)
            .Distinct(StringComparer.Ordinal);
        foreach (var text in encoded)
        {
            var certificate = Load(text);
            if (certificate is null) untrusted.Add("a certificate that cannot be read");
            else if (SignatureKeys.Weakness(certificate) is { } weakness) untrusted.Add($"{Plain.Line(certificate.Subject)}: {weakness}");
            else trusted.Add(certificate);
        }

        return (trusted, untrusted);
    }

    private static X509Certificate2? Load(string text)
    {
        try
        {
            return Base64.Read(text) is { Length: > 0 } bytes ? X509CertificateLoader.LoadCertificate(bytes) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static void WriteKey(XmlWriter writer, string use, X509Certificate2 certificate)
    {
        writer.WriteStartElement("md", "KeyDescriptor", SamlNames.Metadata);
        writer.WriteAttributeString("use", use);
        writer.WriteStartElement("ds", "KeyInfo", SamlNames.Signature);
        writer.WriteStartElement("ds", "X509Data", SamlNames.Signature);
        writer.WriteElementString("ds", "X509Certificate", SamlNames.Signature, Convert.ToBase64String(certificate.RawData));
        writer.WriteEndElement();
        writer.WriteEndElement();
        if (use is "encryption")
        {
            foreach (var method in new[] { SamlNames.Encryption11 + "aes256-gcm", SamlNames.Encryption + "rsa-oaep-mgf1p" })
            {
                writer.WriteStartElement("md", "EncryptionMethod", SamlNames.Metadata);
                writer.WriteAttributeString("Algorithm", method);
                writer.WriteEndElement();
            }
        }

        writer.WriteEndElement();
    }
}
