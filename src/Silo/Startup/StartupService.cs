using PRTS.Contracts.Cluster;
using PRTS.Grains;
using PRTS.Silo.Configuration;
using PRTS.Silo.Operations;
using PRTS.Web.Access;

namespace PRTS.Silo.Startup;

/// <summary>What a server does once its silo runs; then it is ready, and wakes builds and schedules until it stops.</summary>
public sealed class StartupService(
    FirstAdministrator administrator, SampleProject sample, BuildWaker waker, StartupHealth health, IHostApplicationLifetime lifetime, ILogger<StartupService> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Started(stoppingToken);
        try
        {
            await administrator.Ensure(stoppingToken);
            await sample.Ensure(FirstAdministrator.Name, stoppingToken);
            health.Ready();
            await waker.Run(stoppingToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Not ready until the end; the host stops, so that its supervisor starts it again.
            health.Failed(failure.Message);
            logger.LogCritical(failure, "The server could not start");
            lifetime.StopApplication();
            Environment.ExitCode = 1;
        }
    }

    /// <summary>Waits for the host: grains can be called from then on.</summary>
    private Task Started(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        stoppingToken.Register(() => started.TrySetCanceled(stoppingToken));
        return started.Task;
    }
}

public static class StartupHosting
{
    public static void AddStartup(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<StartupHealth>();
        services.AddSingleton<SampleProject>();
        services.AddHostedService<StartupService>();
        services.AddHostedService<IdleMemory>();
        services.AddHostedService<SweepService>();
        services.AddHostedService<KeyRotationService>();
        services.AddHostedService<AuditCheckpointService>();
    }
}
