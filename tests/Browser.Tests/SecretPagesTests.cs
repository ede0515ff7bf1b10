using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace PRTS.Browser.Tests;

/// <summary>Secrets, variables and connections to Vaults by pages: what goes in is seen by nobody again.</summary>
[Collection("browser")]
public sealed class SecretPagesTests(BrowserFixture fixture)
{
    private const string Canary = "canary-5d1c-typed-into-a-page\nand its second line";

    [Fact]
    public async Task Secret_SetWithLimits_IsListedAndItsValueIsNowhereInThePage()
    {
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/demo/hello/secrets");
        // Those of the tenant and the organization are listed, too.
        await Expect(page.Locator("[data-secret=DEPLOY_KEY]")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "New secret" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("1ST");
        await page.GetByLabel("Value", new() { Exact = true }).FillAsync(Canary);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("does not begin with a digit");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("DEPLOY_KEY");
        await page.GetByLabel("What it is for").FillAsync("To reach the servers");
        await page.GetByLabel("Only builds of these branches").FillAsync("main, release/*");
        await page.GetByLabel("Only jobs that deploy to these environments").FillAsync("production");
        await Shots.Take(page, "secret-dialog");
        await NowhereToBeSeen(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();

        var row = page.Locator("[data-secret=DEPLOY_KEY]");
        await Expect(row).ToContainTextAsync("branch release/*");
        await Expect(row).ToContainTextAsync("environment production");
        await Expect(row).ToContainTextAsync("Stored, version 1");
        await Expect(page.Locator("#secret-value")).ToHaveCountAsync(0);
        await NowhereToBeSeen(page);
        Assert.DoesNotContain("canary", page.Url, StringComparison.Ordinal);
        await page.ReloadAsync();
        await Expect(row).ToBeVisibleAsync();
        await NowhereToBeSeen(page);

        // Limits change, and the value stays.
        await visit.Go("/demo/hello/secrets");
        await page.GetByRole(AriaRole.Button, new() { Name = "Change DEPLOY_KEY" }).ClickAsync();
        await Expect(page.Locator("#secret-value")).ToHaveJSPropertyAsync("value", "");
        await page.GetByLabel("Only builds of these branches").FillAsync("main");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(row).Not.ToContainTextAsync("release/*");
        await Expect(row).ToContainTextAsync("Stored, version 1");

        await visit.Go("/demo/-/secrets");
        await Set(page, "DEPLOY_KEY", "wider");
        await Set(page, "NPM_TOKEN", "of the organization");
        await visit.Go("/demo/hello/secrets");
        await Expect(page.Locator("[data-secret=NPM_TOKEN]").GetByRole(AriaRole.Link, new() { Name = "Organization demo" })).ToHaveAttributeAsync("href", "/demo/-/secrets");
        await Expect(page.Locator("[data-secret=DEPLOY_KEY].replaced")).ToContainTextAsync("Organization demo");
        await Shots.Everywhere(fixture, "secrets", "/demo/hello/secrets");

        await page.Locator("[data-secret=DEPLOY_KEY]:not(.replaced)").GetByRole(AriaRole.Button, new() { Name = "Remove DEPLOY_KEY" }).ClickAsync();
        await Expect(page.GetByText("Jobs that ask for it fail from now on")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove it" }).ClickAsync();
        await Expect(page.Locator("[data-secret=DEPLOY_KEY]:not(.replaced)")).ToContainTextAsync("Organization demo");
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Key_Rotated_IsAnotherAndWrapsAllDataKeys()
    {
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/admin");
        var panel = page.Locator("section", new() { HasText = "keys.json" });
        var former = await panel.Locator("code").InnerTextAsync();
        await Shots.Everywhere(fixture, "keys", "/admin");
        await panel.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button).Last.ClickAsync();
        await Expect(panel.Locator("code")).Not.ToHaveTextAsync(former);
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Variables_OfTheTenant_ReachTheProjectsPage()
    {
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/admin/variables");
        await page.GetByRole(AriaRole.Button, new() { Name = "New variable" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("MIRROR");
        await page.GetByLabel("Value", new() { Exact = true }).FillAsync("https://mirror.example.com");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("[data-variable=MIRROR]")).ToBeVisibleAsync();
        await visit.Go("/demo/hello/variables");
        await Expect(page.Locator("[data-variable=MIRROR]").GetByRole(AriaRole.Link, new() { Name = "Whole tenant" })).ToHaveAttributeAsync("href", "/admin/variables");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Edit MIRROR" })).ToHaveCountAsync(0);
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Vault_Connection_IsSetWithoutItsCredentialBeingSeen()
    {
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/admin/secrets");
        await page.GetByRole(AriaRole.Button, new() { Name = "New connection" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("main");
        await page.GetByLabel("Address", new() { Exact = true }).FillAsync("https://vault.example.com:8200");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Give the token");
        await page.GetByLabel("Token, or the AppRole’s secret id").FillAsync("canary-5d1c-token");
        await Shots.Take(page, "vault-dialog");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("[data-vault=main]")).ToContainTextAsync("https://vault.example.com:8200");
        await NowhereToBeSeen(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "New secret" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("FROM_VAULT");
        await page.GetByLabel("Read from Vault").CheckAsync();
        await page.GetByLabel("Path", new() { Exact = true }).FillAsync("app");
        await page.GetByLabel("Field", new() { Exact = true }).FillAsync("password");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("[data-secret=FROM_VAULT]")).ToContainTextAsync("main: secret/app#password");
        await Shots.Everywhere(fixture, "tenant-secrets", "/admin/secrets");
        await visit.NothingWentWrong();
    }

    private static async Task Set(IPage page, string name, string value)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "New secret" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync(name);
        await page.GetByLabel("Value", new() { Exact = true }).FillAsync(value);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator($"[data-secret={name}]")).ToBeVisibleAsync();
    }

    /// <summary>Neither in what the server sent nor in what scripts made of it.</summary>
    private static async Task NowhereToBeSeen(IPage page) => Assert.DoesNotContain("canary-5d1c", await page.ContentAsync(), StringComparison.Ordinal);
}
