using System.Text;
using System.Xml;

namespace PRTS.Tests.Saml;

/// <summary>Changes responses: some know what a response is made of, some only bytes.</summary>
internal static class Mutations
{
    private const string Saml = "urn:oasis:names:tc:SAML:2.0:assertion";

    private static readonly string[] Values =
    [
        "", "admin@example.com", "_a1", "_r1", "#_a1", "#_r1", "#", "2.0", TestResponse.Idp, TestResponse.Sp, TestResponse.Acs, TestResponse.Request, TestResponse.Time(0), TestResponse.Time(600),
        "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "urn:oasis:names:tc:SAML:2.0:cm:bearer", TestSignature.Enveloped, TestSignature.Exclusive, TestSignature.Exclusive + "WithComments", TestSignature.Sha256,
        "http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "http://www.w3.org/TR/1999/REC-xslt-19991116", "http://www.w3.org/2001/04/xmlenc#aes256-cbc", "\u2028", "AAAA", "=",
    ];

    private static readonly string[] Names = ["Assertion", "EncryptedAssertion", "Response", "Subject", "NameID", "Conditions", "Signature", "SignedInfo", "Object", "Advice", "x"];
    private static readonly string[] Spaces = [Saml, "urn:oasis:names:tc:SAML:2.0:protocol", "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/04/xmlenc#", ""];

    private static readonly string[] Fragments =
    [
        "<!-- -->", "<!--", "-->", "<![CDATA[", "]]>", "<?x y?>", "<!DOCTYPE r>", "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>", "&x;", "&#0;", "&#x41;", "&lt;", "<", ">", "/>", "\"", "'", " ", "\n", "\r\n", "\0", "\uFEFF", "é", "𝒜",
        "<saml:Assertion", "</saml:Assertion>", "xmlns:saml=\"urn:x\"", " ID=\"_a1\"", "saml:", "ds:", "admin@example.com",
    ];

    private static readonly Action<Random, XmlDocument>[] OfTree =
    [
        (random, document) => { var element = Pick(random, document); if (element.ParentNode is XmlElement parent) parent.RemoveChild(element); },
        (random, document) => { var element = Pick(random, document); if (element.ParentNode is XmlElement parent) parent.InsertAfter(Copy(element), element); },
        (random, document) => Move(random, Pick(random, document), Pick(random, document)),
        (random, document) => Move(random, Copy(Pick(random, document)), Pick(random, document)),
        (random, document) => { if (PickText(random, document) is { } text) text.Value = random.Next(2) == 0 ? One(random, Values) : Edit(random, text.Value!); },
        (random, document) => { if (PickAttribute(random, document) is { } attribute) attribute.Value = random.Next(2) == 0 ? One(random, Values) : Edit(random, attribute.Value); },
        (random, document) => { if (PickAttribute(random, document) is { } attribute) attribute.OwnerElement!.RemoveAttributeNode(attribute); },
        (random, document) => { var element = Pick(random, document); if (element.Prefix != "xmlns") element.SetAttribute(One(random, ["ID", "Id", "id", "NotOnOrAfter", "Recipient", "Format", "x"]), One(random, Values)); },
        (random, document) => Rename(document, Pick(random, document), One(random, Names), One(random, Spaces)),
        (random, document) => { var element = Pick(random, document); if (element.ParentNode is XmlElement parent) { var around = document.CreateElement(One(random, Names), One(random, Spaces)); parent.ReplaceChild(around, element); around.AppendChild(element); } },
        (random, document) => { if (PickText(random, document) is { } text) text.ParentNode!.InsertAfter(document.CreateComment("x"), text.SplitText(random.Next(text.Length))); },
        (random, document) => { if (PickText(random, document) is { } text) text.ParentNode!.ReplaceChild(document.CreateCDataSection(text.Value), text); },
        (random, document) => { var element = Pick(random, document); element.InsertBefore(document.CreateWhitespace(One(random, [" ", "\n", "\t"])), element.FirstChild); },
        (random, document) => { var element = Pick(random, document); element.AppendChild(document.CreateProcessingInstruction("x", "y")); },
        (random, document) => Add(random, document, Evil(document)),
        (random, document) => { if (document.SelectSingleNode("//*[local-name()='Assertion']") is XmlElement { ParentNode: { } parent } original) { var evil = Evil(document); parent.ReplaceChild(evil, original); Add(random, document, original); } },
        (random, document) => { if (document.SelectSingleNode("//*[local-name()='Signature']") is XmlElement signature) Move(random, random.Next(2) == 0 ? signature : Copy(signature), Pick(random, document)); },
    ];

    /// <summary>The response after one to three changes.</summary>
    public static string Tree(Random random, string xml)
    {
        var document = TestSignature.Load(xml.TrimStart('\uFEFF'));
        for (var count = random.Next(1, 4); count > 0; count--) OfTree[random.Next(OfTree.Length)](random, document);
        return document.OuterXml;
    }

