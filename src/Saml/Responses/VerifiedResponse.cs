using System.Security.Cryptography.X509Certificates;
using System.Xml;
using PRTS.Saml.Encryption;
using PRTS.Saml.Signatures;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Responses;

/// <summary>A response whose assertion is what a trusted key has signed.</summary>
/// <param name="Response">Read from what was signed when <paramref name="IsSigned"/>; else as it came, and only good for being checked.</param>
/// <param name="Assertion">Always read from what was signed.</param>
internal sealed record VerifiedResponse(XmlElement Response, bool IsSigned, XmlElement Assertion)
{
    public static Step<VerifiedResponse> From(ResponseParts parts, SamlExpectations expectations)
    {
        var keys = expectations.Certificates.Where(certificate => SignatureKeys.Weakness(certificate) is null).ToList();
        if (keys.Count == 0) return NoKeys(expectations.Certificates);

        XmlElement? response = null;
        if (parts.Signature is not null)
        {
            var verified = EnvelopedSignature.Verify(parts.Response, parts.Signature, keys);
            if (verified.Rejection is { } rejection) return rejection;
            response = verified.Value;
        }

        var assertion = parts.IsEncrypted ? Decrypted(parts, response, expectations) : Unencrypted(parts, response);
        if (assertion.Rejection is { } refused) return refused;

        // A signature that is there must be right, also where the response's covers the assertion.
        if (ResponseParts.SignatureOf(assertion.Value!) is { } signature)
        {
            // Its canonical form may include prefixes that are only declared around it, so it is verified where it stood.
            var verified = EnvelopedSignature.Verify(parts.IsEncrypted ? assertion.Value! : parts.Holder, parts.IsEncrypted ? signature : ResponseParts.SignatureOf(parts.Holder)!, keys);
            if (verified.Rejection is { } rejection) return rejection;
            return new VerifiedResponse(response ?? parts.Response, response is not null, verified.Value!);
        }

        return response is null
            ? new SamlResult.Rejected(SamlRejection.Unsigned, "Neither the response nor its assertion is signed.")
            : new VerifiedResponse(response, IsSigned: true, assertion.Value!);
    }

    private static Step<XmlElement> Unencrypted(ResponseParts parts, XmlElement? response) =>
        response is null ? parts.Holder : Within(response, "Assertion");

    private static Step<XmlElement> Decrypted(ResponseParts parts, XmlElement? response, SamlExpectations expectations)
    {
        var encrypted = response is null ? parts.Holder : Within(response, "EncryptedAssertion");
        if (encrypted.Rejection is { } rejection) return rejection;
        var plain = EncryptedAssertion.Decrypt(encrypted.Value!, expectations.DecryptionCertificates);
        return plain.Rejection is { } refused ? refused : ResponseParts.Decrypted(plain.Value!);
    }

    private static Step<XmlElement> Within(XmlElement response, string name) => response.Only(SamlNames.Assertion, name) is { } found
        ? found
        : new SamlResult.Rejected(SamlRejection.Structure, $"The signed response has no {name}.");

    private static SamlResult.Rejected NoKeys(IReadOnlyList<X509Certificate2> certificates) => new(SamlRejection.NoTrustedKey, certificates.Count == 0
        ? "No signing certificate of the identity provider is configured."
        : $"No configured signing certificate is trusted: {string.Join("; ", certificates.Select(certificate => $"{Plain.Line(certificate.Subject)}: {SignatureKeys.Weakness(certificate)}"))}.");
}
