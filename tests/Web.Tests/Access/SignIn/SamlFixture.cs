using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.AspNetCore.WebUtilities;
using PRTS.Contracts;
using PRTS.Contracts.Projects;
using PRTS.Saml;
using PRTS.Storage.Access;
using PRTS.Tests.Saml;
using PRTS.Web.Access.SignIn;

namespace PRTS.Web.Tests.Access.SignIn;

/// <summary>The web layer with SAML providers, whose keys the tests have, and without a bound on the attempts of one address.</summary>
public sealed partial class SamlFixture : IAsyncLifetime
{
    /// <summary>As <see cref="TestServer"/> is called from outside.</summary>
    private const string Public = "http://prts.test";

    /// <summary>Of the same provider with the same key, for which it is another service at another address.</summary>
    internal const string ElsewhereTenant = "elsewhere";

    internal TestServer Server { get; } = new() { Gateway = TestServer.Unbounded };

    internal HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        Client = Server.Client();
        Assert.Null(await Server.Grains.Tenant(ElsewhereTenant).Create("Somebody else"));
        X509Certificate2[] keys = [TestKeys.Rsa, TestKeys.P256];
        await Add(ProjectId.DefaultTenant, "corp", TestResponse.Idp, keys);
        await Add(ProjectId.DefaultTenant, "second", TestResponse.Idp, keys);
        await Add(ProjectId.DefaultTenant, "portal", TestResponse.Idp, keys, allowUnsolicited: true);
        await Add(ProjectId.DefaultTenant, "closed", TestResponse.Idp, keys, enabled: false);
        await Add(ProjectId.DefaultTenant, "another", "https://another.example.com/saml", [TestKeys.Attacker]);
        await Add(ElsewhereTenant, "corp", TestResponse.Idp, keys);
        await Add(ElsewhereTenant, "theirs", "https://theirs.example.com/saml", [TestKeys.Attacker]);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
    }

    /// <summary>A sign-in as far as the browser's way to the provider.</summary>
    /// <param name="Cookie">As the browser sends it; null: it has none.</param>
    /// <param name="Request">The id of the request.</param>
    internal sealed record Begun(string Tenant, string Provider, string? Cookie, string Request)
    {
        public string Consumer => $"{Public}/login/saml/{Provider}/response{Query}";

        public string Query => Tenant == ProjectId.DefaultTenant ? "" : $"?tenant={Tenant}";

        /// <summary>What a right response to it has.</summary>
        public TestResponse Right => new()
        {
            ResponseId = $"_{Guid.NewGuid():N}",
            AssertionId = $"_{Guid.NewGuid():N}",
            Destination = Consumer,
            Recipient = Consumer,
            Answers = Request,
            AssertionAnswers = Request,
            ConfirmedUntil = Time(5),
            From = Time(-1),
            Until = Time(5),
            Conditions = TestResponse.Audience(Audience),
            Authentication = $"<saml:AuthnStatement AuthnInstant=\"{Time(-1)}\" SessionIndex=\"s1\"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>",
            Issued = Time(0),
        };
    }

    internal const string Audience = Public + "/saml";

    /// <summary>In minutes from now.</summary>
    internal static string Time(double minutes) => TimeProvider.System.GetUtcNow().AddMinutes(minutes).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    internal async Task<Begun> Begin(string provider = "corp", string tenant = ProjectId.DefaultTenant)
    {
        using var answer = await Client.GetAsync($"/login/with/{provider}?returnUrl=/there&tenant={tenant}");
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        var query = QueryHelpers.ParseQuery(answer.Headers.Location!.Query);
        using var request = new DeflateStream(new MemoryStream(Convert.FromBase64String(query["SAMLRequest"]!)), CompressionMode.Decompress);
        return new(tenant, provider, Assert.Single(answer.Headers.GetValues("Set-Cookie")).Split(';')[0], XDocument.Load(request).Root!.Attribute("ID")!.Value);
    }

    /// <summary>As a browser does it: the provider's page posts without a cookie of ours, and our page posts again with it.</summary>
    internal async Task<SignInOutcome> Answer(Begun begun, HttpContent form)
    {
        using var first = await Post($"/login/saml/{begun.Provider}/response{begun.Query}", form, null);
        if (first.StatusCode != HttpStatusCode.OK) return SignInOutcome.Of(first);
        var page = await first.Content.ReadAsStringAsync();
        var fields = Field().Matches(page).Select(field => KeyValuePair.Create(field.Groups["name"].Value, WebUtility.HtmlDecode(field.Groups["value"].Value))).ToList();
        using var again = new FormUrlEncodedContent(fields);
        using var answer = await Post(WebUtility.HtmlDecode(Action().Match(page).Groups["to"].Value), again, begun.Cookie);
        return SignInOutcome.Of(answer);
    }

    internal Task<SignInOutcome> Answer(Begun begun, string xml, string? relayState = null) => Answer(begun, Form(TestResponse.Form(xml, relayState)));

    /// <summary>Past the page, as nobody's browser does it.</summary>
    internal async Task<SignInOutcome> Finish(Begun begun, HttpContent form)
    {
        using var answer = await Post($"/login/saml/{begun.Provider}/finish{begun.Query}", form, begun.Cookie);
        return SignInOutcome.Of(answer);
    }

    internal static ByteArrayContent Form(byte[] body, string? type = "application/x-www-form-urlencoded")
    {
        var content = new ByteArrayContent(body);
        if (type is not null) content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }

    internal async Task<HttpResponseMessage> Post(string address, HttpContent content, string? cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
        if (cookie is not null) request.Headers.TryAddWithoutValidation("Cookie", cookie);
        // The server refuses what is too large before it comes, and need not hang up on who sends it.
        request.Headers.ExpectContinue = content.Headers.ContentLength > 1 << 20;
        return await Client.SendAsync(request);
    }

    /// <summary>Whether the form, in the browser that began, says what the response says: then nothing that counts was changed.</summary>
    internal static async Task<bool> SaysTheSame(Begun begun, string response, byte[] form) =>
        await Said(begun, form) is { } said && said == await Said(begun, TestResponse.Form(response));

    private static async Task<string?> Said(Begun begun, byte[] form)
    {
        var expectations = new SamlExpectations
        {
            IdentityProvider = TestResponse.Idp,
            Certificates = [TestKeys.Rsa, TestKeys.P256],
            ServiceProvider = Audience,
            AssertionConsumerUrl = begun.Consumer,
            Requests = [begun.Request],
        };
        return await SamlResponse.Read(form, expectations, new NeverUsed()) is SamlResult.Accepted accepted ? JsonSerializer.Serialize(accepted.SignIn) : null;
    }

    private async Task Add(string tenant, string name, string entity, X509Certificate2[] keys, bool allowUnsolicited = false, bool enabled = true)
    {
        var metadata = $"<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"{entity}\"><md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">"
            + string.Concat(keys.Select(key => $"<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{Convert.ToBase64String(key.RawData)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"))
            + "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/redirect\"/></md:IDPSSODescriptor></md:EntityDescriptor>";
        await Server.Get<SignInProvidersStore>().Set(tenant, new() { Name = name, Enabled = enabled, Saml = new() { Metadata = metadata, AllowUnsolicited = allowUnsolicited } }, secret: null, keeps: false);
        var (_, problem) = Server.Get<SamlSignInProvider>().Read(new() { Metadata = metadata });
        Assert.Null(problem);
    }

    private sealed class NeverUsed : ISamlReplayGuard
    {
        public ValueTask<bool> TryUse(string issuer, string assertionId, DateTimeOffset until, CancellationToken cancellationToken) => ValueTask.FromResult(true);
    }

    [GeneratedRegex("<input type=\"hidden\" name=\"(?<name>[^\"]*)\" value=\"(?<value>[^\"]*)\">", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Field();

    [GeneratedRegex("<form method=\"post\" action=\"(?<to>[^\"]*)\">", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Action();
}
