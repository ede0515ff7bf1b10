using Microsoft.Playwright;
using PRTS.Api;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace PRTS.Browser.Tests;

[Collection("browser")]
public sealed class LogViewerTests(BrowserFixture fixture)
{
    private const int Million = 1_000_000;

    [Fact]
    public async Task Log_OfAMillionLines_OpensAtBothEndsAndAtALink()
    {
        await using var visit = await Build("million", $"seq -f 'line %.0f' 1 {Million}");
        var page = visit.Page;
        await visit.Go("/bench/million/builds/1");
        await Expect(page.Locator(".log-count")).ToHaveTextAsync("1,000,000 lines");
        await Expect(Line(page, 1)).ToHaveTextAsync("line 1");
        await page.ClickAsync(".log-jump");
        await Expect(Line(page, Million)).ToBeInViewportAsync();
        await Expect(Line(page, Million)).ToHaveTextAsync("line 1000000");
        Assert.InRange(await page.Locator(".log-row").CountAsync(), 1, 200);

        await visit.Go("/bench/million/builds/1?job=write#L654321");
        await Expect(Line(page, 654_321)).ToBeInViewportAsync();
        await Expect(page.Locator(".log-chosen .log-text")).ToHaveTextAsync("line 654321");

        await page.FocusAsync(".log-scroller");
        await page.Keyboard.PressAsync("ArrowUp");
        await page.Keyboard.PressAsync("Home");
        await Expect(Line(page, 1)).ToBeInViewportAsync();
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Log_OfAnyBytes_IsShownAsTextAndAsATerminalWould()
    {
        await using var visit = await Build("bytes", """printf '<img src=x onerror=alert(1)>\n\033[31mred\033[0m plain\n10%%\r20%%\r100%%\n\377\376 broken\nlast'""");
        var page = visit.Page;
        await visit.Go("/bench/bytes/builds/1?job=write");
        await Expect(Line(page, 1)).ToHaveTextAsync("<img src=x onerror=alert(1)>");
        await Expect(page.Locator(".log-scroller img")).ToHaveCountAsync(0);
        await Expect(Line(page, 2)).ToHaveTextAsync("red plain");
        await Expect(Line(page, 2).Locator(".a-fg-1")).ToHaveTextAsync("red");
        await Expect(Line(page, 3)).ToHaveTextAsync("100%");
        await Expect(Line(page, 4)).ToHaveTextAsync("\ufffd\ufffd broken");
        await Expect(Line(page, 5)).ToHaveTextAsync("last");
        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Lines_Chosen_AreInTheAddress()
    {
        await using var visit = await Build("chosen", "seq 1 50");
        var page = visit.Page;
        await visit.Go("/bench/chosen/builds/1?job=write");
        await page.ClickAsync(".log-n[data-n='3']");
        await page.ClickAsync(".log-n[data-n='6']", new() { Modifiers = [KeyboardModifier.Shift] });
        Assert.EndsWith("?job=write#L3-L6", page.Url, StringComparison.Ordinal);
        await page.ReloadAsync();
        await Expect(page.Locator(".log-chosen .log-text")).ToHaveTextAsync(["3", "4", "5", "6"]);
        await visit.NothingWentWrong();
    }

    /// <summary>Text with \x1b as ␛, and what is shown: pieces in brackets with what is in force.</summary>
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("␛[1;32mok␛[m no", "[ok bold fg=2] no")]
    [InlineData("␛[38;5;208mo␛[39m", "[o fg=rgb(255,135,0)]")]
    [InlineData("␛[38;5;9mo", "[o fg=9]")]
    [InlineData("␛[48;2;1;2;3mo", "[o bg=rgb(1,2,3)]")]
    [InlineData("␛[38:2::1:2:3mo", "[o fg=rgb(1,2,3)]")]
    [InlineData("␛[4:0;91mo", "[o fg=9]")]
    [InlineData("␛[1m␛[22mo", "o")]
    [InlineData("␛]8;;https://example.com␛\\link␛]8;;␛\\", "link")]
    [InlineData("␛]0;title\ax", "x")]
    [InlineData("␛[2K␛[1Gx␛[?25l", "x")]
    [InlineData("␛(Bx␛=", "x")]
    [InlineData("cut ␛[3", "cut 3")]
    [InlineData("1%\r2%\r", "2%")]
    [InlineData("␛[31m1%\r2%␛[0m\r␛[K", "[2% fg=1]")]
    [InlineData("a\bb\tc", "a␈b\tc")]
    public async Task Ansi_Text_IsWhatATerminalShows(string text, string expected)
    {
        await using var visit = await fixture.Open();
        await visit.Page.GotoAsync("/login");
        var shown = await visit.Page.EvaluateAsync<string>(
            """
            async text => {
              const { parse, plain } = await import('/_content/PRTS.Web/log/ansi.js');
              return parse(text, plain).pieces.map(({ text, style }) => {
                const names = Object.entries(style).map(([name, value]) => value === true ? name : `${name}=${value}`);
                return names.length ? `[${[text, ...names].join(' ')}]` : text;
              }).join('');
            }
            """,
            text.Replace('␛', '\u001b'));
        Assert.Equal(expected, shown);
    }

    [Fact]
    public async Task Tail_WhileReadingAbove_IsLetGoUntilTheJump()
    {
        var gate = Path.Combine(Path.GetTempPath(), $"prts-gate-{Guid.NewGuid():N}");
        await using var visit = await Push("tail", $"seq 1 500; until [ -e {gate} ]; do sleep 0.05; done; seq 501 900");
        var page = visit.Page;
        await page.SetViewportSizeAsync(1280, 1400);
        await visit.Go("/bench/tail/builds/1?job=write");
        await Expect(Line(page, 500)).ToBeInViewportAsync(new() { Timeout = 60_000 });
        await page.FocusAsync(".log-scroller");
        await page.Keyboard.PressAsync("PageUp");
        await page.Keyboard.PressAsync("PageUp");
        await Expect(page.Locator(".log-jump")).ToBeVisibleAsync();
        var read = (await page.Locator(".log-row .log-text").AllTextContentsAsync())[10];

        await File.WriteAllTextAsync(gate, "", TestContext.Current.CancellationToken);
        try
        {
            await Expect(page.Locator(".log-count")).ToHaveTextAsync("900 lines", new() { Timeout = 60_000 });
            await Expect(page.Locator(".log-row .log-text").GetByText(read, new() { Exact = true })).ToBeVisibleAsync();
            await page.ClickAsync(".log-jump");
            await Expect(Line(page, 900)).ToBeInViewportAsync();
        }
        finally
        {
            File.Delete(gate);
        }

        await visit.NothingWentWrong();
    }

    [Fact]
    public async Task Line_GrowingWithoutAnEnd_IsCutAndAProgressBarStaysCurrent()
    {
        await using var visit = await fixture.Open();
        await visit.Page.GotoAsync("/login");
        var shown = await visit.Page.EvaluateAsync<string[]>(
            """
            async () => {
              const { Lines } = await import('/_content/PRTS.Web/log/lines.js');
              const grow = text => {
                const lines = new Lines('');
                for (let n = 0; n < 100; n++) lines.extend({ offset: n * 1000, length: 1000, total: 1, lines: [{ number: 1, text: text(n), offset: n * 1000 }] });
                return lines;
              };
              const long = grow(() => 'x'.repeat(1000)).get(1);
              const bar = grow(n => `\r${n}%`.padEnd(1000));
              return [`${long.text.length} ${long.truncated}`, `${bar.styled(1).map(piece => piece.text).join('').trim()} ${bar.get(1).truncated}`];
            }
            """);
        Assert.Equal(["16384 true", "99% false"], shown);
    }

    private static ILocator Line(IPage page, int number) => page.Locator($".log-row:has(.log-n[data-n='{number}']) .log-text");

    /// <summary>A project whose one job runs the command, built, and somebody who is logged in.</summary>
    private async Task<Visit> Build(string project, string command)
    {
        var visit = await Push(project, command);
        await fixture.Prts.WaitForBuild($"bench/{project}", 1);
        return visit;
    }

    private async Task<Visit> Push(string project, string command)
    {
        var clone = await fixture.Prts.Project(project, $"""
            name: Write
            stages:
              - name: Write
                jobs:
                  - name: Write
                    steps:
                      - run: |
                          {command}
            """);
        await Installation.Git(clone, "push", "--quiet", "origin", "main");
        await fixture.Prts.WaitFor($"bench/{project}", 1, build => build.Status is RunStatus.Running || build.Status.IsEnded());
        var visit = await fixture.Open();
        await visit.LogIn();
        return visit;
    }
}
