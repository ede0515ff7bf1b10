using System.Xml;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Responses;

/// <summary>That the subject is whoever brings the assertion to us, now, as the answer to this request (profiles 4.1.4.2, bearer).</summary>
/// <param name="answers">The response's InResponseTo.</param>
internal sealed class SubjectConfirmations(AssertionTimes times, string? answers, SamlExpectations expectations)
{
    /// <param name="Latest">When the last of the confirmations ends, so until when the assertion must be remembered.</param>
    /// <param name="Request">Which request is answered; null for none.</param>
    public sealed record Confirmed(DateTimeOffset Latest, string? Request);

    /// <summary>One bearer confirmation that holds is enough.</summary>
    public Step<Confirmed> Check(XmlElement subject)
    {
        DateTimeOffset? latest = null;
        Confirmed? holds = null;
        SamlResult.Rejected? first = null;
        foreach (var confirmation in subject.Children(SamlNames.Assertion, "SubjectConfirmation").Where(each => each.Attribute("Method") is SamlNames.Bearer))
        {
            var checkedOne = CheckOne(confirmation);
            if (EndOf(confirmation) is { } end && (latest is null || end > latest)) latest = end;
            holds ??= checkedOne.Value;
            first ??= checkedOne.Rejection;
        }

        if (holds is not null) return holds with { Latest = latest ?? holds.Latest };
        return first ?? Rejected(SamlRejection.SubjectConfirmation, "The subject has no bearer confirmation.");
    }

    private static DateTimeOffset? EndOf(XmlElement confirmation) =>
        SamlTime.Read(confirmation.Only(SamlNames.Assertion, "SubjectConfirmationData")?.Attribute("NotOnOrAfter"));

    private Step<Confirmed> CheckOne(XmlElement confirmation)
    {
        if (confirmation.Only(SamlNames.Assertion, "SubjectConfirmationData") is not { } data)
            return Rejected(SamlRejection.SubjectConfirmation, "The bearer confirmation has no data, or several.");
        if (!string.Equals(data.Attribute("Recipient"), expectations.AssertionConsumerUrl, StringComparison.Ordinal))
            return Rejected(SamlRejection.Recipient, $"The assertion is for {Plain.Quote(data.Attribute("Recipient"))}, and this is {Plain.Quote(expectations.AssertionConsumerUrl)}.");
        if (data.Attribute("NotBefore") is not null)
            return Rejected(SamlRejection.SubjectConfirmation, "The bearer confirmation has a NotBefore, which it must not have.");
        if (SamlTime.Read(data.Attribute("NotOnOrAfter")) is not { } end)
            return Rejected(SamlRejection.SubjectConfirmation, "The bearer confirmation has no NotOnOrAfter that is a moment in UTC.");
        if (times.IsOver(end))
            return Rejected(SamlRejection.Expired, $"The subject is confirmed until {SamlTime.Write(end)}, and it is {times.Now}.");
        return WrongRequest(data.Attribute("InResponseTo")) is { } wrong ? wrong : new Confirmed(end, data.Attribute("InResponseTo"));
    }

    private SamlResult.Rejected? WrongRequest(string? request)
    {
        if (!string.Equals(request, answers, StringComparison.Ordinal))
            return Rejected(SamlRejection.InResponseTo, $"The response answers {Plain.Quote(answers)}, and its assertion answers {Plain.Quote(request)}.");
        if (request is null)
            return expectations.AllowUnsolicited ? null : Rejected(SamlRejection.InResponseTo, "The response answers no request, and sign-ins that the identity provider begins are not allowed.");
        return expectations.Requests.Contains(request, StringComparer.Ordinal)
            ? null
            : Rejected(SamlRejection.InResponseTo, $"The response answers the request {Plain.Quote(request)}, which this browser did not make or which was answered.");
    }

    private static SamlResult.Rejected Rejected(SamlRejection reason, string detail) => new(reason, detail);
}
