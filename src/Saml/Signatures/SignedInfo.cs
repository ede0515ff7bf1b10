using System.Xml;
using PRTS.Saml.Xml;
using static PRTS.Saml.Signatures.SignatureRejections;

namespace PRTS.Saml.Signatures;

/// <summary>
/// What a signature says that it covers, in the one form that is accepted: one reference, by identifier, to the element around the signature,
/// which is taken without the signature and in exclusive canonical form.
/// </summary>
/// <param name="Method">Of the signature, one of <see cref="SignatureKeys"/>.</param>
/// <param name="Id">Of the element that is referred to.</param>
/// <param name="Prefixes">That the element's canonical form includes, or null.</param>
internal sealed record SignedInfo(string Method, string Id, string? Prefixes, string DigestMethod, byte[] Digest)
{
    private const int MostElements = 32;
    private const int LongestPrefixes = 512;

    /// <summary>Whether it is longer than any in the accepted form. Asked before it is canonicalized, which is work for each prefix in each element.</summary>
    public static bool IsTooLong(XmlElement signedInfo) =>
        signedInfo.SelfAndDescendants().Take(MostElements + 1).ToList() is var elements
        && (elements.Count > MostElements || elements.Any(element => element.Attribute("PrefixList")?.Length > LongestPrefixes));

    public static Step<SignedInfo> Read(XmlElement signedInfo)
    {
        var parts = signedInfo.Children().ToList();
        if (parts.Count != 3 || !IsPart(parts[0], "CanonicalizationMethod") || !IsPart(parts[1], "SignatureMethod") || !IsPart(parts[2], "Reference"))
            return Reference("The signature does not have one canonicalization method, one signature method and exactly one reference.");
        if (AlgorithmOf(parts[0]) is not SamlNames.ExclusiveCanonical)
            return Algorithm($"The signature is canonicalized with {Plain.Quote(AlgorithmOf(parts[0]))}; only exclusive canonicalization without comments is accepted.");
        var method = AlgorithmOf(parts[1]);
        if (!SignatureKeys.IsMethod(method) || parts[1].Children().Any())
            return Algorithm($"The signature is made with {Plain.Quote(method)}; RSA and ECDSA with SHA-256, SHA-384 or SHA-512 are accepted.");
        return ReadReference(parts[2], method);
    }

    /// <summary>The prefixes of a transform's or method's InclusiveNamespaces; null when it has none.</summary>
    public static string? PrefixesOf(XmlElement method) => method.Only(SamlNames.ExclusiveCanonical, "InclusiveNamespaces")?.Attribute("PrefixList");

    private static Step<SignedInfo> ReadReference(XmlElement reference, string method)
    {
        var parts = reference.Children().ToList();
        if (parts.Count != 3 || !IsPart(parts[0], "Transforms") || !IsPart(parts[1], "DigestMethod") || !IsPart(parts[2], "DigestValue"))
            return Reference("The signature's reference does not have transforms, one digest method and one digest.");
        if (reference.Attribute("URI") is not ['#', .. { Length: > 0 } id])
            return Reference($"The signature refers to {Plain.Quote(reference.Attribute("URI"))} and not to an element by its identifier.");

        var transforms = parts[0].Children().ToList();
        if (transforms.Count != 2 || !transforms.All(transform => IsPart(transform, "Transform"))
            || AlgorithmOf(transforms[0]) is not SamlNames.Enveloped || AlgorithmOf(transforms[1]) is not SamlNames.ExclusiveCanonical
            || transforms[0].Children().Any() || transforms[1].Children().Any(child => !child.Is(SamlNames.ExclusiveCanonical, "InclusiveNamespaces")))
        {
            return Algorithm($"The signature's transforms are {string.Join(", ", transforms.Take(8).Select(transform => Plain.Quote(AlgorithmOf(transform))))}; only those of an enveloped signature in exclusive canonical form without comments are accepted.");
        }

        var digestMethod = AlgorithmOf(parts[1]);
        if (SignatureKeys.Digest(digestMethod, []) is null)
            return Algorithm($"The signature's digest is made with {Plain.Quote(digestMethod)}; SHA-256, SHA-384 and SHA-512 are accepted.");
        if (Base64.Read(parts[2].InnerText) is not { } digest)
            return Reference("The signature's digest is no base64.");
        return new SignedInfo(method, id, PrefixesOf(transforms[1]), digestMethod, digest);
    }

    private static bool IsPart(XmlElement element, string name) => element.Is(SamlNames.Signature, name);

    private static string AlgorithmOf(XmlElement element) => element.Attribute("Algorithm") ?? "";
}

/// <summary>Shorthands for what is wrong with a signature.</summary>
internal static class SignatureRejections
{
    public static SamlResult.Rejected Reference(string detail) => new(SamlRejection.SignatureReference, detail);

    public static SamlResult.Rejected Algorithm(string detail) => new(SamlRejection.SignatureAlgorithm, detail);

    public static SamlResult.Rejected Invalid(string detail) => new(SamlRejection.SignatureInvalid, detail);
}
