using System.Xml;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Responses;

/// <summary>The moment at which an assertion is read, and how exact clocks are.</summary>
internal sealed class AssertionTimes(DateTimeOffset now, TimeSpan skew)
{
    public string Now => SamlTime.Write(now);

    public bool IsFuture(DateTimeOffset moment) => now.Later(skew) < moment;

    /// <summary>Whether what is valid until just before that moment is over.</summary>
    public bool IsOver(DateTimeOffset notOnOrAfter) => now >= notOnOrAfter.Later(skew);

    /// <summary>False when the attribute is there and is no moment.</summary>
    public static bool TryRead(XmlElement element, string attribute, out DateTimeOffset? moment)
    {
        moment = SamlTime.Read(element.Attribute(attribute));
        return moment is not null || element.Attribute(attribute) is null;
    }
}
