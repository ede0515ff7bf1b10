using System.Xml;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Responses;

/// <summary>What the assertion says about how the subject signed in there.</summary>
/// <param name="Context">Null when there is none.</param>
/// <param name="SessionEnd">The earliest of all statements.</param>
internal sealed record Authentication(DateTimeOffset At, string? Context, string? SessionIndex, DateTimeOffset? SessionEnd)
{
    public static Step<Authentication> Read(XmlElement assertion, AssertionTimes times)
    {
        Authentication? first = null;
        DateTimeOffset? earliest = null;
        foreach (var statement in assertion.Children(SamlNames.Assertion, "AuthnStatement"))
        {
            if (SamlTime.Read(statement.Attribute("AuthnInstant")) is not { } at || !AssertionTimes.TryRead(statement, "SessionNotOnOrAfter", out var end))
                return Rejected(SamlRejection.AuthnStatement, "The authentication statement has no AuthnInstant, or times that are no moments in UTC.");
            if (times.IsFuture(at))
                return Rejected(SamlRejection.NotYetValid, $"The subject signed in at {SamlTime.Write(at)}, and it is {times.Now}.");
            if (end is { } over && times.IsOver(over))
                return Rejected(SamlRejection.Expired, $"The subject's session ended at {SamlTime.Write(over)}, and it is {times.Now}.");
            if (end is not null && (earliest is null || end < earliest)) earliest = end;
            var context = statement.Only(SamlNames.Assertion, "AuthnContext")?.Only(SamlNames.Assertion, "AuthnContextClassRef")?.Trimmed();
            first ??= new(at, context, statement.Attribute("SessionIndex"), null);
        }

        return first is null
            ? Rejected(SamlRejection.AuthnStatement, "The assertion does not say that the subject signed in.")
            : first with { SessionEnd = earliest };
    }

    private static SamlResult.Rejected Rejected(SamlRejection reason, string detail) => new(reason, detail);
}
