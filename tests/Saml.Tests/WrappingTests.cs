using System.Xml;

namespace PRTS.Saml.Tests;

/// <summary>
/// XML signature wrapping: a signed element is kept somewhere so that its signature stays right, and another one is put where it is read.
/// XSW1 to XSW8 are those of Somorovsky and others, "On Breaking SAML: Be Whoever You Want to Be" (2012).
/// </summary>
public sealed class WrappingTests
{
    private static readonly Dictionary<string, Func<bool, string>> Attacks = new(StringComparer.Ordinal)
    {
        ["XSW1: the signed response within the signature of another"] = sameId => Response(sameId, (evil, original, signature) =>
        {
            signature.AppendChild(original);
            evil.InsertAfter(signature, evil.FirstChild);
        }),
        ["XSW2: the signed response before its signature in another"] = sameId => Response(sameId, (evil, original, signature) =>
        {
            evil.InsertAfter(original, evil.FirstChild);
            evil.InsertAfter(signature, original);
        }),
        ["XSW3: another assertion before the signed one"] = sameId => Assertion(sameId, (response, evil, original, _) => response.InsertBefore(evil, original)),
        ["XSW4: the signed assertion within another"] = sameId => Assertion(sameId, (response, evil, original, _) =>
        {
            response.ReplaceChild(evil, original);
            evil.AppendChild(original);
        }),
        ["XSW5: the signature in another assertion, the signed one after it"] = sameId => Assertion(sameId, (response, evil, original, signature) =>
        {
            original.RemoveChild(signature);
            evil.InsertAfter(signature, evil.FirstChild);
            response.InsertBefore(evil, original);
        }),
        ["XSW6: the signed assertion within its signature in another assertion"] = sameId => Assertion(sameId, (response, evil, original, signature) =>
        {
            original.RemoveChild(signature);
            response.ReplaceChild(evil, original);
            evil.InsertAfter(signature, evil.FirstChild);
            signature.AppendChild(original);
        }),
        ["XSW7: another assertion in extensions"] = sameId => Assertion(sameId, (response, evil, original, _) =>
        {
            var extensions = response.OwnerDocument.CreateElement("samlp", "Extensions", response.NamespaceURI);
            extensions.AppendChild(evil);
            response.InsertBefore(extensions, original);
        }),
        ["XSW8: the signed assertion in an object of the signature"] = sameId => Assertion(sameId, (response, evil, original, signature) =>
        {
            original.RemoveChild(signature);
            response.ReplaceChild(evil, original);
            evil.InsertAfter(signature, evil.FirstChild);
            var container = response.OwnerDocument.CreateElement("ds", "Object", signature.NamespaceURI);
            signature.AppendChild(container);
            container.AppendChild(original);
        }),
        ["another assertion after the signed one"] = sameId => Assertion(sameId, (response, evil, _, _) => response.AppendChild(evil)),
        ["the signed assertion in the subject of another"] = sameId => Assertion(sameId, (response, evil, original, _) =>
        {
            response.ReplaceChild(evil, original);
            evil.GetElementsByTagName("saml:SubjectConfirmationData")[0]!.AppendChild(original);
        }),
        ["the signed assertion in the status"] = sameId => Assertion(sameId, (response, evil, original, _) =>
        {
            response.ReplaceChild(evil, original);
            response.GetElementsByTagName("samlp:Status")[0]!.AppendChild(original);
        }),
        ["the signature at the response, the signed assertion in another"] = sameId => Assertion(sameId, (response, evil, original, signature) =>
        {
            original.RemoveChild(signature);
            response.ReplaceChild(evil, original);
            response.InsertAfter(signature, response.FirstChild);
            evil.AppendChild(original);
        }),
        ["the signed response in extensions of another"] = sameId => Response(sameId, (evil, original, signature) =>
        {
            original.InsertAfter(signature, original.FirstChild);
            var extensions = evil.OwnerDocument.CreateElement("samlp", "Extensions", evil.NamespaceURI);
            extensions.AppendChild(original);
            evil.InsertAfter(extensions, evil.FirstChild);
        }),
        ["the signed response after the assertion of another"] = sameId => Response(sameId, (evil, original, signature) =>
        {
            original.InsertAfter(signature, original.FirstChild);
            evil.AppendChild(original);
        }),
    };

    public static MatrixTheoryData<string, bool> Names => new(Attacks.Keys, [false, true]);

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_Wrapped_IsRejected(string name, bool sameId)
    {
        var xml = Attacks[name](sameId);
        Assert.Contains("admin@example.com", xml, StringComparison.Ordinal);
        Assert.Contains("ada@example.com", xml, StringComparison.Ordinal);
        var rejected = Assert.IsType<SamlResult.Rejected>(TestResponse.Read(xml));
        Assert.True(rejected.Reason == (sameId ? SamlRejection.DuplicateId : SamlRejection.Structure), $"{rejected.Reason}: {rejected.Detail}");
    }

    /// <summary>The same within what is encrypted.</summary>
    [Theory]
    [InlineData("XSW4: the signed assertion within another")]
    [InlineData("XSW6: the signed assertion within its signature in another assertion")]
    [InlineData("XSW8: the signed assertion in an object of the signature")]
    [InlineData("the signed assertion in the subject of another")]
    public void Read_WrappedThenEncrypted_IsRejected(string name)
    {
        TestResponse.Reject(SamlRejection.Structure, new TestEncryption().Encrypt(Attacks[name](false)));
        TestResponse.Reject(SamlRejection.DuplicateId, new TestEncryption().Encrypt(Attacks[name](true)));
    }

    private static string Response(bool sameId, Action<XmlElement, XmlElement, XmlElement> wrap)
    {
        var document = TestSignature.Load(new TestResponse().SignedResponse());
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

    private static string Assertion(bool sameId, Action<XmlElement, XmlElement, XmlElement, XmlElement> wrap)
    {
        var document = TestSignature.Load(new TestResponse().Signed());
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
