using System.Xml;

namespace PRTS.Saml.Xml;

/// <summary>The few ways in which elements are looked at: always by namespace and local name, never by prefix or position alone.</summary>
internal static class Elements
{
    public static bool Is(this XmlElement element, string space, string name) =>
        string.Equals(element.LocalName, name, StringComparison.Ordinal) && string.Equals(element.NamespaceURI, space, StringComparison.Ordinal);

    public static IEnumerable<XmlElement> Children(this XmlElement element) => element.ChildNodes.OfType<XmlElement>();

    public static IEnumerable<XmlElement> Children(this XmlElement element, string space, string name) => element.Children().Where(child => child.Is(space, name));

    /// <summary>The only child of that name; null when there is none or there are several.</summary>
    public static XmlElement? Only(this XmlElement element, string space, string name)
    {
        var found = element.Children(space, name).Take(2).ToList();
        return found.Count == 1 ? found[0] : null;
    }

    /// <summary>The element itself and all below it, in document order.</summary>
    public static IEnumerable<XmlElement> SelfAndDescendants(this XmlElement element) =>
        element.ChildNodes.OfType<XmlElement>().SelectMany(SelfAndDescendants).Prepend(element);

    /// <summary>The attribute without namespace; null when it is not there.</summary>
    public static string? Attribute(this XmlElement element, string name) => element.GetAttributeNode(name, "")?.Value;

    /// <summary>All text of the element, without white space at its ends: for values that are compared with configured ones.</summary>
    public static string Trimmed(this XmlElement element) => element.InnerText.Trim(' ', '\t', '\r', '\n');

    /// <summary>
    /// An identifier that two elements have, in whatever spelling of the attribute: what a signature refers to would be ambiguous. Null when all differ.
    /// </summary>
    public static string? DoubledId(this XmlElement root)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return root.SelfAndDescendants()
            .SelectMany(element => element.Attributes.OfType<XmlAttribute>())
            .Where(attribute => string.Equals(attribute.LocalName, "id", StringComparison.OrdinalIgnoreCase) && attribute.NamespaceURI is not SamlNames.Xmlns)
            .Select(attribute => attribute.Value)
            .FirstOrDefault(id => !seen.Add(id));
    }
}
