using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace PRTS.Browser.Tests;

/// <summary>What a new user does: log in, push, watch the log grow, open an artifact, read it all in the other language.</summary>
[Collection("browser")]
public sealed class WalkthroughTests(BrowserFixture fixture)
{
    [Fact]
    public async Task Push_FromLoginToArtifact_IsSeenLive()
    {
        var gate = Path.Combine(Path.GetTempPath(), $"prts-gate-{Guid.NewGuid():N}");
        await using var visit = await fixture.Open();
        var page = visit.Page;

        await visit.LogIn(fixture.Prts.User, "not the password");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("password is wrong");
        await visit.LogIn();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "demo / hello" })).ToBeVisibleAsync();

        var clone = await fixture.Prts.Project("walk", Pipeline(gate));
        await visit.Go("/bench/walk");
        await Expect(page.GetByText("No builds yet")).ToBeVisibleAsync();
        await Installation.Git(clone, "push", "--quiet", "origin", "main");

        // The page of the project shows the build without being loaded again.
        await page.EvaluateAsync("() => { window.notLoadedAgain = true; }");
        await page.GetByRole(AriaRole.Link, new() { Name = "#1" }).ClickAsync();
        await Expect(page.Locator(".node[data-key=say]")).ToBeVisibleAsync();
        await Expect(page.Locator(".log-text", new() { HasText = "before the gate" })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(page.Locator(".log-text", new() { HasText = "after the gate" })).ToHaveCountAsync(0);
        await Expect(page.Locator(".node[data-key=say]")).ToHaveAttributeAsync("data-status", "running");

        await File.WriteAllTextAsync(gate, "", TestContext.Current.CancellationToken);
        try
        {
            await Expect(page.Locator(".log-text", new() { HasText = "after the gate" })).ToBeVisibleAsync(new() { Timeout = 60_000 });
            await Expect(page.Locator(".build-head .status")).ToHaveAttributeAsync("data-status", "succeeded", new() { Timeout = 60_000 });
        }
        finally
        {
            File.Delete(gate);
        }

        Assert.True(await page.EvaluateAsync<bool>("() => window.notLoadedAgain === true"));
        await OpenArtifact(page);
        await SwitchLanguage(page);
        await visit.NothingWentWrong();
    }

    private static async Task OpenArtifact(IPage page)
    {
        await page.Locator(".artifacts").GetByRole(AriaRole.Link, new() { Name = "greeting", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "deep/" }).ClickAsync();
        var file = page.GetByRole(AriaRole.Link, new() { Name = "hello.txt" });
        await Expect(file).ToBeVisibleAsync();
        var answer = await page.APIRequest.GetAsync(await file.GetAttributeAsync("href") ?? "");
        Assert.Equal("hello from the build\n", await answer.TextAsync());
        var zip = await page.WaitForDownloadStarted(".folder .zip");
        Assert.EndsWith(".zip", zip.SuggestedFilename, StringComparison.Ordinal);
    }

    private static async Task SwitchLanguage(IPage page)
    {
        var address = page.Url;
        await page.GetByRole(AriaRole.Link, new() { Name = "中文" }).ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "zh-Hans");
        await Expect(page.Locator(".build-head .status")).ToHaveTextAsync("成功");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "构建产物" })).ToBeVisibleAsync();
        Assert.Equal(address, page.Url);
    }

    /// <summary>The job waits for a file that the test writes, so that what is seen before and after it is no matter of time.</summary>
    private static string Pipeline(string gate) => $"""
        name: Walk
        stages:
          - name: Greet
            jobs:
              - name: Say
                steps:
                  - run: |
                      echo before the gate
                      until [ -e {gate} ]; do sleep 0.05; done
                      echo after the gate
                  - run: mkdir -p out/deep && echo hello from the build > out/deep/hello.txt
                  - artifact:
                      path: out/
                      name: greeting
        """;
}
