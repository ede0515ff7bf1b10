using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using PRTS.Web.Audit;

namespace PRTS.Web.Gateway;

/// <summary>Whose pages a request comes from. Browsers say so in <c>Origin</c> and <c>Sec-Fetch-Site</c>, which no page can forge.</summary>
public sealed class Origins(WebOptions options)
{
    private readonly HashSet<string> known = new(options.Gateway.Origins.Append(options.PublicUrl).Select(Normal), StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Whether this is an origin of our own pages: the address that was asked, the public one, or one that is set. Where a request comes
    /// plain, TLS may have ended at a proxy: then its page may be of the same host over https, which is trusted no less.
    /// </summary>
    public bool IsOwn(HttpContext http, string origin) =>
        string.Equals(origin, $"{http.Request.Scheme}://{http.Request.Host}", StringComparison.OrdinalIgnoreCase)
        || (!http.Request.IsHttps && string.Equals(origin, $"https://{http.Request.Host}", StringComparison.OrdinalIgnoreCase))
        || known.Contains(origin);

    /// <summary>Whether a browser says that another site's page made this request.</summary>
    public bool IsForeign(HttpContext http) =>
        (http.Request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" && !http.Request.Headers.Origin.Any(origin => origin is not null && known.Contains(origin)))
        || http.Request.Headers.Origin.Any(origin => origin is not null && !IsOwn(http, origin));

    /// <summary>What a browser says where the request's page is from; <c>none</c> when it says nothing.</summary>
    public static string Named(HttpContext http) => http.Request.Headers.Origin is [{ Length: > 0 } origin] ? origin : http.Request.Headers["Sec-Fetch-Site"] is [{ Length: > 0 } site] ? site : "none";

    /// <summary>The address without a default port and a path, as browsers write origins.</summary>
    private static string Normal(string address) => Uri.TryCreate(address, UriKind.Absolute, out var url) ? url.GetLeftPart(UriPartial.Authority) : address;
}

public static class OriginExtensions
{
    /// <summary>
    /// WebSockets know no same-origin policy: any site could open one with its visitor's cookie and read what comes. So they are for our
    /// own pages, and for programs, which send no origin. The hub's other transports count too. After the rate limits, because what is refused
    /// is recorded.
    /// </summary>
    public static IApplicationBuilder UseOwnSocketsOnly(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        if (!IsLive(http) || !http.RequestServices.GetRequiredService<Origins>().IsForeign(http))
        {
            await next(http);
            return;
        }

        var why = $"Live connections from pages of {Origins.Named(http)} are not served; PRTS_ORIGINS allows more addresses.";
        await http.RequestServices.GetRequiredService<DeniedAttempts>().Record(http, why);
        await Refusals.Write(http, StatusCodes.Status403Forbidden, "origin", why);
    });

    private static bool IsLive(HttpContext http) =>
        http.Request.Path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase)
        || string.Equals(http.Request.Headers[HeaderNames.Upgrade], "websocket", StringComparison.OrdinalIgnoreCase)
        || http.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true;
}
