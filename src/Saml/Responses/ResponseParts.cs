using System.Xml;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Responses;

/// <summary>
/// A response as it came, nothing of it verified: one response with one assertion, and signatures only directly in these. Whatever else wrapping attacks need (a
/// second assertion or response, a signature elsewhere, content in a signature's Object) is turned away here, before anything is verified.
/// </summary>
/// <param name="Holder">The assertion, or the encrypted assertion.</param>
/// <param name="Signature">Of the response; null when it is not signed.</param>
internal sealed record ResponseParts(XmlElement Response, XmlElement? Signature, XmlElement Holder)
{
    public bool IsEncrypted => Holder.LocalName is "EncryptedAssertion";

    public static Step<ResponseParts> Find(XmlElement root)
    {
        if (!root.Is(SamlNames.Protocol, "Response")) return Wrong($"The document is {Plain.Quote(root.Name)} and not a SAML 2.0 response.");
        if (root.DoubledId() is { } id) return new SamlResult.Rejected(SamlRejection.DuplicateId, $"Two elements have the identifier {Plain.Quote(id)}.");
        if (ResponseEnvelope.Failure(root) is { } failure) return failure;

        var holders = root.SelfAndDescendants().Where(IsHolder).Take(2).ToList();
        if (holders.Count == 0) return Wrong("The response has no assertion.");
        if (holders.Count > 1) return Wrong("The response has more than one assertion.");
        if (!ReferenceEquals(holders[0].ParentNode, root)) return Wrong($"The assertion stands in {Plain.Quote(holders[0].ParentNode?.Name)} and not in the response.");
        if (root.SelfAndDescendants().Count(element => element.Is(SamlNames.Protocol, "Response")) > 1) return Wrong("The response has another response in it.");
        if (MisplacedSignature(root, holders[0]) is { } misplaced) return misplaced;
        return new ResponseParts(root, SignatureOf(root), holders[0]);
    }

    /// <summary>The assertion that was encrypted, which must be as one that was not.</summary>
    public static Step<XmlElement> Decrypted(XmlElement root)
    {
        if (!root.Is(SamlNames.Assertion, "Assertion")) return Wrong($"What was encrypted is {Plain.Quote(root.Name)} and not an assertion.");
        if (root.DoubledId() is { } id) return new SamlResult.Rejected(SamlRejection.DuplicateId, $"Two elements of the encrypted assertion have the identifier {Plain.Quote(id)}.");
        if (root.SelfAndDescendants().Count(IsHolder) > 1) return Wrong("The encrypted assertion has another assertion in it.");
        return MisplacedSignature(root) is { } misplaced ? misplaced : root;
    }

    public static XmlElement? SignatureOf(XmlElement element) => element.Only(SamlNames.Signature, "Signature");

    private static bool IsHolder(XmlElement element) => element.Is(SamlNames.Assertion, "Assertion") || element.Is(SamlNames.Assertion, "EncryptedAssertion");

    private static SamlResult.Rejected? MisplacedSignature(XmlElement root, params XmlElement[] more)
    {
        var places = more.Where(element => element.LocalName is "Assertion").Prepend(root).ToList();
        var signatures = root.SelfAndDescendants().Where(element => element.Is(SamlNames.Signature, "Signature")).ToList();
        if (signatures.FirstOrDefault(signature => !places.Contains(signature.ParentNode)) is { } misplaced)
            return Wrong($"There is a signature in {Plain.Quote(misplaced.ParentNode?.Name)}, where none is expected.");
        return signatures.Count > signatures.Select(signature => signature.ParentNode).Distinct().Count() ? Wrong("An element has two signatures.") : null;
    }

    private static SamlResult.Rejected Wrong(string detail) => new(SamlRejection.Structure, detail);
}
