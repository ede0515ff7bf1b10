using System.Xml;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Responses;

/// <summary>What a response says about itself, around its assertion.</summary>
internal static class ResponseEnvelope
{
    /// <summary>Null when the response says that somebody was signed in. Errors are hardly ever signed, and have no assertion.</summary>
    public static SamlResult.Rejected? Failure(XmlElement response)
    {
        if (response.Only(SamlNames.Protocol, "Status") is not { } status || status.Only(SamlNames.Protocol, "StatusCode") is not { } code)
            return new(SamlRejection.Structure, "The response has no status, or several.");
        if (code.Attribute("Value") is SamlNames.Success) return null;
        var codes = string.Join(", ", new[] { code, code.Only(SamlNames.Protocol, "StatusCode") }.OfType<XmlElement>().Select(each => Plain.Quote(each.Attribute("Value"))));
        var message = status.Only(SamlNames.Protocol, "StatusMessage")?.Trimmed();
        return new(SamlRejection.Status, $"The identity provider answers {codes}{(string.IsNullOrEmpty(message) ? "" : $" and says {Plain.Quote(message)}")}.");
    }

    /// <summary>Null when the response is from the expected identity provider and for us.</summary>
    /// <param name="response">As it was verified, or as it came when only the assertion is signed.</param>
    public static SamlResult.Rejected? Check(XmlElement response, bool isSigned, SamlExpectations expectations)
    {
        if (Failure(response) is { } failure) return failure;
        if (response.Attribute("Version") is not "2.0")
            return new(SamlRejection.Structure, $"The response has the version {Plain.Quote(response.Attribute("Version"))} and not 2.0.");
        if (response.Children(SamlNames.Assertion, "Issuer").Any() && WrongIssuer(response, expectations) is { } issuer) return issuer;

        // An unsigned response may leave out where it goes; the assertion says it.
        var destination = response.Attribute("Destination");
        if ((destination is not null || isSigned) && !string.Equals(destination, expectations.AssertionConsumerUrl, StringComparison.Ordinal))
            return new(SamlRejection.Destination, $"The response is for {Plain.Quote(destination)}, and this is {Plain.Quote(expectations.AssertionConsumerUrl)}.");
        return null;
    }

    /// <summary>Null when the element has one issuer and it is the expected one.</summary>
    public static SamlResult.Rejected? WrongIssuer(XmlElement element, SamlExpectations expectations)
    {
        if (element.Only(SamlNames.Assertion, "Issuer") is not { } issuer)
            return new(SamlRejection.Issuer, $"The {element.LocalName} has no issuer, or several.");
        if (issuer.Attribute("Format") is { } format and not SamlNames.EntityFormat)
            return new(SamlRejection.Issuer, $"The issuer of the {element.LocalName} has the format {Plain.Quote(format)}.");
        return string.Equals(issuer.Trimmed(), expectations.IdentityProvider, StringComparison.Ordinal)
            ? null
            : new(SamlRejection.Issuer, $"The {element.LocalName} is from {Plain.Quote(issuer.Trimmed())} and not from {Plain.Quote(expectations.IdentityProvider)}.");
    }
}
