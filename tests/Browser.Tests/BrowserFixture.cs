using Microsoft.Playwright;
using Xunit;

[assembly: AssemblyFixture(typeof(PRTS.Browser.Tests.BrowserFixture))]

namespace PRTS.Browser.Tests;

/// <summary>One installation, started by the command that users have, and one Chromium for all tests, which take turns (their collection).</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private const string Chromium = "/usr/bin/chromium";
    private IPlaywright? playwright;
    private IBrowser? browser;

    internal Installation Prts { get; private set; } = null!;

    /// <summary>A directory of people, there from the start: the server is told once which authorities it trusts.</summary>
    internal Slapd Directory { get; } = new();

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Chromium)) throw new InvalidOperationException($"{Chromium} is not there: apt-get install chromium.");
        await Directory.Start();
        Prts = await Installation.Start(Installation.Checkout(), slots: 2, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            // Providers of these tests are on this machine, where the server goes only when it is allowed.
            ["PRTS_EGRESS_ALLOW"] = "127.0.0.1",
            ["LDAPTLS_CACERT"] = Directory.Certificate,
        });
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    /// <summary>A browser of its own: no cookies, nothing stored.</summary>
    internal async Task<Visit> Open(BrowserNewContextOptions? options = null)
    {
        options ??= new();
        options.BaseURL = Prts.Url.AbsoluteUri;
        options.Locale ??= "en-US";
        var context = await browser!.NewContextAsync(options);
        return new Visit(this, context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
        if (Prts is not null) await Prts.DisposeAsync();
        await Directory.DisposeAsync();
    }
}
