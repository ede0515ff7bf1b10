using System.Net.Http.Json;
using Microsoft.Playwright;
using PRTS.Api;
using PRTS.Api.Access;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace PRTS.Browser.Tests;

/// <summary>Who may do what, by pages: an administrator gives and takes, somebody else's open pages follow.</summary>
[Collection("browser")]
public sealed class AccessTests(BrowserFixture fixture)
{
    private const string Password = "long enough to pass";

    [Fact]
    public async Task Protection_OfBranches_IsSetOnTheProjectsPage()
    {
        using var made = await fixture.Prts.Http.PostAsJsonAsync("/api/v1/projects", new { org = "lab", name = "shield" }, ApiJson.Options, TestContext.Current.CancellationToken);
        Assert.True(made.IsSuccessStatusCode);
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/lab/shield/access");
        var panel = page.Locator("section", new() { Has = page.GetByRole(AriaRole.Heading, new() { Name = "Protected branches and tags" }) });
        await Expect(panel).ToContainTextAsync("Nothing is protected");
        await panel.GetByLabel("Branches and tags", new() { Exact = true }).FillAsync("main, refs/heads/next");
        await panel.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(panel.GetByRole(AriaRole.Alert)).ToContainTextAsync("without refs/heads/");
        await panel.GetByLabel("Branches and tags", new() { Exact = true }).FillAsync("main, release/** tag:v*");
        await panel.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(panel.GetByText("Nothing is protected")).ToHaveCountAsync(0);
        await Expect(panel.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
        await visit.Go("/lab/shield/access");
        await Expect(panel.GetByLabel("Branches and tags", new() { Exact = true })).ToHaveValueAsync("main release/** tag:v*");
        await visit.NothingWentWrong();
        Assert.Contains("[\"main\",\"release/**\",\"tag:v*\"]", await fixture.Prts.Http.GetStringAsync("/api/v1/projects/lab/shield", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains("\"project:protect\"", await fixture.Prts.Http.GetStringAsync("/api/v1/audit?limit=200", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await Shots.Everywhere(fixture, "access-protection", "/lab/shield/access");
    }

    [Fact]
    public async Task Team_GivenARoleInOneProject_OpensItToItsMember_AndClosesItAtOnceWhenTaken()
    {
        using var made = await fixture.Prts.Http.PostAsJsonAsync("/api/v1/projects", new { org = "lab", name = "rocket" }, ApiJson.Options, TestContext.Current.CancellationToken);
        Assert.True(made.IsSuccessStatusCode);
        await NewUser("eve");

        await using var member = await fixture.Open();
        await member.LogIn("eve", Password);
        await Expect(member.Page.GetByText("You have no permission for this")).ToBeVisibleAsync();

        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await MakeTeam(visit, "crew", "eve");
        Assert.Equal(403, (await member.Page.GotoAsync("/lab/rocket"))!.Status);
        await visit.Go("/lab/rocket");
        await page.GetByRole(AriaRole.Link, new() { Name = "Access" }).ClickAsync();
        await Expect(page).ToHaveURLAsync("/lab/rocket/access");
        await Give(page, "lab/crew", "developer");
        await Expect(page.Locator("[data-grant='lab/crew developer']")).ToContainTextAsync("given here");
        await Expect(page.Locator("[data-grant='admin admin']")).ToContainTextAsync("the whole tenant");

        await visit.Go("/admin/why?user=eve&permission=pipeline%3Arun&scope=lab%2Frocket");
        var answer = page.Locator(".why");
        await Expect(answer).ToHaveAttributeAsync("data-allowed", "true");
        await Expect(answer).ToContainTextAsync("Yes, eve may");
        await Expect(answer).ToContainTextAsync("developer");
        await Expect(answer.GetByRole(AriaRole.Link, new() { Name = "lab/crew" })).ToBeVisibleAsync();
        await Shots.Take(page, "access-why-yes");
        await page.GetByLabel("May do what").SelectOptionAsync("secret:manage");
        await Expect(page).ToHaveURLAsync("/admin/why?user=eve&permission=secret%3Amanage&scope=lab%2Frocket");
        await Expect(answer).ToContainTextAsync("No, eve may not");
        await Expect(answer).ToContainTextAsync("maintainer");

        await member.Go("/");
        await Expect(member.Page.GetByRole(AriaRole.Link, new() { Name = "lab / rocket" })).ToBeVisibleAsync();
        await member.Go("/lab/rocket");
        await Expect(member.Page.GetByRole(AriaRole.Heading, new() { Name = "rocket", Exact = true })).ToBeVisibleAsync();
        await visit.Go("/lab/-/access");
        await Shots.Take(page, "access-team");
        await visit.Go("/lab/rocket/access");
        await Shots.Take(page, "access-project");
        await page.GetByRole(AriaRole.Button, new() { Name = "Take the role developer from lab/crew" }).ClickAsync();
        await Expect(page.Locator("[data-grant='lab/crew developer']")).ToHaveCountAsync(0);
        await Expect(member.Page.GetByText("You have no permission for this")).ToBeVisibleAsync();
        await Shots.Take(member.Page, "access-refused");
        await member.Page.GetByRole(AriaRole.Link, new() { Name = "Ask why" }).ClickAsync();
        await Expect(member.Page).ToHaveURLAsync("/account/why?permission=build%3Aread&scope=lab%2Frocket");
        await Expect(member.Page.Locator(".why")).ToContainTextAsync("No, eve may not");
        await visit.NothingWentWrong();
        await member.NothingWentWrong();

        var entries = await fixture.Prts.Http.GetStringAsync("/api/v1/audit?limit=200", TestContext.Current.CancellationToken);
        Assert.All(new[] { "team:set", "team:add-member", "grant:give", "grant:take" }, action => Assert.Contains($"\"{action}\"", entries, StringComparison.Ordinal));
    }

    /// <summary>Somebody with a role already sees a project appear in the open list.</summary>
    [Fact]
    public async Task ProjectsPage_WhoseReaderIsGivenAProject_ShowsItWithoutAReload()
    {
        foreach (var name in new[] { "first", "second" })
        {
            using var made = await fixture.Prts.Http.PostAsJsonAsync("/api/v1/projects", new { org = "yard", name }, ApiJson.Options, TestContext.Current.CancellationToken);
            Assert.True(made.IsSuccessStatusCode);
        }

        await NewUser("finn");
        await GiveByApi("yard/first", new() { User = "finn", Role = "viewer" });
        await using var visit = await fixture.Open();
        await visit.LogIn("finn", Password);
        await visit.Go("/");
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "yard / first" })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "yard / second" })).ToHaveCountAsync(0);
        await GiveByApi("yard/second", new() { User = "finn", Role = "viewer" });
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "yard / second" })).ToBeVisibleAsync();

        // A viewer is offered nothing of it, and gets nothing by typing addresses.
        await visit.Go("/yard/first");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "first", Exact = true })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "Access" })).ToHaveCountAsync(0);
        foreach (var address in new[] { "/yard/first/access", "/yard/-/access", "/admin/access", "/admin/roles", "/admin/why", "/admin/users", "/admin/tenants" })
        {
            var refused = await visit.Page.GotoAsync(address);
            Assert.Equal(403, refused!.Status);
            await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "Ask why" })).ToBeVisibleAsync();
        }

        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Role_OfTheTenantsOwn_IsMadeChangedGivenAndRemoved()
    {
        await NewUser("gus");
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/admin/roles");
        await Expect(page.GetByText("No roles of your own")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "New role" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("admin");
        await page.GetByLabel("Run pipelines, and again").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("'admin' is a built-in role. Choose another name.");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("runner");
        await page.GetByRole(AriaRole.Group, new() { Name = "Builds" }).GetByLabel("All of this").CheckAsync();
        await Expect(page.GetByLabel("Cancel builds")).ToBeCheckedAsync();
        await Shots.Take(page, "access-role-dialog");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        var role = page.Locator("[data-role=runner]");
        await Shots.Take(page, "access-roles-own");
        await Expect(role).ToContainTextAsync("build:*");
        await Expect(page.Locator("[data-permission='build:cancel'] td").Last).ToContainTextAsync("may");

        await page.GetByRole(AriaRole.Button, new() { Name = "Edit the role runner" }).ClickAsync();
        await page.GetByLabel("Cancel builds").UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(role).Not.ToContainTextAsync("build:*");
        await Expect(role).ToContainTextAsync("build:read");

        await visit.Go("/demo/hello/access");
        await Give(page, "gus", "runner");
        await Expect(page.Locator("[data-grant='gus runner']")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Why may gus do something?" }).ClickAsync();
        await page.GetByLabel("May do what").SelectOptionAsync("pipeline:run");
        await Expect(page.Locator(".why")).ToContainTextAsync("Yes, gus may");
        await Expect(page.Locator(".why")).ToContainTextAsync("runner");

        await visit.Go("/admin/roles");
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the role runner" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove", Exact = true }).ClickAsync();
        await Expect(role).ToHaveCountAsync(0);
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Users_AreMadeDisabledEnabledAndSignedOut_ByThePage()
    {
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/admin/users");
        await page.GetByRole(AriaRole.Button, new() { Name = "New user" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("hana");
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await page.GetByLabel("Role in the whole tenant").SelectOptionAsync("viewer");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        var row = page.Locator("[data-user=hana]");
        await Expect(row).ToContainTextAsync("enabled");

        await using var other = await fixture.Open();
        await other.LogIn("hana", Password);
        await other.Go("/");
        await row.GetByRole(AriaRole.Button, new() { Name = "Actions for hana" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Sessions" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Chrome");
        await Shots.Take(page, "access-sessions");
        await page.GetByRole(AriaRole.Button, new() { Name = "End all sessions" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Nobody is signed in");
        await Expect(other.Page.GetByText("Your session has ended.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Close", Exact = true }).Last.ClickAsync();

        await row.GetByRole(AriaRole.Button, new() { Name = "Actions for hana" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Disable" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Disable", Exact = true }).ClickAsync();
        await Expect(row).ToContainTextAsync("disabled");
        await row.GetByRole(AriaRole.Button, new() { Name = "Actions for hana" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Enable" }).ClickAsync();
        await Expect(row).ToContainTextAsync("enabled");
        // The role has stayed.
        await Expect(row.GetByRole(AriaRole.Combobox)).ToHaveValueAsync("viewer");
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Tenants_AreMadeAndDisabled_ByThePage()
    {
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/admin/tenants");
        await page.GetByRole(AriaRole.Button, new() { Name = "New tenant" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("globex");
        await page.GetByLabel("Display name", new() { Exact = true }).FillAsync("Globex Corporation");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        var row = page.Locator("[data-tenant=globex]");
        await Expect(row).ToContainTextAsync("Globex Corporation");
        await row.GetByRole(AriaRole.Button, new() { Name = "Disable globex" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Disable", Exact = true }).Last.ClickAsync();
        await Expect(row).ToContainTextAsync("disabled");
        // The own tenant cannot be shut out.
        await Expect(page.Locator("[data-tenant=default]").GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
        await visit.NothingWentWrong();
    }

    [Theory]
    [InlineData("/admin/access")]
    [InlineData("/demo/-/access")]
    [InlineData("/demo/hello/access")]
    [InlineData("/admin/roles")]
    [InlineData("/admin/why?user=admin&permission=pipeline%3Arun&scope=demo%2Fhello")]
    [InlineData("/account/why?permission=build%3Aread")]
    [InlineData("/admin/users")]
    [InlineData("/admin/tenants")]
    public async Task Page_OnAPhoneInBothThemesAndLanguages_FitsItsWidth(string address)
    {
        foreach (var (scheme, width, locale) in new[] { (ColorScheme.Light, 390, "en-US"), (ColorScheme.Dark, 390, "zh-CN"), (ColorScheme.Light, 1280, "zh-CN"), (ColorScheme.Dark, 1280, "en-US") })
        {
            await using var visit = await fixture.Open(new() { ColorScheme = scheme, Locale = locale, ViewportSize = new() { Width = width, Height = 800 } });
            await visit.LogIn();
            if (locale == "zh-CN") await visit.Page.GotoAsync("/culture?to=zh-Hans");
            await visit.Go(address);
            await Expect(visit.Page.Locator("h1").First).ToBeVisibleAsync();
            await Shots.Take(visit.Page, $"access{address.Split('?')[0].Replace('/', '_')}-{scheme}-{width}");
            Assert.True(await visit.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{address} is wider than {width} pixels.");
            await visit.NothingWentWrong();
        }
    }

    /// <summary>By the page of the organization lab, with a name and a person that there cannot be before the right ones.</summary>
    private static async Task MakeTeam(Visit visit, string team, string member)
    {
        await visit.Go("/lab/-/access");
        await Expect(visit.Page.GetByText("No teams yet")).ToBeVisibleAsync();
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "New team" }).ClickAsync();
        await visit.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("Not A Name");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("cannot be a team's name");
        await visit.Page.GetByLabel("Name", new() { Exact = true }).FillAsync(team);
        await visit.Page.GetByLabel("What it is for", new() { Exact = true }).FillAsync("Those who launch");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        var made = visit.Page.Locator($"[data-team={team}]");
        await Expect(made).ToContainTextAsync("Those who launch");
        await Expect(made).ToContainTextAsync("Nobody is in it yet.");
        var adding = made.GetByRole(AriaRole.Combobox, new() { Name = $"Add a person to {team}" });
        await adding.FillAsync("nobody-here");
        await adding.PressAsync("Enter");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("There is no user 'nobody-here'.");
        await adding.FillAsync(member);
        await adding.PressAsync("Enter");
        await Expect(made.GetByRole(AriaRole.Link, new() { Name = member })).ToBeVisibleAsync();
    }

    private static async Task Give(IPage page, string who, string role)
    {
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Person or team" }).FillAsync(who);
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Role", Exact = true }).SelectOptionAsync(role);
        await page.GetByRole(AriaRole.Button, new() { Name = "Give role" }).ClickAsync();
    }

    /// <summary>An account that may do nothing yet.</summary>
    private async Task NewUser(string name)
    {
        using var created = await fixture.Prts.Http.PostAsJsonAsync("/api/v1/users", new CreateUser { Name = name, Password = Password, Role = "none", Enabled = true }, ApiJson.Options, TestContext.Current.CancellationToken);
        Assert.True(created.IsSuccessStatusCode);
    }

    private async Task GiveByApi(string project, Grant grant)
    {
        using var given = await fixture.Prts.Http.PostAsJsonAsync($"/api/v1/projects/{project}/grants", grant, ApiJson.Options, TestContext.Current.CancellationToken);
        Assert.True(given.IsSuccessStatusCode);
    }
}
