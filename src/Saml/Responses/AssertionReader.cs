using System.Xml;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Responses;

/// <summary>Checks what a verified assertion says against what is expected of it, and takes from it who signed in.</summary>
/// <param name="answers">The response's InResponseTo.</param>
internal sealed class AssertionReader(XmlElement assertion, string? answers, SamlExpectations expectations)
{
    private const int LongestId = 256;
    private const int LongestName = 1024;

    private readonly AssertionTimes times = new(expectations.Clock.GetUtcNow(), expectations.AllowedSkew);

    public Step<SamlSignIn> Read()
    {
        if (assertion.Attribute("Version") is not "2.0")
            return Rejected(SamlRejection.Structure, $"The assertion has the version {Plain.Quote(assertion.Attribute("Version"))} and not 2.0.");
        if (assertion.Attribute("ID") is not { Length: > 0 and <= LongestId } id)
            return Rejected(SamlRejection.Structure, $"The assertion has no identifier, or one of more than {LongestId} characters.");
        if (ResponseEnvelope.WrongIssuer(assertion, expectations) is { } issuer) return issuer;
        if (SamlTime.Read(assertion.Attribute("IssueInstant")) is not { } issued)
            return Rejected(SamlRejection.Structure, "The assertion does not say when it was issued.");
        if (times.IsFuture(issued))
            return Rejected(SamlRejection.NotYetValid, $"The assertion was issued at {SamlTime.Write(issued)}, and it is {times.Now}.");

        if (assertion.Only(SamlNames.Assertion, "Subject") is not { } subject)
            return Rejected(SamlRejection.NameId, "The assertion has no subject, or several.");
        var name = NameOf(subject);
        if (name.Rejection is { } nameless) return nameless;
        var confirmation = new SubjectConfirmations(times, answers, expectations).Check(subject);
        if (confirmation.Rejection is { } unconfirmed) return unconfirmed;
        var conditions = new AssertionConditions(times, expectations).Check(assertion);
        if (conditions.Rejection is { } unmet) return unmet;
        var authentication = Authentication.Read(assertion, times);
        if (authentication.Rejection is { } unauthenticated) return unauthenticated;
        var attributes = AttributesOf(assertion);
        if (attributes.Rejection is { } unread) return unread;

        var (latest, request) = confirmation.Value!;
        var end = conditions.Value!.NotOnOrAfter is { } limit && limit < latest ? limit : latest;
        var (at, context, sessionIndex, sessionEnd) = authentication.Value!;
        return new SamlSignIn
        {
            Issuer = expectations.IdentityProvider,
            NameId = name.Value!,
            Attributes = attributes.Value!,
            AssertionId = id,
            NotOnOrAfter = end.Later(expectations.AllowedSkew),
            InResponseTo = request,
            AuthenticatedAt = at,
            AuthenticationContext = context,
            SessionIndex = sessionIndex,
            SessionNotOnOrAfter = sessionEnd,
        };
    }

    private static SamlResult.Rejected Rejected(SamlRejection reason, string detail) => new(reason, detail);

    private static Step<SamlNameId> NameOf(XmlElement subject)
    {
        if (subject.Children(SamlNames.Assertion, "EncryptedID").Any())
            return Rejected(SamlRejection.EncryptionUnsupported, "The subject's name is encrypted; only whole assertions are decrypted.");
        if (subject.Only(SamlNames.Assertion, "NameID") is not { } name)
            return Rejected(SamlRejection.NameId, "The subject has no NameID, or several.");
        if (name.Children().Any())
            return Rejected(SamlRejection.NameId, "The subject's NameID has elements in it.");
        if (name.InnerText is not { Length: > 0 and <= LongestName } text || string.IsNullOrWhiteSpace(text) || text.Any(char.IsControl))
            return Rejected(SamlRejection.NameId, $"The subject's NameID is empty, longer than {LongestName} characters or has control characters.");
        return new SamlNameId(text, name.Attribute("Format"), name.Attribute("NameQualifier"), name.Attribute("SPNameQualifier"));
    }

    private static Step<IReadOnlyList<SamlAttribute>> AttributesOf(XmlElement assertion)
    {
        var attributes = new List<SamlAttribute>();
        foreach (var child in assertion.Children(SamlNames.Assertion, "AttributeStatement").SelectMany(statement => statement.Children()))
        {
            if (child.Is(SamlNames.Assertion, "EncryptedAttribute"))
                return new Step<IReadOnlyList<SamlAttribute>>(null, Rejected(SamlRejection.EncryptionUnsupported, "An attribute is encrypted; only whole assertions are decrypted."));
            if (!child.Is(SamlNames.Assertion, "Attribute") || child.Attribute("Name") is not { Length: > 0 } name)
                return new Step<IReadOnlyList<SamlAttribute>>(null, Rejected(SamlRejection.Structure, "An attribute has no name."));
            attributes.Add(new(name, child.Attribute("NameFormat"), child.Attribute("FriendlyName"), [.. child.Children(SamlNames.Assertion, "AttributeValue").Select(value => value.InnerText)]));
        }

        return new Step<IReadOnlyList<SamlAttribute>>(attributes, null);
    }
}
