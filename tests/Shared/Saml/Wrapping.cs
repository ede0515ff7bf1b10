using System.Xml;

namespace PRTS.Tests.Saml;

/// <summary>
/// XML signature wrapping: a signed element is kept somewhere so that its signature stays right, and another one is put where it is read.
/// XSW1 to XSW8 are those of Somorovsky and others, "On Breaking SAML: Be Whoever You Want to Be" (2012).
/// </summary>
internal static class Wrapping
{
    /// <summary>By what is done to a right response of ada@example.com, so that it says admin@example.com; whether both have the same identifiers.</summary>
    public static IReadOnlyDictionary<string, Func<TestResponse, bool, string>> All { get; } = new Dictionary<string, Func<TestResponse, bool, string>>(StringComparer.Ordinal)
    {
        ["XSW1: the signed response within the signature of another"] = (right, sameId) => Response(right, sameId, (evil, original, signature) =>
        {
            signature.AppendChild(original);
            evil.InsertAfter(signature, evil.FirstChild);
        }),
        ["XSW2: the signed response before its signature in another"] = (right, sameId) => Response(right, sameId, (evil, original, signature) =>
        {
            evil.InsertAfter(original, evil.FirstChild);
            evil.InsertAfter(signature, original);
        }),
        ["XSW3: another assertion before the signed one"] = (right, sameId) => Assertion(right, sameId, (response, evil, original, _) => response.InsertBefore(evil, original)),
        ["XSW4: the signed assertion within another"] = (right, sameId) => Assertion(right, sameId, (response, evil, original, _) =>
        {
            response.ReplaceChild(evil, original);
            evil.AppendChild(original);
        }),
        ["XSW5: the signature in another assertion, the signed one after it"] = (right, sameId) => Assertion(right, sameId, (response, evil, original, signature) =>
        {
            original.RemoveChild(signature);
            evil.InsertAfter(signature, evil.FirstChild);
            response.InsertBefore(evil, original);
        }),
        ["XSW6: the signed assertion within its signature in another assertion"] = (right, sameId) => Assertion(right, sameId, (response, evil, original, signature) =>
        {
            original.RemoveChild(signature);
            response.ReplaceChild(evil, original);
            evil.InsertAfter(signature, evil.FirstChild);
            signature.AppendChild(original);
        }),
        ["XSW7: another assertion in extensions"] = (right, sameId) => Assertion(right, sameId, (response, evil, original, _) =>
        {
            var extensions = response.OwnerDocument.CreateElement("samlp", "Extensions", response.NamespaceURI);
            extensions.AppendChild(evil);
            response.InsertBefore(extensions, original);
        }),
        ["XSW8: the signed assertion in an object of the signature"] = (right, sameId) => Assertion(right, sameId, (response, evil, original, signature) =>
        {
            original.RemoveChild(signature);
            response.ReplaceChild(evil, original);
            evil.InsertAfter(signature, evil.FirstChild);
            var container = response.OwnerDocument.CreateElement("ds", "Object", signature.NamespaceURI);
            signature.AppendChild(container);
            container.AppendChild(original);
        }),
        ["another assertion after the signed one"] = (right, sameId) => Assertion(right, sameId, (response, evil, _, _) => response.AppendChild(evil)),
        ["the signed assertion in the subject of another"] = (right, sameId) => Assertion(right, sameId, (response, evil, original, _) =>
        {
            response.ReplaceChild(evil, original);
            evil.GetElementsByTagName("saml:SubjectConfirmationData")[0]!.AppendChild(original);
        }),
        ["the signed assertion in the status"] = (right, sameId) => Assertion(right, sameId, (response, evil, original, _) =>
        {
            response.ReplaceChild(evil, original);
            response.GetElementsByTagName("samlp:Status")[0]!.AppendChild(original);
        }),
        ["the signature at the response, the signed assertion in another"] = (right, sameId) => Assertion(right, sameId, (response, evil, original, signature) =>
        {
            original.RemoveChild(signature);
            response.ReplaceChild(evil, original);
            response.InsertAfter(signature, response.FirstChild);
            evil.AppendChild(original);
        }),
        ["the signed response in extensions of another"] = (right, sameId) => Response(right, sameId, (evil, original, signature) =>
        {
            original.InsertAfter(signature, original.FirstChild);
            var extensions = evil.OwnerDocument.CreateElement("samlp", "Extensions", evil.NamespaceURI);
            extensions.AppendChild(original);
            evil.InsertAfter(extensions, evil.FirstChild);
        }),
        ["the signed response after the assertion of another"] = (right, sameId) => Response(right, sameId, (evil, original, signature) =>
        {
            original.InsertAfter(signature, original.FirstChild);
            evil.AppendChild(original);
        }),
    };

    private static string Response(TestResponse right, bool sameId, Action<XmlElement, XmlElement, XmlElement> wrap)
    {
        var document = TestSignature.Load(right.SignedResponse());
        var original = document.DocumentElement!;
        var signature = original.ChildNodes.OfType<XmlElement>().Single(child => child.LocalName == "Signature");
        var evil = (XmlElement)original.CloneNode(deep: true);
        evil.RemoveChild(evil.ChildNodes.OfType<XmlElement>().Single(child => child.LocalName == "Signature"));
        MakeEvil(evil, sameId);
        document.ReplaceChild(evil, original);
        original.RemoveChild(signature);
        wrap(evil, original, signature);
        return document.OuterXml;
    }

    private static string Assertion(TestResponse right, bool sameId, Action<XmlElement, XmlElement, XmlElement, XmlElement> wrap)
    {
        var document = TestSignature.Load(right.Signed());
        var original = document.DocumentElement!.ChildNodes.OfType<XmlElement>().Single(child => child.LocalName == "Assertion");
        var signature = original.ChildNodes.OfType<XmlElement>().Single(child => child.LocalName == "Signature");
        var evil = (XmlElement)original.CloneNode(deep: true);
        evil.RemoveChild(evil.ChildNodes.OfType<XmlElement>().Single(child => child.LocalName == "Signature"));
        MakeEvil(evil, sameId);
        wrap(document.DocumentElement!, evil, original, signature);
        return document.OuterXml;
    }

    private static void MakeEvil(XmlElement element, bool sameId)
    {
        element.InnerXml = element.InnerXml.Replace("ada@example.com", "admin@example.com", StringComparison.Ordinal);
        if (sameId) return;
        element.SetAttribute("ID", "_evil");
        foreach (var inner in element.GetElementsByTagName("saml:Assertion").OfType<XmlElement>()) inner.SetAttribute("ID", "_evil_assertion");
    }
}
