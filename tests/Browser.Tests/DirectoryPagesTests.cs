using System.Net.Http.Json;
using Microsoft.Playwright;
using OtpNet;
using PRTS.Api;
using PRTS.Api.Access;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace PRTS.Browser.Tests;

/// <summary>Organizations, teams and people, as an administrator changes them by pages.</summary>
[Collection("browser")]
public sealed class DirectoryPagesTests(BrowserFixture fixture)
{
    private const string Password = "long enough to pass";

    [Fact]
    public async Task Organization_IsMadeAndDescribed_ByThePages()
    {
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/admin/access");
        await page.GetByRole(AriaRole.Button, new() { Name = "New organization" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Not A Name");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Not A Name");
        await Shots.Take(page, "organization-dialog");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("orchard");
        await page.GetByLabel("What it is for", new() { Exact = true }).FillAsync("Fruit");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        var row = page.GetByRole(AriaRole.Listitem).Filter(new() { Has = page.GetByRole(AriaRole.Link, new() { Name = "orchard" }) });
        await Expect(row).ToContainTextAsync("Fruit");
        // It is there already.
        await page.GetByRole(AriaRole.Button, new() { Name = "New organization" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("orchard");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("orchard");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        await row.GetByRole(AriaRole.Link, new() { Name = "orchard" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Describe" }).ClickAsync();
        await Expect(page.GetByLabel("What it is for", new() { Exact = true })).ToHaveValueAsync("Fruit");
        await page.GetByLabel("What it is for", new() { Exact = true }).FillAsync("Fruit and vegetables");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByText("Fruit and vegetables")).ToBeVisibleAsync();
        await visit.NothingWentWrong();
        await Shots.Everywhere(fixture, "organization", "/orchard/-/access");
        await Shots.Everywhere(fixture, "organization-new", "/admin/access", opened => opened.GetByRole(AriaRole.Button, new() { Name = "New organization" }).ClickAsync());
    }

    [Fact]
    public async Task Team_Removed_TakesWhatItsMembersHadByIt()
    {
        await NewUser("tess");
        await Done(HttpMethod.Post, "/api/v1/projects", new { org = "farm", name = "barn" });
        await Done(HttpMethod.Put, "/api/v1/organizations/farm/teams/hands", new { text = "Those who help" });
        await Done(HttpMethod.Put, "/api/v1/organizations/farm/teams/hands/members/tess", new { });
        await Done(HttpMethod.Post, "/api/v1/projects/farm/barn/grants", new { team = "farm/hands", role = "viewer" });
        await using var member = await fixture.Open();
        await member.LogIn("tess", Password);
        await member.Go("/farm/barn");
        await Expect(member.Page.GetByRole(AriaRole.Heading, new() { Name = "barn", Exact = true })).ToBeVisibleAsync();

        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/farm/-/access");
        var team = page.Locator("[data-team=hands]");
        await Expect(team).ToContainTextAsync("tess");
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the team hands" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Its members lose at once what they had by it.");
        await Shots.Take(page, "team-remove");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(team).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the team hands" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove", Exact = true }).ClickAsync();
        await Expect(team).ToHaveCountAsync(0);
        await Expect(member.Page.GetByText("You have no permission for this")).ToBeVisibleAsync();
        await visit.NothingWentWrong();
        await member.NothingWentWrong();
    }

    [Fact]
    public async Task SecondFactor_ThatIsLost_IsResetByAnAdministrator()
    {
        await NewUser("frida");
        await using var own = await fixture.Open();
        await own.LogIn("frida", Password);
        await own.Go("/account");
        await own.Page.GetByRole(AriaRole.Button, new() { Name = "Set up" }).ClickAsync();
        var key = await own.Page.GetByLabel("Key", new() { Exact = true }).TextContentAsync();
        await Shots.Take(own.Page, "factor-set-up");
        await own.Page.GetByLabel("Code", new() { Exact = true }).FillAsync("000000");
        await own.Page.GetByRole(AriaRole.Button, new() { Name = "Turn on" }).ClickAsync();
        await Expect(own.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The code is wrong");
        await own.Page.GetByLabel("Code", new() { Exact = true }).FillAsync(new Totp(Base32Encoding.ToBytes(key!.Replace(" ", "", StringComparison.Ordinal))).ComputeTotp());
        await own.Page.GetByRole(AriaRole.Button, new() { Name = "Turn on" }).ClickAsync();
        await Expect(own.Page.GetByText("Recovery codes left: 10")).ToBeVisibleAsync();
        await Shots.Take(own.Page, "factor-on");

        await using var locked = await fixture.Open();
        await locked.LogIn("frida", Password);
        await Expect(locked.Page).ToHaveURLAsync("/login/code");
        await Shots.Take(locked.Page, "login-code");

        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/admin/users");
        var row = page.Locator("[data-user=frida]");
        await Expect(row.Locator("[data-label='Second factor']")).ToHaveTextAsync("on");
        await row.GetByRole(AriaRole.Button, new() { Name = "Actions for frida" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Reset the second factor" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("the password alone is enough");
        await Shots.Take(page, "factor-reset");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Reset the second factor" }).ClickAsync();
        await Expect(row.Locator("[data-label='Second factor']")).ToHaveTextAsync("off");

        await using var again = await fixture.Open();
        await again.LogIn("frida", Password);
        await again.Page.GotoAsync("/account");
        await Expect(again.Page.GetByRole(AriaRole.Button, new() { Name = "Set up" })).ToBeVisibleAsync();
        await visit.NothingWentWrong();
        await own.NothingWentWrong();
    }

    private Task NewUser(string name) => Done(HttpMethod.Post, "/api/v1/users", new CreateUser { Name = name, Password = Password, Role = "none", Enabled = true });

    private async Task Done(HttpMethod method, string address, object body)
    {
        using var request = new HttpRequestMessage(method, address) { Content = JsonContent.Create(body, body.GetType(), options: ApiJson.Options) };
        using var answer = await fixture.Prts.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
