using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Playwright;
using PRTS.Api;
using PRTS.Api.Access;
using PRTS.Tests;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace PRTS.Browser.Tests;

/// <summary>Whole sign-ins with real providers: what a person does, from the button to the projects that a group of theirs may see.</summary>
[Collection("browser")]
public sealed class SignInTests(BrowserFixture fixture)
{
    private const string Secret = "known to both";
    private static readonly string Peers = Path.Combine(AppContext.BaseDirectory, "Peers");

    private HttpClient Http => fixture.Prts.Http;
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenIdConnect_FromTheButton_SignsInAndFillsTheTeam()
    {
        var modules = NodeModules.With("oidc-provider");
        var callback = new Uri(fixture.Prts.Url, "/login/oidc/company/callback").AbsoluteUri;
        await using var provider = await ServerProcess.Start((port, _) => [ServerProcess.Find("node")!, Path.Combine(Peers, "oidc-provider.mjs"), port, modules, Secret, callback]);
        var issuer = new Uri($"http://127.0.0.1:{provider.Port}");
        await Team("oidc-team");
        await Provider("company", new
        {
            displayName = "Company",
            openIdConnect = new { issuer = issuer.GetLeftPart(UriPartial.Authority), clientId = "prts" },
            groups = new[] { new { group = "engineering", team = "demo/oidc-team" } },
            secret = Secret,
        });

        await using var visit = await fixture.Open();
        visit.Expect(issuer);
        var page = visit.Page;
        await page.GotoAsync("/login?returnUrl=%2Fdemo%2Fhello");
        await Shots.Take(page, "login-providers");
        await page.GetByRole(AriaRole.Link, new() { Name = "Continue with Company" }).ClickAsync();
        await At(page, issuer, "grace");
        await page.WaitForURLAsync("**/demo/hello");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "hello" })).ToBeVisibleAsync();
        Assert.Equal("grace", (await User("grace"))!.Name);

        // Somebody of no such group has an account, and sees nothing.
        await using var other = await fixture.Open();
        other.Expect(issuer);
        await other.Page.GotoAsync("/login");
        await other.Page.GetByRole(AriaRole.Link, new() { Name = "Continue with Company" }).ClickAsync();
        await At(other.Page, issuer, "linus");
        await other.Page.WaitForURLAsync(new Uri(fixture.Prts.Url, "/").AbsoluteUri);
        await other.Page.GotoAsync("/demo/hello");
        await Expect(other.Page.GetByText("You have no permission for this").First).ToBeVisibleAsync();

        // Whoever changes his mind there comes back, and is told that nothing has happened.
        await using var third = await fixture.Open();
        third.Expect(issuer);
        await third.Page.GotoAsync("/login");
        await third.Page.GetByRole(AriaRole.Link, new() { Name = "Continue with Company" }).ClickAsync();
        await third.Page.GetByRole(AriaRole.Link, new() { Name = "Cancel" }).ClickAsync();
        await Expect(third.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("did not log you in");
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Saml_FromTheButton_SignsIn()
    {
        var modules = NodeModules.With("samlp");
        var consumer = new Uri(fixture.Prts.Url, "/login/saml/office/response").AbsoluteUri;
        await using var provider = await ServerProcess.Start((port, directory) =>
        {
            WriteKey(directory, "idp");
            WriteKey(directory, "sp");
            return [ServerProcess.Find("node")!, Path.Combine(Peers, "samlp.js"), port, modules, directory, consumer];
        });
        var address = new Uri($"http://127.0.0.1:{provider.Port}");
        await Team("saml-team");
        await Provider("office", new
        {
            displayName = "Office",
            saml = new
            {
                metadata = $"{address}FederationMetadata/2007-06/FederationMetadata.xml",
                nameAttribute = "",
                emailAttribute = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
                groupsAttribute = "http://schemas.passportjs.com/groups",
            },
            groups = new[] { new { group = "R&D*", team = "demo/saml-team" } },
        });

        await using var visit = await fixture.Open();
        visit.Expect(address);
        var page = visit.Page;
        await page.GotoAsync("/login?returnUrl=%2Fdemo%2Fhello");
        await page.GetByRole(AriaRole.Link, new() { Name = "Continue with Office" }).ClickAsync();
        await page.WaitForURLAsync("**/demo/hello");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "hello" })).ToBeVisibleAsync();
        Assert.NotNull(await User("ada"));
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Ldap_ByTheForm_SignsIn()
    {
        await Team("ldap-team");
        await Provider("directory", new
        {
            displayName = "Directory",
            ldap = new { address = fixture.Directory.Address, searchDn = Slapd.SearchDn, peopleDn = "ou=people,dc=example,dc=com", groupsDn = "ou=groups,dc=example,dc=com" },
            groups = new[] { new { group = "builders", team = "demo/ldap-team" } },
            secret = Slapd.SearchPassword,
        });
        using var tested = await Http.PostAsync("/api/v1/sign-in-providers/directory/test", null, Ct);
        var test = (await tested.Content.ReadFromJsonAsync<SignInTest>(ApiJson.Options, Ct))!;
        Assert.True(test.Works, test.Text);

        await using var visit = await fixture.Open();
        await visit.LogIn("barbara", "wrong horse battery");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The name or the password is wrong");
        await visit.LogIn("barbara)(uid=*", Slapd.Password);
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The name or the password is wrong");
        await visit.LogIn("barbara", Slapd.Password);
        await visit.Go("/demo/hello");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "hello" })).ToBeVisibleAsync();

        // In no group of the rules: in, but without a project.
        await using var other = await fixture.Open();
        await other.LogIn("ken", Slapd.Password);
        await other.Page.GotoAsync("/demo/hello");
        await Expect(other.Page.GetByText("You have no permission for this").First).ToBeVisibleAsync();
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Tenant_OfItsOwn_SignsInAtItsAddressAndSeesNothingElse()
    {
        using var made = await Http.PostAsJsonAsync("/api/v1/tenants", new { name = "acme", displayName = "Acme", administrator = new { name = "wile", password = "anvils-and-rockets" } }, ApiJson.Options, Ct);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Ct));
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn("wile", "anvils-and-rockets");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The name or the password is wrong");
        await page.GotoAsync("/login?tenant=acme");
        await Expect(page.Locator("main")).ToContainTextAsync("acme");
        await page.FillAsync("#name", "wile");
        await page.FillAsync("#password", "anvils-and-rockets");
        await page.ClickAsync("main button[type=submit]");
        await page.WaitForURLAsync(new Uri(fixture.Prts.Url, "/").AbsoluteUri);
        await Expect(page.GetByText("hello", new() { Exact = true })).ToHaveCountAsync(0);
        await page.GotoAsync("/demo/hello");
        await Expect(page.GetByText("demo/hello").First).Not.ToBeVisibleAsync();
        // The browser knows from now on where this person belongs.
        await page.Context.ClearCookiesAsync(new() { Name = "prts-session" });
        await page.GotoAsync("/login");
        await Expect(page.Locator("main")).ToContainTextAsync("acme");
        await visit.NothingWentWrong();
    }

    /// <summary>The login and consent pages of the npm package oidc-provider.</summary>
    private static async Task At(IPage page, Uri issuer, string name)
    {
        // Its pages ask for fonts elsewhere, which may never come.
        await page.WaitForURLAsync($"{issuer}interaction/**", new() { WaitUntil = WaitUntilState.Commit });
        await page.FillAsync("input[name=login]", name);
        await page.FillAsync("input[name=password]", "any");
        await page.ClickAsync("button[type=submit]");
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
    }

    /// <summary>A team that may see the sample project.</summary>
    private async Task Team(string name)
    {
        await Done(await Http.PutAsJsonAsync($"/api/v1/organizations/demo/teams/{name}", new { text = "" }, ApiJson.Options));
        await Done(await Http.PostAsJsonAsync("/api/v1/projects/demo/hello/grants", new { team = $"demo/{name}", role = "viewer" }, ApiJson.Options));
    }

    private async Task Provider(string name, object provider) => await Done(await Http.PutAsJsonAsync($"/api/v1/sign-in-providers/{name}", provider, ApiJson.Options));

    private static async Task Done(HttpResponseMessage answer)
    {
        using (answer) Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<UserSummary?> User(string name)
    {
        var users = JsonSerializer.Deserialize<List<UserSummary>>(await Http.GetStringAsync("/api/v1/users"), ApiJson.Options)!;
        return users.SingleOrDefault(user => user.Name == name);
    }

    private static void WriteKey(string directory, string name)
    {
        using var key = RSA.Create(2048);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest($"CN={name} of a test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        File.WriteAllText(Path.Combine(directory, $"{name}.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(directory, $"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(directory, $"{name}.pub"), key.ExportSubjectPublicKeyInfoPem());
    }
}
