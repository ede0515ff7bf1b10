using System.Security.Cryptography.Xml;
using System.Xml;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Signatures;

/// <summary>Exclusive XML Canonicalization 1.0 without comments: the octets that are digested and signed.</summary>
internal static class CanonicalForm
{
    /// <param name="without">A child that is left out (the enveloped signature).</param>
    /// <param name="prefixes">The prefixes of InclusiveNamespaces, or null.</param>
    public static byte[] Of(XmlElement element, XmlElement? without, string? prefixes)
    {
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        var copy = (XmlElement)document.AppendChild(document.ImportNode(element, deep: true))!;
        if (without is not null) copy.RemoveChild(copy.ChildNodes[PositionOf(without)]!);
        DeclareInherited(element, copy);

        var transform = new XmlDsigExcC14NTransform(includeComments: false, prefixes);
        transform.LoadInput(document);
        using var output = (Stream)transform.GetOutput(typeof(Stream));
        using var octets = new MemoryStream();
        output.CopyTo(octets);
        return octets.ToArray();
    }

    /// <summary>The prefixes in whose scope the element stands are in scope of its copy too; those that it does not use do not get into the canonical form.</summary>
    private static void DeclareInherited(XmlElement element, XmlElement copy)
    {
        for (var above = element.ParentNode as XmlElement; above is not null; above = above.ParentNode as XmlElement)
        {
            foreach (var declaration in above.Attributes.OfType<XmlAttribute>().Where(attribute => attribute.NamespaceURI is SamlNames.Xmlns))
            {
                if (!copy.HasAttribute(declaration.LocalName, SamlNames.Xmlns))
                    copy.Attributes.Append((XmlAttribute)copy.OwnerDocument.ImportNode(declaration, deep: true));
            }
        }
    }

    /// <summary>Counted from the front: siblings know only who follows them, so going backwards takes the square of the time.</summary>
    private static int PositionOf(XmlNode child)
    {
        var position = 0;
        foreach (XmlNode sibling in child.ParentNode!.ChildNodes)
        {
            if (ReferenceEquals(sibling, child)) break;
            position++;
        }

        return position;
    }
}
