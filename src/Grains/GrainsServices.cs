using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using PRTS.Contracts.Builds;

namespace PRTS.Grains;

public static class GrainsServices
{
    /// <summary>What the grains of a server need beside storage. The host runs <see cref="BuildWaker"/>.</summary>
    public static IServiceCollection AddPrtsGrains(this IServiceCollection services, GrainsOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(new AttemptTokens(options.TokenKey));
        services.AddSingleton<BuildWaker>();
        return services;
    }
}
