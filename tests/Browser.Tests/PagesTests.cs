using System.Net.Http.Json;
using Microsoft.Playwright;
using PRTS.Api;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace PRTS.Browser.Tests;

[Collection("browser")]
public sealed class PagesTests(BrowserFixture fixture)
{
    [Fact]
    public async Task Page_WithoutLogin_LeadsToLoginAndBack()
    {
        await using var visit = await fixture.Open();
        await visit.Page.GotoAsync("/demo/hello?branch=main");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "Log in" })).ToBeVisibleAsync();
        await visit.Page.FillAsync("#name", fixture.Prts.User);
        await visit.Page.FillAsync("#password", fixture.Prts.Password);
        await visit.Page.Keyboard.PressAsync("Enter");
        await Expect(visit.Page).ToHaveURLAsync("/demo/hello?branch=main");
        // Whoever leaves while the page is still connecting breaks that off, and the browser says so.
        await visit.Page.WaitForSelectorAsync("main[data-live]");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
        await Expect(visit.Page).ToHaveURLAsync("/login");
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Page_WhoseSessionIsEndedElsewhere_SaysSoAndLeadsToLogin()
    {
        await using var visit = await fixture.Open();
        await visit.LogIn();
        await visit.Go("/demo/hello?branch=main");
        using var ended = await fixture.Prts.Http.DeleteAsync("/api/v1/account/sessions", TestContext.Current.CancellationToken);
        Assert.True(ended.IsSuccessStatusCode);
        await Expect(visit.Page.GetByText("Your session has ended.")).ToBeVisibleAsync();
        await Expect(visit.Page).ToHaveURLAsync("/login?returnUrl=%2Fdemo%2Fhello%3Fbranch%3Dmain", new() { Timeout = 20_000 });
        await visit.NothingWentWrong();
    }

    [Theory]
    [InlineData("/nobody/nothing")]
    [InlineData("/demo/hello/builds/4711")]
    [InlineData("/a/b/c/d/e")]
    public async Task Page_Unknown_Is404AndSaysWhatToDo(string address)
    {
        await using var visit = await fixture.Open();
        await visit.LogIn();
        var answer = await visit.Page.GotoAsync(address);
        Assert.Equal(404, answer!.Status);
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "To the projects" })).ToBeVisibleAsync();
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Administration_ForADeveloper_IsRefusedAndNotOffered()
    {
        using var created = await fixture.Prts.Http.PostAsJsonAsync("/api/v1/users", new { name = "dev", password = "long enough", role = "developer" }, ApiJson.Options, TestContext.Current.CancellationToken);
        Assert.True(created.IsSuccessStatusCode);
        await using var visit = await fixture.Open();
        await visit.LogIn("dev", "long enough");
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "Agents" })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "Administration" })).ToHaveCountAsync(0);
        var answer = await visit.Page.GotoAsync("/admin");
        Assert.Equal(403, answer!.Status);
        await Expect(visit.Page.GetByText("You have no permission for this")).ToBeVisibleAsync();
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Theme_Switch_IsKeptAndThereBeforeTheFirstPaint()
    {
        await using var visit = await fixture.Open(new() { ColorScheme = ColorScheme.Dark });
        await visit.LogIn();
        await Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await visit.Page.ClickAsync("[data-theme-switch]");
        await Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "light");
        var answer = await visit.Page.ReloadAsync();
        Assert.Contains("data-theme=\"light\"", await answer!.TextAsync(), StringComparison.Ordinal);
        await visit.NothingWentWrong();
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/demo/hello")]
    [InlineData("/demo/hello/builds/1")]
    [InlineData("/agents")]
    [InlineData("/account")]
    [InlineData("/admin")]
    [InlineData("/admin/audit")]
    [InlineData("/admin/secrets")]
    [InlineData("/demo/hello/secrets")]
    [InlineData("/demo/hello/variables")]
    public async Task Page_OnAPhone_FitsItsWidthInBothThemes(string address)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await using var visit = await fixture.Open(new() { ColorScheme = scheme, ViewportSize = new() { Width = 360, Height = 740 } });
            await visit.LogIn();
            await visit.Go(address);
            await Expect(visit.Page.Locator("h1").First).ToBeVisibleAsync();
            Assert.True(await visit.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{address} is wider than the screen.");
            await visit.NothingWentWrong();
        }
    }

    [Fact]
    public async Task NewProject_ByDialog_ShowsHowToPush()
    {
        await using var visit = await fixture.Open();
        await visit.LogIn();
        await visit.Go("/");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "New project" }).ClickAsync();
        await visit.Page.GetByLabel("Organization").FillAsync("outfit");
        await visit.Page.GetByLabel("Project", new() { Exact = true }).FillAsync("Not A Name");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("a-z 0-9");
        await visit.Page.GetByLabel("Project", new() { Exact = true }).FillAsync("shop");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(visit.Page.GetByText("git clone http")).ToBeVisibleAsync();
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Open the project" }).ClickAsync();
        await Expect(visit.Page).ToHaveURLAsync("/outfit/shop");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "shop", Exact = true })).ToBeVisibleAsync();
        // The organization was not there before.
        foreach (var target in (string[])["organization:outfit", "project:outfit/shop"])
            Assert.Contains("\"outcome\":\"allowed\"", await fixture.Prts.Http.GetStringAsync($"/api/v1/audit?action={target.Split(':')[0]}:create&target={target}", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await visit.NothingWentWrong();
    }
}
