using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Web.Audit;
using PRTS.Web.Gateway;
using PRTS.Web.Rest;

namespace PRTS.Web.Access;

/// <summary>
/// Another site can make a browser send our cookie. So a cookie alone changes nothing: what a browser says to come from another site is
/// refused everywhere, and in the API the request also has the antiforgery header, or JSON as its content type and our own address as its
/// origin (forms of pages have the antiforgery field). Tokens need neither, for no browser sends them by itself.
/// </summary>
public static class Csrf
{
    public const string Header = "X-CSRF-TOKEN";

    public static IApplicationBuilder UseCsrfProtection(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        if (!IsChangeByCookie(http))
        {
            await next(http);
            return;
        }

        if (http.RequestServices.GetRequiredService<Origins>().IsForeign(http))
        {
            await Refuse(http, "A page of another site may not change anything here with your session.");
            return;
        }

        if (http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) && !await IsOurs(http))
        {
            await Refuse(http, $"A change by session cookie needs the {Header} header, or Content-Type application/json and an Origin that is this server. With a token neither is needed.");
            return;
        }

        await next(http);
    });

    private static bool IsChangeByCookie(HttpContext http) =>
        !(HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || HttpMethods.IsOptions(http.Request.Method))
        && http.User.Identity?.AuthenticationType == AccessServices.CookieScheme;

    private static async Task Refuse(HttpContext http, string why)
    {
        await http.RequestServices.GetRequiredService<DeniedAttempts>().Record(http, $"{why} Origin: {Origins.Named(http)}.");
        await Problems.Of(StatusCodes.Status403Forbidden, "csrf", why).ExecuteAsync(http);
    }

    private static async Task<bool> IsOurs(HttpContext http)
    {
        if (http.Request.HasJsonContentType() && http.Request.Headers.Origin is [{ } origin] && http.RequestServices.GetRequiredService<Origins>().IsOwn(http, origin)) return true;
        return http.Request.Headers.ContainsKey(Header) && await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http);
    }
}
