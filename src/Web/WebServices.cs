using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Web.Access;
using PRTS.Web.Access.SignIn;
using PRTS.Web.Administration;
using PRTS.Web.Agents;
using PRTS.Web.Artifacts;
using PRTS.Web.Audit;
using PRTS.Web.Builds;
using PRTS.Web.Caches;
using PRTS.Web.Environments;
using PRTS.Web.Gateway;
using PRTS.Web.Git;
using PRTS.Web.Logs;
using PRTS.Web.Projects;
using PRTS.Web.Rest;
using PRTS.Web.Secrets;
using PRTS.Web.Variables;
using PRTS.Web.Webhooks;

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
        services.AddAccess(options);
        services.AddGateway(options.Gateway);
        services.AddRest();
        services.AddSingleton<BuildHub>();
        services.AddSingleton<PipelineList>();
        services.AddSingleton<LogHub>();
        services.AddSingleton<JobLogs>();
        services.AddSingleton<RawLog>();
        services.AddSingleton<ArtifactUploads>();
        services.AddSingleton<FileUploads>();
        services.AddSingleton<AgentTokens>();
        services.AddSingleton<GitBackend>();
        services.AddSingleton<PushGate>();
        services.AddSingleton<IdTokens>();
        services.AddSingleton(provider => VaultEgress.Handlers(options.Gateway.Egress, provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>Adds the middleware and the endpoints.</summary>
    public static WebApplication MapPrtsWeb(this WebApplication app)
    {
        app.UseGateway(app.Services.GetRequiredService<GatewayOptions>());
        app.UseOpenRequests();
        app.MapLogin();
        app.MapSignIn();
        app.MapGit();
        app.MapDeliveries();
        app.MapApiDescription();
        app.MapIdTokens();
        var api = app.MapGroup(Routes.Api).AddEndpointFilter(BodyCheck.Run);
        api.WithRequestTimeout(RequestLimits.ApiTimeout);
        api.MapProjects();
        api.MapBuilds();
        api.MapLogs();
        api.MapArtifacts();
        api.MapArtifactUploads();
        api.MapCaches();
        api.MapJobCaches();
        api.MapGenerate();
        api.MapEnvironments();
        api.MapVariables();
        api.MapSecrets();
        api.MapJobSecrets();
        api.MapVaults();
        api.MapWebhooks();
        api.MapAgents();
        api.MapAccount();
        api.MapSecondFactors();
        api.MapDirectory();
        api.MapSignInProviders();
        api.MapAdministration();
        api.MapAudit();
        // Editors fetch it without a login; it says no more than the public reference.
        app.MapGet(Pipelines.PipelineSchema.Address, () => Results.Text(Pipelines.PipelineSchema.Json, "application/schema+json")).AllowAnonymous().ExcludeFromDescription();
        return app;
    }
}
