using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;
using MudBlazor.Services;
using PRTS.Web.Shell;

namespace PRTS.Web;

/// <summary>The front end: Blazor pages, their assets, languages.</summary>
public static class Pages
{
    /// <summary>Restored page state and dialogs travel in one message; the default of 32 KB ends the connection of a large build's page.</summary>
    private const long MaxMessage = 1 << 20;

    private static readonly string[] Cultures = ["en", "zh-Hans"];

    public static IServiceCollection AddPrtsPages(this IServiceCollection services)
    {
        services.AddLocalization();
        services.Configure<RequestLocalizationOptions>(options => options
            .SetDefaultCulture(Cultures[0]).AddSupportedCultures(Cultures).AddSupportedUICultures(Cultures));
        services.AddTransient<IStartupFilter, AroundEverything>();
        services.AddRazorComponents().AddInteractiveServerComponents()
            .AddHubOptions(options => options.MaximumReceiveMessageSize = MaxMessage);
        services.AddTransient<MudLocalizer, UiLocalizer>();
        services.AddSingleton<ThemeStylesheet>();
        services.AddMudServices(options =>
        {
            options.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomRight;
            options.SnackbarConfiguration.PreventDuplicates = true;
        });
        return services;
    }

    /// <summary>Call after <c>MapPrtsWeb</c>, which adds authentication and antiforgery.</summary>
    public static WebApplication MapPrtsPages(this WebApplication app)
    {
        app.UseAntiforgery();
        app.MapStaticAssets().AllowAnonymous();
        ThemeStylesheet.Map(app);
        app.MapGet("/culture", SwitchCulture).AllowAnonymous().ExcludeFromDescription();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(options =>
        {
            // Blazor would send a policy of its own, of this alone, in place of ours (SecurityHeaders).
            options.ContentSecurityFrameAncestorsPolicy = null;
        }).Add(AnswerHead);
        return app;
    }

    /// <summary>As GET, of which the server then sends no body (RFC 9110, 9.3.2). Blazor's pages do not answer it by themselves.</summary>
    private static void AnswerHead(EndpointBuilder page)
    {
        if (page.Metadata.OfType<ComponentTypeMetadata>().Any()) page.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head, HttpMethods.Post]));
    }

    /// <summary>Somebody looks at a page, not a program at the API or at Git.</summary>
    private static bool IsPage(HttpContext context) =>
        (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        && !context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        && !context.Request.Path.StartsWithSegments("/git", StringComparison.OrdinalIgnoreCase)
        && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>Keeps the language in a cookie and goes back to where the reader was.</summary>
    private static IResult SwitchCulture(HttpContext context, string to)
    {
        if (!Cultures.Contains(to, StringComparer.Ordinal)) return Results.Problem($"'{to}' is no language of PRTS; there are: {string.Join(", ", Cultures)}.", statusCode: 400);
        context.Response.Cookies.Append(
            CookieRequestCultureProvider.DefaultCookieName,
            CookieRequestCultureProvider.MakeCookieValue(new RequestCulture(to)),
            new CookieOptions { MaxAge = TimeSpan.FromDays(400), SameSite = SameSiteMode.Lax, HttpOnly = true, IsEssential = true, Secure = context.Request.IsHttps });
        var back = context.Request.GetTypedHeaders().Referer;
        return Results.LocalRedirect(back is not null && back.Authority == context.Request.Host.Value ? back.PathAndQuery : "/");
    }

    /// <summary>Before the host's own middleware, so that a refusal or a crash there becomes a page too, in the reader's language.</summary>
    private sealed class AroundEverything : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseRequestLocalization();
            app.UseWhen(IsPage, pages =>
            {
                pages.UseExceptionHandler("/problem/500", createScopeForErrors: true);
                pages.UseStatusCodePagesWithReExecute("/problem/{0}", createScopeForStatusCodePages: true);
            });
            next(app);
        };
    }
}
