using Microsoft.Playwright;

namespace PRTS.Browser.Tests;

/// <summary>Pictures for eyes, in the directory that PRTS_SCREENSHOTS names; none without it.</summary>
internal static class Shots
{
    private static string? Directory => Environment.GetEnvironmentVariable("PRTS_SCREENSHOTS") is { Length: > 0 } directory ? directory : null;

    public static Task Take(IPage page, string name) =>
        Directory is { } directory ? page.ScreenshotAsync(new() { Path = Path.Combine(directory, name + ".png"), FullPage = true }) : Task.CompletedTask;

    /// <summary>The page in both themes, wide and on a phone.</summary>
    public static async Task Everywhere(BrowserFixture fixture, string name, string address, Func<IPage, Task>? before = null)
    {
        if (Directory is null) return;
        foreach (var (scheme, width) in new[] { (ColorScheme.Light, 1280), (ColorScheme.Dark, 1280), (ColorScheme.Light, 390), (ColorScheme.Dark, 390) })
        {
            await using var visit = await fixture.Open(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 840 } });
            await visit.LogIn();
            await visit.Go(address);
            if (before is not null) await before(visit.Page);
            await Take(visit.Page, $"{name}-{scheme.ToString().ToLowerInvariant()}-{width}");
        }
    }
}
