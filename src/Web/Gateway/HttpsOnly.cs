using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace PRTS.Web.Gateway;

/// <summary>Marks an endpoint that is served without TLS too.</summary>
public sealed record PlainHttpAllowed;

public static class HttpsOnly
{
    /// <summary>
    /// Where TLS ends at this server, what comes without it is sent to the same address with it. A change is refused instead: its
    /// credentials have already crossed the network, and the caller must learn of it.
    /// </summary>
    public static IApplicationBuilder UseHttpsOnly(this IApplicationBuilder app, GatewayOptions options) => !options.Tls ? app : app.Use((http, next) =>
    {
        var request = http.Request;
        if (request.IsHttps || http.GetEndpoint()?.Metadata.GetMetadata<PlainHttpAllowed>() is not null) return next(http);
        var secure = $"https://{request.Host}{request.PathBase}{request.Path}{request.QueryString}";
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            return Refusals.Write(http, StatusCodes.Status403Forbidden, "https", $"This server takes changes over https only: use https://{request.Host}. What was sent has crossed the network unprotected; replace its credentials.");
        http.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
        http.Response.Headers.Location = secure;
        return Task.CompletedTask;
    });

    public static T AllowPlainHttp<T>(this T builder) where T : IEndpointConventionBuilder => builder.WithMetadata(new PlainHttpAllowed());
}