    /// <summary>Content that the attacker signs with his own key, whose certificate goes with it.</summary>
    public static string Resign(Random random, string xml)
    {
        var document = TestSignature.Load(xml.TrimStart('\uFEFF'));
        foreach (var signature in document.SelectNodes("//*[local-name()='Signature']")!.OfType<XmlElement>().ToList()) signature.ParentNode!.RemoveChild(signature);
        foreach (var text in document.SelectNodes("//text()[contains(., 'ada@')]")!.OfType<XmlText>()) text.Value = "admin@example.com";
        var changed = document.OuterXml;
        var attacker = new TestSignature { Certificate = TestKeys.Attacker, KeyInfo = random.Next(2) == 0 };
        foreach (var element in One<string[]>(random, [["Response"], ["Assertion"], ["Assertion", "Response"]]).Where(element => changed.Contains($":{element} ", StringComparison.Ordinal)))
            changed = attacker.Sign(changed, element);
        return changed == document.OuterXml ? attacker.Sign(changed, "Response") : changed;
    }

    public static string Text(Random random, string xml)
    {
        var at = random.Next(xml.Length);
        var length = random.Next(Math.Min(40, xml.Length - at));
        return random.Next(4) switch
        {
            0 => xml.Insert(at, One(random, Fragments)),
            1 => xml.Remove(at, length),
            2 => xml.Insert(random.Next(xml.Length), xml.Substring(at, length)),
            _ => xml.Remove(at, length).Insert(at, One(random, Fragments)),
        };
    }

    public static byte[] Bytes(Random random, byte[] bytes)
    {
        var changed = bytes.ToList();
        for (var count = random.Next(1, 4); count > 0 && changed.Count > 1; count--)
        {
            var at = random.Next(changed.Count);
            switch (random.Next(5))
            {
                case 0: changed[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: changed[at] = (byte)random.Next(256); break;
                case 2: changed.Insert(at, (byte)random.Next(256)); break;
                case 3: changed.RemoveRange(at, Math.Min(changed.Count - at, random.Next(1, 9))); break;
                default: changed.RemoveRange(at, random.Next(10) == 0 ? changed.Count - at : 1); break;
            }
        }

        return [.. changed];
    }

    private static T One<T>(Random random, IReadOnlyList<T> all) => all[random.Next(all.Count)];

    private static XmlElement Copy(XmlElement element) => (XmlElement)element.CloneNode(deep: true);

    private static XmlElement Pick(Random random, XmlDocument document) => One(random, [.. document.SelectNodes("//*")!.OfType<XmlElement>()]);

    private static XmlText? PickText(Random random, XmlDocument document) => document.SelectNodes("//text()")!.OfType<XmlText>().Where(text => text.Length > 0).ToList() is { Count: > 0 } all ? One(random, all) : null;

    /// <summary>Declarations of prefixes are left: the object model does not let them change what they declare.</summary>
    private static XmlAttribute? PickAttribute(Random random, XmlDocument document) =>
        document.SelectNodes("//@*")!.OfType<XmlAttribute>().Where(attribute => attribute.Prefix != "xmlns" && attribute.Name != "xmlns").ToList() is { Count: > 0 } all ? One(random, all) : null;

    private static string Edit(Random random, string text)
    {
        if (text.Length == 0) return "x";
        var at = random.Next(text.Length);
        return random.Next(3) switch
        {
            0 => text.Remove(at, 1),
            1 => text.Insert(at, ((char)random.Next('!', '~')).ToString()),
            _ => text.Remove(at, 1).Insert(at, ((char)random.Next('!', '~')).ToString()),
        };
    }

    private static void Move(Random random, XmlElement element, XmlElement to)
    {
        for (XmlNode? above = to; above is not null; above = above.ParentNode)
        {
            if (ReferenceEquals(above, element)) return;
        }

        if (element.ParentNode is XmlDocument) return;
        if (random.Next(2) == 0) to.PrependChild(element);
        else to.AppendChild(element);
    }

    private static void Add(Random random, XmlDocument document, XmlElement element) => Move(random, element, Pick(random, document));

    private static void Rename(XmlDocument document, XmlElement element, string name, string space)
    {
        var renamed = document.CreateElement(element.Prefix.Length > 0 && space.Length > 0 ? element.Prefix : "", name, space);
        foreach (var attribute in element.Attributes.OfType<XmlAttribute>().Where(attribute => attribute.Prefix != "xmlns" && attribute.Name != "xmlns").ToList()) renamed.SetAttributeNode((XmlAttribute)attribute.CloneNode(deep: true));
        while (element.FirstChild is { } child) renamed.AppendChild(child);
        element.ParentNode!.ReplaceChild(renamed, element);
    }

    private static XmlElement Evil(XmlDocument document)
    {
        var evil = new TestResponse { ResponseId = "_evil", AssertionId = "_evil_assertion", NameId = "<saml:NameID>admin@example.com</saml:NameID>" }.Xml();
        return (XmlElement)document.ImportNode(TestSignature.Load(evil).SelectSingleNode("//*[local-name()='Assertion']")!, deep: true);
    }
}
