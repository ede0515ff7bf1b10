using System.Net.Http.Json;
using Microsoft.Playwright;
using PRTS.Api;
using PRTS.Api.Projects;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace PRTS.Browser.Tests;

/// <summary>Who looks for what was changed, and takes away what proves it.</summary>
[Collection("browser")]
public sealed class AuditPageTests(BrowserFixture fixture)
{
    [Fact]
    public async Task Log_FilteredExpandedAndExported_IsProvenByTheCommandLine()
    {
        foreach (var value in (string[])["eu-1", "eu-2"])
        {
            using var set = await fixture.Prts.Http.PutAsJsonAsync("/api/v1/projects/demo/hello/variables/AUDITED", new SetVariable { Value = value }, ApiJson.Options, TestContext.Current.CancellationToken);
            set.EnsureSuccessStatusCode();
        }

        using var refused = await fixture.Prts.Http.PutAsJsonAsync("/api/v1/projects/demo/hello/variables/PRTS_X", new SetVariable { Value = "1" }, ApiJson.Options, TestContext.Current.CancellationToken);
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/admin/audit");
        await Expect(page.Locator("[data-audit=whole]")).ToContainTextAsync("The log is whole");
        await page.GetByLabel("Action, such as secret:set").FillAsync("variable:set");
        await Expect(page).ToHaveURLAsync("/admin/audit?action=variable%3Aset");
        await page.GetByLabel("Search words").FillAsync("AUDITED");
        await Expect(page.Locator("[data-entry]")).ToHaveCountAsync(2);
        await Expect(page).ToHaveURLAsync("/admin/audit?action=variable%3Aset&text=AUDITED");

        // The link shows the same.
        await visit.Go("/admin/audit?action=variable:set&text=AUDITED");
        await Expect(page.Locator("[data-entry]")).ToHaveCountAsync(2);
        await page.Locator("[data-entry] summary").First.ClickAsync();
        var changed = page.Locator("[data-entry]").First.Locator("tr[data-change=changed]");
        await Expect(changed.Locator("del")).ToHaveTextAsync("eu-1");
        await Expect(changed.Locator("ins")).ToHaveTextAsync("eu-2");
        await Expect(page.Locator("[data-export=csv]")).ToHaveAttributeAsync("href", "/api/v1/audit/export?action=variable%3Aset&text=AUDITED&format=csv");
        var csv = await File.ReadAllTextAsync(await (await page.WaitForDownloadStarted("[data-export=csv]")).PathAsync(), TestContext.Current.CancellationToken);
        Assert.Equal(2, csv.Split('\n').Count(line => line.Contains("variable:set", StringComparison.Ordinal)));

        await visit.Go("/admin/audit?outcome=failed&target=variable");
        await Expect(page.Locator("[data-entry]").First).ToContainTextAsync("Failed");
        await visit.Go("/admin/audit?text=nowordlikethis");
        await Expect(page.GetByText("No entry passes these filters")).ToBeVisibleAsync();
        await visit.Go("/admin/audit?outcome=wrong");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("'outcome' is 'wrong'");

        await visit.Go("/admin/audit");
        await page.Locator(".audit-proof > summary").ClickAsync();
        var home = Directory.CreateTempSubdirectory("prts-audit-");
        var (checkpoint, export) = (Path.Combine(home.FullName, "kept.checkpoint"), Path.Combine(home.FullName, "audit.jsonl"));
        await (await page.WaitForDownloadStarted("a[data-checkpoint]")).SaveAsAsync(checkpoint);
        await (await page.WaitForDownloadStarted("[data-export=json]")).SaveAsAsync(export);
        Assert.Contains("proven", await fixture.Prts.Cli("audit", "verify", export, "--checkpoint", checkpoint), StringComparison.Ordinal);
        home.Delete(recursive: true);
        await Shots.Everywhere(fixture, "audit", "/admin/audit", one => one.Locator("[data-entry] summary").Nth(1).ClickAsync());
        await Shots.Everywhere(fixture, "audit-diff", "/admin/audit?action=variable:set&text=AUDITED", one => one.Locator("[data-entry] summary").First.ClickAsync());
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task AccessToken_CutDown_IsShownOnceAndListedWithItsLimits()
    {
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        await visit.Go("/account");
        await page.GetByLabel("What is it for?").FillAsync("deployments");
        await page.GetByLabel("Good in").FillAsync("demo/hello");
        await page.GetByLabel("Expires after days").FillAsync("30");
        await page.Locator(".permissions > summary").ClickAsync();
        await page.GetByLabel("build:read", new() { Exact = true }).CheckAsync();
        await page.GetByLabel("pipeline:*", new() { Exact = true }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create token" }).ClickAsync();
        var shown = page.GetByRole(AriaRole.Status).Locator(".copy-field code");
        await Expect(shown).ToContainTextAsync("prts_");
        var row = page.Locator("[data-token=deployments]");
        await Expect(row).ToContainTextAsync("build:read");
        await Expect(row).ToContainTextAsync("pipeline:*");
        await Expect(row).ToContainTextAsync("demo/hello");
        await Shots.Everywhere(fixture, "account", "/account");
        await visit.Go("/account");
        await Expect(row).ToBeVisibleAsync();
        await Expect(page.Locator(".copy-field")).ToHaveCountAsync(0);
        await row.GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await Expect(row).ToHaveCountAsync(0);
        await visit.NothingWentWrong();
    }
}
