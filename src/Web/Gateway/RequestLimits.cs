using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;

namespace PRTS.Web.Gateway;

/// <summary>How large a body may be and how long a call may take, by kind of endpoint. The host gives the server <see cref="Body"/> as its limit.</summary>
public static class RequestLimits
{
    /// <summary>Of every request whose endpoint says nothing else. Bytes.</summary>
    public const long Body = 1 << 20;

    /// <summary>Of forms. Bytes.</summary>
    public const long Form = 64 << 10;

    public const string ApiTimeout = "api";

    public static IServiceCollection AddRequestLimits(this IServiceCollection services, GatewayOptions options) => services.AddRequestTimeouts(timeouts => timeouts.AddPolicy(
        ApiTimeout, new RequestTimeoutPolicy { Timeout = options.ApiTimeout, TimeoutStatusCode = StatusCodes.Status504GatewayTimeout }));

    /// <summary>A connection with a browser lasts, and its messages are bounded one by one: also where it is one stream of HTTP/2, which has limits like any body.</summary>
    public static IApplicationBuilder UseUnboundedSockets(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (http.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true)
        {
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
            if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        }

        return next(http);
    });

    /// <summary>Streams and files take as long as they take.</summary>
    public static T TakesItsTime<T>(this T builder) where T : IEndpointConventionBuilder => builder.WithMetadata(new DisableRequestTimeoutAttribute());

    /// <summary>Another size of the body than <see cref="Body"/>. Bytes.</summary>
    public static T LimitBody<T>(this T builder, long bytes) where T : IEndpointConventionBuilder => builder.WithMetadata(new RequestSizeLimitAttribute(bytes));
}
