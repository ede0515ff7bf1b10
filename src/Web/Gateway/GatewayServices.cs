using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Egress;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Gateway;

/// <summary>What stands between the network and the endpoints, in its order.</summary>
public static class GatewayServices
{
    public static IServiceCollection AddGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<RateLimits>();
        services.AddSingleton<Origins>();
        services.AddSingleton<DeniedAttempts>();
        services.AddSingleton(provider => new EgressClient(new() { Rules = options.Egress }, provider.GetRequiredService<TimeProvider>()));
        services.AddRequestLimits(options);
        return services;
    }

    public static IApplicationBuilder UseGateway(this IApplicationBuilder app, GatewayOptions options)
    {
        if (options.TrustedProxies.Count > 0) app.UseForwardedHeaders(Forwarded(options));
        app.UseHeadAsGet(options);
        app.UseRouting();
        app.UseSecurityHeaders();
        app.UseApiErrors();
        app.UseHeadLimits();
        app.UseHttpsOnly(options);
        app.UseUnboundedSockets();
        app.UseRequestTimeouts();
        app.UseAuthentication();
        app.UseRateLimits();
        app.UseOwnSocketsOnly();
        app.UseCsrfProtection();
        app.UseProgramPaths();
        app.UseAuthorization();
        return app;
    }

    /// <summary>As many hops as are ours, and no further: the first address that is nobody's of ours is the client's.</summary>
    private static ForwardedHeadersOptions Forwarded(GatewayOptions options)
    {
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in options.TrustedProxies) forwarded.KnownIPNetworks.Add(network);
        return forwarded;
    }
}
