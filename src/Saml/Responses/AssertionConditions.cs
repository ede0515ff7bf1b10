using System.Xml;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Responses;

/// <summary>When and for whom an assertion is valid (core 2.5).</summary>
internal sealed class AssertionConditions(AssertionTimes times, SamlExpectations expectations)
{
    /// <param name="NotOnOrAfter">Null when the conditions set no end.</param>
    public sealed record Met(DateTimeOffset? NotOnOrAfter);

    public Step<Met> Check(XmlElement assertion)
    {
        if (assertion.Only(SamlNames.Assertion, "Conditions") is not { } conditions)
            return Rejected(SamlRejection.Conditions, "The assertion has no conditions, or several.");
        if (!AssertionTimes.TryRead(conditions, "NotBefore", out var notBefore) || !AssertionTimes.TryRead(conditions, "NotOnOrAfter", out var notOnOrAfter))
            return Rejected(SamlRejection.Conditions, "The conditions have a time that is no moment in UTC.");
        if (notBefore is { } start && times.IsFuture(start))
            return Rejected(SamlRejection.NotYetValid, $"The assertion is valid from {SamlTime.Write(start)}, and it is {times.Now}.");
        if (notOnOrAfter is { } end && times.IsOver(end))
            return Rejected(SamlRejection.Expired, $"The assertion is valid until {SamlTime.Write(end)}, and it is {times.Now}.");
        return Unmet(conditions) is { } unmet ? unmet : new Met(notOnOrAfter);
    }

    private SamlResult.Rejected? Unmet(XmlElement conditions)
    {
        var kinds = new List<string>();
        foreach (var condition in conditions.Children())
        {
            // Every assertion is used once here, and none is passed on, so OneTimeUse and ProxyRestriction are met by all of them.
            if (!condition.Is(SamlNames.Assertion, condition.LocalName) || condition.LocalName is not ("AudienceRestriction" or "OneTimeUse" or "ProxyRestriction"))
                return Rejected(SamlRejection.Conditions, $"The condition {Plain.Quote(condition.Name)} is not understood.");
            if (condition.LocalName is "AudienceRestriction" && !IsForUs(condition))
                return Rejected(SamlRejection.Audience, $"The assertion is for {Audiences(condition)} and not for {Plain.Quote(expectations.ServiceProvider)}.");
            kinds.Add(condition.LocalName);
        }

        if (!kinds.Contains("AudienceRestriction", StringComparer.Ordinal))
            return Rejected(SamlRejection.Audience, "The assertion does not say for whom it is.");
        return kinds.Count(kind => kind is "OneTimeUse") > 1 || kinds.Count(kind => kind is "ProxyRestriction") > 1
            ? Rejected(SamlRejection.Conditions, "The conditions have OneTimeUse or ProxyRestriction more than once.")
            : null;
    }

    /// <summary>Several restrictions must all be met; one audience of each is enough.</summary>
    private bool IsForUs(XmlElement restriction) =>
        restriction.Children(SamlNames.Assertion, "Audience").Any(audience => string.Equals(audience.Trimmed(), expectations.ServiceProvider, StringComparison.Ordinal));

    private static string Audiences(XmlElement restriction) =>
        string.Join(", ", restriction.Children(SamlNames.Assertion, "Audience").Take(4).Select(audience => Plain.Quote(audience.Trimmed())).DefaultIfEmpty("nobody"));

    private static SamlResult.Rejected Rejected(SamlRejection reason, string detail) => new(reason, detail);
}
