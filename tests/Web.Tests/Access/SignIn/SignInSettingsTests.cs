using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Storage.Access;
using PRTS.Storage.Audit;

namespace PRTS.Web.Tests.Access.SignIn;

public class SignInSettingsTests(TestServer server)
{
    private static object Oidc(string issuer = "https://id.example.com", string client = "prts", string? secret = null, object[]? groups = null) => new { openIdConnect = new { issuer, clientId = client }, secret, groups = groups ?? [] };

    private static object Ldap(string address = "ldaps://ldap.example.com", string? secret = null, string nameAttribute = "uid") =>
        new { ldap = new { address, searchDn = "cn=search,dc=example,dc=com", peopleDn = "ou=people,dc=example,dc=com", nameAttribute }, secret };

    [Fact]
    public async Task Set_WithoutSecret_KeepsTheOneThatIsThere_WhileItGoesToTheSamePlace()
    {
        using var admin = await server.Client(Role.Admin);
        var name = server.Unique("idp");
        var set = await (await Put(admin, name, Oidc(secret: "known-to-both"))).Read<SignInProvider>();
        Assert.True(set.HasSecret);
        Assert.Equal(SignInKind.OpenIdConnect, set.Kind);
        Assert.DoesNotContain("known-to-both", await admin.GetStringAsync("/api/v1/sign-in-providers"), StringComparison.Ordinal);

        Assert.True((await (await Put(admin, name, Oidc())).Read<SignInProvider>()).HasSecret);
        using (var secret = await server.Get<SignInProvidersStore>().Secret("default", name)) Assert.Equal("known-to-both", secret!.Reveal());
        // Whoever changes where it goes does not get it sent there.
        Assert.False((await (await Put(admin, name, Oidc("https://id.evil.example"))).Read<SignInProvider>()).HasSecret);
        Assert.Null(await server.Get<SignInProvidersStore>().Secret("default", name));
    }

