using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Xml;
using PRTS.Saml.Xml;
using static PRTS.Saml.Signatures.SignatureRejections;

namespace PRTS.Saml.Signatures;

/// <summary>
/// Checks the signature that stands in an element and covers it. What it gives back is not the element that came but one that is read anew from the very octets
/// whose digest was signed, so nothing that is read later can be other than what was verified (ADR 0012).
/// </summary>
internal static class EnvelopedSignature
{
    /// <summary>The verified element, without its signature.</summary>
    /// <param name="element">The response or assertion as it came, within its document.</param>
    /// <param name="signature">A child of the element.</param>
    /// <param name="certificates">Whose keys are trusted. What the signature itself names as its key does not count.</param>
    public static Step<XmlElement> Verify(XmlElement element, XmlElement signature, IReadOnlyList<X509Certificate2> certificates)
    {
        try
        {
            return VerifyParts(element, signature, certificates);
        }
        catch (Exception error) when (error is CryptographicException or XmlException)
        {
            return Invalid($"The signature of the {element.LocalName} cannot be checked: {Plain.Line(error.Message)}");
        }
    }

    private static Step<XmlElement> VerifyParts(XmlElement element, XmlElement signature, IReadOnlyList<X509Certificate2> certificates)
    {
        if (Parts(signature) is not var (signedInfo, value))
            return Reference($"The signature of the {element.LocalName} is not made of SignedInfo, SignatureValue and at most one KeyInfo.");
        if (SignedInfo.IsTooLong(signedInfo))
            return Reference($"The signature of the {element.LocalName} says more than that it covers one element.");

        // SignedInfo too is read from the octets that the key has signed.
        var prefixes = signedInfo.Only(SamlNames.Signature, "CanonicalizationMethod") is { } method ? SignedInfo.PrefixesOf(method) : null;
        var signedOctets = CanonicalForm.Of(signedInfo, without: null, prefixes);
        if (SafeXml.Load(signedOctets, out var problem) is not { DocumentElement: { } read })
            return Reference($"What the signature of the {element.LocalName} covers {problem}.");
        var info = SignedInfo.Read(read);
        if (info.Rejection is { } rejection) return rejection;

        var (signatureMethod, id, elementPrefixes, digestMethod, digest) = info.Value!;
        if (!string.Equals(id, element.Attribute("ID"), StringComparison.Ordinal))
            return Reference($"The signature in the {element.LocalName} {Plain.Quote(element.Attribute("ID"))} refers to {Plain.Quote(id)}.");
        if (Base64.Read(value.InnerText) is not { } signatureValue)
            return Invalid($"The signature of the {element.LocalName} is no base64.");

        if (!certificates.Any(certificate => SignatureKeys.Verify(certificate, signatureMethod, signedOctets, signatureValue)))
            return Invalid($"The signature of the {element.LocalName} was not made with the key of {Trusted(certificates)}{Named(signature)}.");

        // Only now, as it is much more work, and strangers' documents do not come so far.
        var octets = CanonicalForm.Of(element, signature, elementPrefixes);
        if (!CryptographicOperations.FixedTimeEquals(SignatureKeys.Digest(digestMethod, octets), digest))
            return Invalid($"The {element.LocalName} is not what was signed: its digest differs.");
        return SafeXml.Load(octets, out problem) is { DocumentElement: { } verified }
            ? verified
            : Invalid($"The signed {element.LocalName} {problem}.");
    }

    private static (XmlElement SignedInfo, XmlElement Value)? Parts(XmlElement signature)
    {
        var parts = signature.Children().ToList();
        var inPlace = parts.Count is 2 or 3
            && parts[0].Is(SamlNames.Signature, "SignedInfo")
            && parts[1].Is(SamlNames.Signature, "SignatureValue")
            && (parts.Count == 2 || parts[2].Is(SamlNames.Signature, "KeyInfo"));
        return inPlace ? (parts[0], parts[1]) : null;
    }

    private static string Trusted(IReadOnlyList<X509Certificate2> certificates) =>
        $"{(certificates.Count == 1 ? "the configured certificate" : "one of the configured certificates")} ({string.Join(", ", certificates.Select(certificate => Fingerprint(certificate.RawData)))})";

    /// <summary>Helps an administrator whose identity provider has changed its key. It does not make the key trusted.</summary>
    private static string Named(XmlElement signature)
    {
        var named = signature.SelfAndDescendants().FirstOrDefault(element => element.Is(SamlNames.Signature, "X509Certificate"));
        return named is not null && Base64.Read(named.InnerText) is { } certificate ? $"; it names the certificate {Fingerprint(certificate)}" : "";
    }

    private static string Fingerprint(byte[] certificate) => $"SHA-256 {Convert.ToHexStringLower(SHA256.HashData(certificate))}";
}
