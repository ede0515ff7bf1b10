using Microsoft.Playwright;

namespace PRTS.Browser.Tests;

internal static class PageExtensions
{
    public static Task<IDownload> WaitForDownloadStarted(this IPage page, string selector) =>
        page.RunAndWaitForDownloadAsync(() => page.ClickAsync(selector));
}