    [Theory]
    [InlineData("""{}""", "exactly one")]
    [InlineData("""{"openIdConnect": {"issuer": "http://id.example.com", "clientId": "p"}}""", "https address")]
    [InlineData("""{"openIdConnect": {"issuer": "https://id.example.com?x=1", "clientId": "p"}}""", "https address")]
    [InlineData("""{"openIdConnect": {"issuer": "https://id.example.com", "clientId": ""}}""", "clientId")]
    [InlineData("""{"openIdConnect": {"issuer": "https://id.example.com", "clientId": "p", "scopes": ["a b"]}}""", "scopes")]
    [InlineData("""{"ldap": {"address": "ldap://ldap.example.com", "searchDn": "a", "peopleDn": "b"}, "secret": "x"}""", "ldaps://host")]
    [InlineData("""{"ldap": {"address": "ldaps://ldap.example.com", "searchDn": "a", "peopleDn": "b"}}""", "needs 'secret'")]
    [InlineData("""{"ldap": {"address": "ldaps://ldap.example.com", "searchDn": "a", "peopleDn": "b", "nameAttribute": "uid)(x=*"}, "secret": "x"}""", "no name of an attribute")]
    [InlineData("""{"saml": {"metadata": "<x/>"}}""", "")]
    [InlineData("""{"saml": {"metadata": "http://id.example.com/metadata"}}""", "over https")]
    [InlineData("""{"openIdConnect": {"issuer": "https://id.example.com", "clientId": "p"}, "groups": [{"group": "a", "team": "nowhere"}]}""", "org/team")]
    [InlineData("""{"openIdConnect": {"issuer": "https://id.example.com", "clientId": "p"}, "groups": [{"group": "a", "team": "no/where"}]}""", "There is no team no/where")]
    public async Task Set_Wrong_SaysWhatWouldBeRight(string body, string expected)
    {
        using var admin = await server.Client(Role.Admin);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var problem = await (await admin.PutAsync($"/api/v1/sign-in-providers/{server.Unique("wrong")}", content)).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Contains(expected, problem, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Test_OfSomethingThatDoesNotAnswer_SaysSo()
    {
        using var admin = await server.Client(Role.Admin);
        var name = server.Unique("silent");
        await (await Put(admin, name, Oidc("http://127.0.0.1:1"))).Read<SignInProvider>();
        var test = await (await admin.PostAsync($"/api/v1/sign-in-providers/{name}/test", null)).Read<SignInTest>();
        Assert.False(test.Works);
        Assert.Contains("http://127.0.0.1:1", test.Text, StringComparison.Ordinal);
        var directory = server.Unique("ldap");
        await (await Put(admin, directory, Ldap("ldaps://10.1.2.3", secret: "x"))).Read<SignInProvider>();
        test = await (await admin.PostAsync($"/api/v1/sign-in-providers/{directory}/test", null)).Read<SignInTest>();
        Assert.False(test.Works);
        Assert.Contains("PRTS_EGRESS_ALLOW", test.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Provider_ThatMayNotBeAsked_SaysWhatWasRefusedAndWhichSettingAllowsIt()
    {
        using var admin = await server.Client(Role.Admin);
        foreach (var (issuer, refused) in new[] { ("https://10.1.2.3", "10.1.2.3 is an address of a private network: PRTS_EGRESS_ALLOW=10.1.2.3 would allow it."), ("https://[fe80::7]:8443", "fe80::7 is a link-local address: PRTS_EGRESS_ALLOW=fe80::7 would allow it.") })
        {
            var name = server.Unique("refused");
            await (await Put(admin, name, Oidc(issuer))).Read<SignInProvider>();
            // The second one meets what the library remembers of the first.
            foreach (var _ in (int[])[1, 2])
            {
                var test = await (await admin.PostAsync($"/api/v1/sign-in-providers/{name}/test", null)).Read<SignInTest>();
                Assert.False(test.Works);
                Assert.Contains(refused, test.Text, StringComparison.Ordinal);
                Assert.Contains("PRTS_EGRESS_ALLOW", test.Text, StringComparison.Ordinal);
                Assert.DoesNotContain("IDX", test.Text, StringComparison.Ordinal);
            }

            using var browser = server.Browser();
            using var begun = await browser.GetAsync($"/login/with/{name}");
            Assert.StartsWith("/login?error=provider", begun.Headers.Location?.OriginalString, StringComparison.Ordinal);
            var entry = Assert.Single((await server.Get<AuditEntries>().Find("default", new() { Target = $"sign-in-provider:{name}", Action = "session:begin" }, before: null, take: 10)).Items);
            Assert.Contains(refused, entry.Reason, StringComparison.Ordinal);
            Assert.DoesNotContain("IDX", entry.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Policy_ForEmergencies_LeavesPasswordsToThoseItNames()
    {
        var tenant = server.Unique("glass");
        using (var made = await (await server.Client(Role.Admin)).PostAsJsonAsync("/api/v1/tenants", new { name = tenant, administrator = new { name = "first", password = "anvils-and-rockets" } }, ApiJson.Options))
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        using var first = Basic($"{tenant}/first", "anvils-and-rockets");
        Assert.Equal("first", (await (await first.GetAsync("/api/v1/account")).Read<Me>()).Name);
        await (await first.PostAsJsonAsync("/api/v1/users", new CreateUser { Name = "other", Password = "tunnels-on-walls", Role = "viewer" }, ApiJson.Options)).Read<UserSummary>(HttpStatusCode.Created);

        Assert.Contains("must name an administrator", await (await Policy(first, new { passwords = "break-glass" })).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Contains("no administrator", await (await Policy(first, new { passwords = "break-glass", breakGlass = new[] { "other" } })).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Contains("no user 'nobody'", await (await Policy(first, new { passwords = "break-glass", breakGlass = new[] { "nobody" } })).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        using (var set = await Policy(first, new { passwords = "break-glass", breakGlass = new[] { "first" } })) Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);

        using var other = Basic($"{tenant}/other", "tunnels-on-walls");
        // Nothing else is set up, and a directory asks for passwords, too.
        Assert.Contains("no other way to sign in was set up", await (await other.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated"), StringComparison.Ordinal);
        Assert.StartsWith("/login?error=emergencies", await PostLogin(tenant, "other", "tunnels-on-walls"), StringComparison.Ordinal);
        await (await Put(first, "directory", Ldap(secret: "x"))).Read<SignInProvider>();
        Assert.Contains("no other way to sign in was set up", await (await other.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated"), StringComparison.Ordinal);
        await (await Put(first, "people", Oidc())).Read<SignInProvider>();
        Assert.StartsWith("/login?error=elsewhere", await PostLogin(tenant, "other", "tunnels-on-walls"), StringComparison.Ordinal);
        Assert.Contains("another provider", await (await other.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated"), StringComparison.Ordinal);
        using var wrong = Basic($"{tenant}/other", "wrong-on-purpose");
        Assert.DoesNotContain("another provider", await (await wrong.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated"), StringComparison.Ordinal);
        using var emergency = Basic($"{tenant}/first", "anvils-and-rockets");
        Assert.Equal("break-glass", JsonDocument.Parse(await emergency.GetStringAsync("/api/v1/sign-in-policy")).RootElement.GetProperty("passwords").GetString());
    }

    /// <summary>Where the form leads.</summary>
    private async Task<string> PostLogin(string tenant, string name, string password)
    {
        using var browser = server.Browser();
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", await browser.GetStringAsync("/test/form")), new("tenant", tenant), new("name", name), new("password", password)]);
        using var answer = await browser.PostAsync("/login", form);
        return answer.Headers.Location!.OriginalString;
    }

    private HttpClient Basic(string name, string password)
    {
        var client = server.Client();
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{name}:{password}")));
        return client;
    }

    private static Task<HttpResponseMessage> Put(HttpClient client, string name, object provider) => client.PutAsJsonAsync($"/api/v1/sign-in-providers/{name}", provider, ApiJson.Options);

    private static Task<HttpResponseMessage> Policy(HttpClient client, object policy) => client.PutAsJsonAsync("/api/v1/sign-in-policy", policy, ApiJson.Options);
}
