using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace PRTS.Browser.Tests;

/// <summary>What somebody does who deploys: give a variable, run with an input, approve, see it fail, run that again, deploy it once more.</summary>
[Collection("browser")]
public sealed class DeploymentTests(BrowserFixture fixture)
{
    [Fact]
    public async Task Deployment_FromVariableToDeployAgain_ByPages()
    {
        await using var visit = await fixture.Open();
        var page = visit.Page;
        await visit.LogIn();
        var clone = await fixture.Prts.Project("deploys", Pipeline);
        await Installation.Git(clone, "push", "--quiet", "origin", "main");
        await fixture.Prts.WaitForBuild("bench/deploys", 1);

        await visit.Go("/bench/deploys/variables");
        await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "eu-1" })).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "New variable" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("1X");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("cannot be a variable's name");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("REGION");
        await page.GetByLabel("Value", new() { Exact = true }).FillAsync("eu-1");
        await page.GetByLabel("Environment", new() { Exact = true }).FillAsync("live");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "eu-1" })).ToBeVisibleAsync();
        await Shots.Take(page, "variables");

        await visit.Go("/bench/deploys/environments");
        await page.GetByRole(AriaRole.Button, new() { Name = "New environment" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("live");
        await page.GetByLabel("Approvals", new() { Exact = true }).FillAsync("1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("[data-environment=live]")).ToContainTextAsync("1");

        await visit.Go("/bench/deploys");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run pipeline" }).ClickAsync();
        await page.Locator("[data-input=version] input").FillAsync("1.2.3");
        await Shots.Take(page, "run");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run", Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync("/bench/deploys/builds/2", new() { Timeout = 30_000 });
        await Expect(page.GetByText("Deployment to live waits").First).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Shots.Take(page, "approval");
        await page.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
        await Expect(page.Locator(".build-head .status")).ToHaveAttributeAsync("data-status", "failed", new() { Timeout = 60_000 });
        await Expect(page.Locator(".log-text", new() { HasText = "1.2.3 to eu-1, try 1" })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Shots.Take(page, "failed");

        await page.GetByRole(AriaRole.Button, new() { Name = "Run failed jobs again" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync(new() { Timeout = 60_000 });
        await Expect(page.Locator(".build-head .status")).ToHaveAttributeAsync("data-status", "succeeded", new() { Timeout = 60_000 });
        await Expect(page.Locator(".log-text", new() { HasText = "1.2.3 to eu-1, try 2" })).ToBeVisibleAsync(new() { Timeout = 60_000 });

        await visit.Go("/bench/deploys/environments?name=live");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Deploy again" })).ToHaveCountAsync(2);
        await Shots.Take(page, "history");
        await Expect(page.GetByText("https://example.com/eu-1")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Deploy again" }).First.ClickAsync();
        await Expect(page).ToHaveURLAsync("/bench/deploys/builds/2?job=deploy", new() { Timeout = 30_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync(new() { Timeout = 60_000 });
        await Expect(page.Locator(".log-text", new() { HasText = "1.2.3 to eu-1, try 3" })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await visit.NothingWentWrong();
    }

    private const string Pipeline = """
        name: Deploys
        inputs:
          version: {description: What is to be deployed}
        stages:
          - name: Deploy
            jobs:
              - name: Deploy
                if: inputs.version != null
                environment: {name: live, url: "https://example.com/${{ env.REGION }}"}
                steps:
                  - run: 'echo "${{ inputs.version }} to $REGION, try $PRTS_ATTEMPT" && test "$PRTS_ATTEMPT" -gt 1'
        """;
}
