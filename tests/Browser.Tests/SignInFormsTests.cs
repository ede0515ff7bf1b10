using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Playwright;
using PRTS.Api;
using PRTS.Api.Access;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace PRTS.Browser.Tests;

/// <summary>How an administrator says by the page who may sign in how; each test in a tenant of its own, whose policy disturbs no other.</summary>
[Collection("browser")]
public sealed class SignInFormsTests(BrowserFixture fixture)
{
    private const string Password = "long enough to pass";

    [Fact]
    public async Task OpenIdConnectProvider_ByTheForm_IsMadeChangedAndRemoved()
    {
        await using var visit = await Administrator("forms-oidc");
        var page = visit.Page;
        await New(page, "OpenID Connect");
        await Fill(page, "Name in addresses", "Company ID");
        await Save(page);
        await Says(page, "use 1–40 of a-z 0-9 and hyphens");
        await Fill(page, "Name in addresses", "company");
        await Fill(page, "Issuer", "id.example.com");
        await Fill(page, "Client secret", "kept until it is saved");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("/login/oidc/company/callback?tenant=forms-oidc");
        await Save(page);
        await Says(page, "it is the https address that the provider calls itself");
        await Fill(page, "Issuer", "https://id.example.com");
        await Save(page);
        await Says(page, "the provider gives it when PRTS is registered there");
        await Fill(page, "Client ID", "prts");
        await Fill(page, "Groups that fill teams", "engineering");
        await Save(page);
        await Says(page, "‘engineering’ is no rule: write group -> organization/team.");
        await Fill(page, "Groups that fill teams", "");
        await Save(page);
        var row = page.Locator("[data-provider=company]");
        await Expect(row).ToContainTextAsync("https://id.example.com");
        // The secret that was typed before the mistakes were mended.
        Assert.True((await Provider(page, "company"))!.HasSecret);

        await page.GetByRole(AriaRole.Button, new() { Name = "Edit company" }).ClickAsync();
        await Expect(page.GetByLabel("Client secret")).ToHaveValueAsync("");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Left empty, the one that is there stays");
        await Fill(page, "Name on the button", "The company");
        await Save(page);
        await Expect(row).ToContainTextAsync("The company");
        Assert.True((await Provider(page, "company"))!.HasSecret);
        await page.GetByRole(AriaRole.Button, new() { Name = "Edit The company" }).ClickAsync();
        await Fill(page, "Issuer", "https://id.elsewhere.example.com");
        await Save(page);
        await Expect(row).ToContainTextAsync("elsewhere");
        // It was not given for there.
        Assert.False((await Provider(page, "company"))!.HasSecret);

        await page.GetByRole(AriaRole.Button, new() { Name = "Remove The company" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove", Exact = true }).ClickAsync();
        await Expect(page.GetByText("No providers")).ToBeVisibleAsync();
        Assert.Null(await Provider(page, "company"));
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task LdapProvider_ByTheForm_IsMadeTestedAndChanged()
    {
        await using var visit = await Administrator("forms-ldap");
        var page = visit.Page;
        await New(page, "LDAP");
        await Fill(page, "Name in addresses", "people");
        await Fill(page, "Address", fixture.Directory.Address.Replace("ldaps:", "ldap:", StringComparison.Ordinal));
        await Save(page);
        await Says(page, "it is ldaps://host or ldaps://host:port. Without TLS passwords could be read on the way.");
        await Fill(page, "Address", fixture.Directory.Address);
        await Save(page);
        await Says(page, "the DN of the account that looks for people");
        await Fill(page, "DN of the account that looks for people", Slapd.SearchDn);
        await Fill(page, "DN below which people are", "ou=people,dc=example,dc=com");
        await Save(page);
        await Says(page, "the password of the account that looks for people");
        await Fill(page, "Its password", "wrong");
        await Save(page);
        var row = page.Locator("[data-provider=people]");
        await page.GetByRole(AriaRole.Button, new() { Name = "Test people" }).ClickAsync();
        await Expect(row.Locator("[role=status].notice-error")).ToBeVisibleAsync();
        await Edit(page, "people");
        await Fill(page, "Its password", Slapd.SearchPassword);
        await Save(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Test people" }).ClickAsync();
        await Expect(row.Locator("[role=status]:not(.notice-error)")).ToBeVisibleAsync();
        await Shots.Take(page, "sign-in-ldap-tested");

        // The password stays where nothing is typed, and the directory still takes it.
        await Edit(page, "people");
        await Fill(page, "Name on the button", "Everybody we know");
        await Save(page);
        await Expect(row).ToContainTextAsync("Everybody we know");
        await visit.Go("/admin/sign-in");
        await page.GetByRole(AriaRole.Button, new() { Name = "Test Everybody we know" }).ClickAsync();
        await Expect(row.Locator("[role=status]:not(.notice-error)")).ToBeVisibleAsync();
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task SamlProvider_ByTheForm_IsMade()
    {
        await using var visit = await Administrator("forms-saml");
        var page = visit.Page;
        await New(page, "SAML 2.0");
        await Fill(page, "Name in addresses", "office");
        await Fill(page, "Metadata of the provider", "<x/>");
        await Save(page);
        await Says(page, "describe no SAML 2.0 identity provider");
        await Fill(page, "Metadata of the provider", Metadata());
        await Save(page);
        var row = page.Locator("[data-provider=office]");
        await Expect(row).ToContainTextAsync("https://idp.example.com");
        await page.GetByRole(AriaRole.Button, new() { Name = "Test office" }).ClickAsync();
        await Expect(row.GetByRole(AriaRole.Status)).ToContainTextAsync("people are sent to https://idp.example.com/redirect");
        await Shots.Take(page, "sign-in-saml-tested");

        await using var other = await fixture.Open();
        await other.Page.GotoAsync("/login?tenant=forms-saml");
        await Expect(other.Page.GetByRole(AriaRole.Link, new() { Name = "Continue with office" })).ToBeVisibleAsync();
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task BreakGlass_IsThePolicy_RefusesOrdinaryPasswords_AndLetsTheNamedOneIn()
    {
        await using var visit = await Administrator("glass");
        var page = visit.Page;
        await visit.Go("/admin/users");
        await page.GetByRole(AriaRole.Button, new() { Name = "New user" }).ClickAsync();
        await Fill(page, "Name", "otto");
        await Fill(page, "Password", Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(page.Locator("[data-user=otto]")).ToBeVisibleAsync();

        await visit.Go("/admin/sign-in");
        await New(page, "SAML 2.0");
        await Fill(page, "Name in addresses", "office");
        await Fill(page, "Metadata of the provider", Metadata());
        await Save(page);
        await Expect(page.Locator("[data-provider=office]")).ToBeVisibleAsync();
        await page.GetByLabel("Emergency accounts only").CheckAsync();
        await SavePolicy(page);
        await Says(page, "must name an administrator who has one");
        await Fill(page, "Emergency accounts", "otto");
        await SavePolicy(page);
        await Says(page, "'otto' is no administrator of the tenant");
        await Fill(page, "Emergency accounts", "chief");
        await SavePolicy(page);
        await Expect(page.GetByText("Saved", new() { Exact = true })).ToBeVisibleAsync();

        await using var other = await fixture.Open();
        await other.Page.GotoAsync("/login?tenant=glass");
        await Expect(other.Page.Locator("#password")).Not.ToBeVisibleAsync();
        await Shots.Take(other.Page, "login-break-glass");
        await Enter(other.Page, "otto");
        await Expect(other.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The password is right, but here people log in with the provider below.");
        await Shots.Take(other.Page, "login-break-glass-refused");
        await Enter(other.Page, "chief");
        await other.Page.WaitForURLAsync(new Uri(fixture.Prts.Url, "/").AbsoluteUri);
        await visit.NothingWentWrong();
        await other.NothingWentWrong();
    }

    [Fact]
    public async Task Page_AndItsDialogs_Pictures()
    {
        await Shots.Everywhere(fixture, "sign-in-page", "/admin/sign-in");
        foreach (var kind in new[] { "OpenID Connect", "LDAP", "SAML 2.0" })
        {
            await Shots.Everywhere(fixture, $"sign-in-{kind.Split(' ')[0]}", "/admin/sign-in", async page =>
            {
                await New(page, kind);
                await Fill(page, "Name in addresses", "Not A Name");
                await Save(page);
                await Says(page, "cannot be a provider's name");
                Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"The dialog of {kind} is wider than the page.");
            });
        }
    }

    /// <summary>A new tenant's administrator at the page for sign-ins.</summary>
    private async Task<Visit> Administrator(string tenant)
    {
        using var made = await fixture.Prts.Http.PostAsJsonAsync("/api/v1/tenants", new { name = tenant, displayName = tenant, administrator = new { name = "chief", password = Password } }, ApiJson.Options, TestContext.Current.CancellationToken);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var visit = await fixture.Open();
        await visit.Page.GotoAsync($"/login?tenant={tenant}");
        await Enter(visit.Page, "chief");
        await visit.Page.WaitForURLAsync(new Uri(fixture.Prts.Url, "/").AbsoluteUri);
        await visit.Go("/admin/sign-in");
        return visit;
    }

    /// <summary>Name and password, also where the form is folded because people use providers.</summary>
    private static async Task Enter(IPage page, string name)
    {
        if (!await page.Locator("#name").IsVisibleAsync()) await page.GetByText("Emergency access with a password").ClickAsync();
        await page.FillAsync("#name", name);
        await page.FillAsync("#password", Password);
        await page.ClickAsync("main button[type=submit]");
    }

    private static async Task New(IPage page, string kind)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "New provider" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = kind }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
    }

    private static Task Edit(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = $"Edit {name}" }).ClickAsync();

    private static Task Fill(IPage page, string label, string text) => page.GetByLabel(label, new() { Exact = true }).FillAsync(text);

    private static Task Save(IPage page) => page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();

    private static Task SavePolicy(IPage page) => page.GetByRole(AriaRole.Region, new() { Name = "Passwords of PRTS" }).GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();

    private static Task Says(IPage page, string text) => Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(text);

    private static async Task<SignInProvider?> Provider(IPage page, string name)
    {
        var answer = await page.Context.APIRequest.GetAsync("/api/v1/sign-in-providers");
        return JsonSerializer.Deserialize<List<SignInProvider>>(await answer.TextAsync(), ApiJson.Options)!.SingleOrDefault(provider => provider.Name == name);
    }

    private static string Metadata()
    {
        using var key = RSA.Create(2048);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=office", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        return "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"https://idp.example.com\"><md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">"
            + $"<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{Convert.ToBase64String(certificate.RawData)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            + "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/redirect\"/></md:IDPSSODescriptor></md:EntityDescriptor>";
    }
}
