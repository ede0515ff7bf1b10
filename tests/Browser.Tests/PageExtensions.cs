using Microsoft.Playwright;

namespace PRTS.Browser.Tests;

internal static class PageExtensions
{
    public static Task<IDownload> WaitForDownloadStarted(this IPage page, string selector) =>
        page.RunAndWaitForDownloadAsync(() => page.ClickAsync(selector));

    /// <summary>For eyes: into the directory that PRTS_SCREENSHOTS names.</summary>
    public static Task Shot(this IPage page, string name) =>
        Environment.GetEnvironmentVariable("PRTS_SCREENSHOTS") is { Length: > 0 } directory
            ? page.ScreenshotAsync(new() { Path = Path.Combine(directory, name + ".png"), FullPage = true })
            : Task.CompletedTask;
}
