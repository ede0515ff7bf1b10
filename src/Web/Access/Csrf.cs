using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Web.Rest;

namespace PRTS.Web.Access;

/// <summary>
/// Another site can make a browser send our cookie. So a cookie alone changes nothing in the API: the request also has the antiforgery
/// header, or JSON as its content type and our own address as its origin. Tokens need neither, for no browser sends them by itself.
/// </summary>
public static class Csrf
{
    public const string Header = "X-CSRF-TOKEN";

    public static IApplicationBuilder UseCsrfProtection(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        if (IsSuspect(http) && !await IsOurs(http))
        {
            await Problems.Of(
                StatusCodes.Status403Forbidden, "csrf",
                $"A change by session cookie needs the {Header} header, or Content-Type application/json and an Origin that is this server. With a token neither is needed.")
                .ExecuteAsync(http);
            return;
        }

        await next(http);
    });

    private static bool IsSuspect(HttpContext http) =>
        http.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
        && !(HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || HttpMethods.IsOptions(http.Request.Method))
        && http.User.Identity?.AuthenticationType == AccessServices.CookieScheme;

    private static async Task<bool> IsOurs(HttpContext http)
    {
        if (http.Request.HasJsonContentType() && http.Request.Headers.Origin is [{ } origin] && IsOwnOrigin(http, origin)) return true;
        return http.Request.Headers.ContainsKey(Header) && await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http);
    }

    private static bool IsOwnOrigin(HttpContext http, string origin) =>
        string.Equals(origin, $"{http.Request.Scheme}://{http.Request.Host}", StringComparison.OrdinalIgnoreCase)
        || string.Equals(origin, http.RequestServices.GetRequiredService<WebOptions>().PublicUrl, StringComparison.OrdinalIgnoreCase);
}
