using Microsoft.Playwright;
using Xunit;

namespace PRTS.Browser.Tests;

/// <summary>Somebody with a browser. Notes what a page must never do: fail in its scripts, or ask another host for anything.</summary>
internal sealed class Visit : IAsyncDisposable
{
    private readonly BrowserFixture fixture;
    private readonly IBrowserContext context;
    private readonly List<string> complaints = [];
    private readonly List<string> others = [];

    public Visit(BrowserFixture fixture, IBrowserContext context, IPage page)
    {
        (this.fixture, this.context, Page) = (fixture, context, page);
        page.PageError += (_, error) => complaints.Add($"script: {error}");
        page.Console += (_, message) =>
        {
            // A refused or missing page is what some tests ask for; the browser notes its status as an error.
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)) complaints.Add($"console: {message.Text}");
        };
        page.Request += (_, request) =>
        {
            if (others.Count > 0 && Uri.TryCreate(page.Url, UriKind.Absolute, out var at) && others.Contains(at.Authority)) return;
            if (new Uri(request.Url) is { Scheme: "http" or "https" } address && address.Authority != fixture.Prts.Url.Authority && !others.Contains(address.Authority)) complaints.Add($"request to {request.Url}");
        };
    }

    public IPage Page { get; }

    /// <summary>Signing in leads there; what its pages do is not ours.</summary>
    public void Expect(Uri provider) => others.Add(provider.Authority);

    public Task LogIn() => LogIn(fixture.Prts.User, fixture.Prts.Password);

    public async Task LogIn(string user, string password)
    {
        await Page.GotoAsync("/login");
        await Page.FillAsync("#name", user);
        await Page.FillAsync("#password", password);
        // A page that is opened while the answer is on its way would cut it off, and with it the cookie.
        await Page.RunAndWaitForResponseAsync(
            () => Page.ClickAsync("main button[type=submit]"),
            answer => answer.Request.Method == "GET" && answer.Request.RedirectedFrom?.Method == "POST");
    }

    /// <summary>Opens a page and waits until it answers to clicks: what the server renders at first looks the same.</summary>
    public async Task Go(string address)
    {
        await Page.GotoAsync(address);
        await Page.WaitForSelectorAsync("main[data-live]");
    }

    public Task NothingWentWrong()
    {
        Assert.True(complaints.Count == 0, string.Join('\n', complaints));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => context.DisposeAsync();
}
