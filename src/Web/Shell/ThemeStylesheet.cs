using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PRTS.Web.Gateway;

namespace PRTS.Web.Shell;

/// <summary>
/// The theme as a file. MudBlazor writes it as style elements into every page, for which all inline styles would have to be allowed; so
/// its component is rendered here once, and pages refer to what it wrote.
/// </summary>
public sealed partial class ThemeStylesheet(IServiceScopeFactory scopes, ILoggerFactory loggers)
{
    private const string Path = "_content/PRTS.Web/theme.css";
    private readonly Lazy<Task<string>> css = new(() => Render(scopes, loggers));

    /// <summary>Changes with the program, so that browsers may keep the file.</summary>
    public static string Address { get; } = $"{Path}?v={typeof(ThemeStylesheet).Assembly.ManifestModule.ModuleVersionId:N}";

    public Task<string> Css => css.Value;

    private static async Task<string> Render(IServiceScopeFactory scopes, ILoggerFactory loggers)
    {
        await using var scope = scopes.CreateAsyncScope();
        await using var renderer = new HtmlRenderer(scope.ServiceProvider, loggers);
        var html = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<ThemeStyles>()).ToHtmlString());
        return string.Join('\n', StyleElement().Matches(html).Select(match => match.Groups["css"].Value));
    }

    public static void Map(IEndpointRouteBuilder app) => app.MapGet(Path, async (ThemeStylesheet theme, HttpContext http) =>
    {
        http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        return Results.Text(await theme.Css, "text/css");
    }).AllowAnonymous().RateAs(RateClass.Exempt).ExcludeFromDescription();

    [GeneratedRegex("<style[^>]*>(?<css>.*?)</style>", RegexOptions.Singleline | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StyleElement();
}
