using System.Globalization;
using System.Net;
using System.Text;

namespace PRTS.Tests.Saml;

/// <summary>What the tests' own identity provider answers; as it stands, all is right with it.</summary>
internal sealed record TestResponse
{
    public const string Idp = "https://idp.example.com/saml";
    public const string Sp = "https://prts.example.com/saml/metadata";
    public const string Acs = "https://prts.example.com/saml/acs";
    public const string Request = "_req1";
    public static readonly DateTimeOffset Now = new(2030, 5, 6, 7, 8, 9, TimeSpan.Zero);

    public string ResponseId { get; init; } = "_r1";
    public string AssertionId { get; init; } = "_a1";
    public string? ResponseIssuer { get; init; } = Idp;
    public string Issuer { get; init; } = Idp;
    public string? Destination { get; init; } = Acs;
    public string? Recipient { get; init; } = Acs;
    public string? Answers { get; init; } = Request;
    public string? AssertionAnswers { get; init; } = Request;
    public string Status { get; init; } = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>";
    public string NameId { get; init; } = "<saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">ada@example.com</saml:NameID>";
    public string Method { get; init; } = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    public string? ConfirmedFrom { get; init; }
    public string? ConfirmedUntil { get; init; } = Time(5);
    public string MoreConfirmations { get; init; } = "";
    public string? From { get; init; } = Time(-1);
    public string? Until { get; init; } = Time(5);
    public string Conditions { get; init; } = Audience(Sp);
    public string Authentication { get; init; } = $"<saml:AuthnStatement AuthnInstant=\"{Time(-1)}\" SessionIndex=\"s1\" SessionNotOnOrAfter=\"{Time(480)}\"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>";
    public string Attributes { get; init; } =
        "<saml:AttributeStatement><saml:Attribute Name=\"groups\" FriendlyName=\"Groups\"><saml:AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">developers</saml:AttributeValue><saml:AttributeValue>R&amp;D</saml:AttributeValue></saml:Attribute>"
        + "<saml:Attribute Name=\"mail\"><saml:AttributeValue>ada@example.com</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>";
    public string Issued { get; init; } = Time(0);
    public string Version { get; init; } = "2.0";

    /// <summary>In minutes from now.</summary>
    public static string Time(double minutes) => Now.AddMinutes(minutes).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Audience(params string[] audiences) => $"<saml:AudienceRestriction>{string.Concat(audiences.Select(each => $"<saml:Audience>{each}</saml:Audience>"))}</saml:AudienceRestriction>";

    public string Xml() =>
        $"<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ID=\"{ResponseId}\" Version=\"{Version}\" IssueInstant=\"{Issued}\"{Optional("Destination", Destination)}{Optional("InResponseTo", Answers)}>"
        + (ResponseIssuer is null ? "" : $"<saml:Issuer>{ResponseIssuer}</saml:Issuer>")
        + $"<samlp:Status>{Status}</samlp:Status>"
        + $"<saml:Assertion ID=\"{AssertionId}\" Version=\"{Version}\" IssueInstant=\"{Issued}\"><saml:Issuer>{Issuer}</saml:Issuer>"
        + $"<saml:Subject>{NameId}<saml:SubjectConfirmation Method=\"{Method}\"><saml:SubjectConfirmationData{Optional("InResponseTo", AssertionAnswers)}{Optional("Recipient", Recipient)}{Optional("NotBefore", ConfirmedFrom)}{Optional("NotOnOrAfter", ConfirmedUntil)}/></saml:SubjectConfirmation>{MoreConfirmations}</saml:Subject>"
        + $"<saml:Conditions{Optional("NotBefore", From)}{Optional("NotOnOrAfter", Until)}>{Conditions}</saml:Conditions>"
        + $"{Authentication}{Attributes}</saml:Assertion></samlp:Response>";

    public string Signed(TestSignature? signature = null) => (signature ?? new TestSignature()).Sign(Xml(), "Assertion");

    public string SignedResponse(TestSignature? signature = null) => (signature ?? new TestSignature()).Sign(Xml(), "Response");

    public string SignedTwice(TestSignature? signature = null) => (signature ?? new TestSignature()).Sign(Signed(signature), "Response");

    public static byte[] Form(string xml, string? relayState = "/builds") => Form(Encoding.UTF8.GetBytes(xml), relayState);

    public static byte[] Form(byte[] xml, string? relayState = "/builds") => Encoding.ASCII.GetBytes(
        $"SAMLResponse={WebUtility.UrlEncode(Convert.ToBase64String(xml))}{(relayState is null ? "" : $"&RelayState={WebUtility.UrlEncode(relayState)}")}");

    private static string Optional(string name, string? value) => value is null ? "" : $" {name}=\"{value}\"";
}
