using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Web.Access;
using PRTS.Web.Builds;

namespace PRTS.Web;

/// <summary>
/// The HTTP side of the control plane. The host also registers storage (<c>AddPrtsStorage</c>), <c>AttemptTokens</c> and Orleans with the
/// stream provider <c>Streams.Provider</c>.
/// </summary>
public static class WebServices
{
    public static IServiceCollection AddPrtsWeb(this IServiceCollection services, WebOptions options)
    {
        services.AddSingleton(options);
        services.AddAccess();
        services.AddSingleton<BuildHub>();
        return services;
    }

    /// <summary>Adds the middleware and the endpoints.</summary>
    public static WebApplication MapPrtsWeb(this WebApplication app)
    {
        app.UseSecurityHeaders();
        app.UseAuthentication();
        app.UseCsrfProtection();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapLogin();
        return app;
    }
}
