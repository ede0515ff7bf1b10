using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using PRTS.Agents.Configuration;
using PRTS.Agents.Connection;
using PRTS.Agents.Jobs;
using PRTS.Agents.Reporting;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Cluster;
using PRTS.Execution;
using PRTS.Execution.Jobs;
using Serilog;
using Serilog.Events;

namespace PRTS.Agents;

/// <summary>The agent's parts put together.</summary>
public static class AgentHost
{
    public static IHost Build(string[] args, AgentOptions options, AgentIdentity identity, ControlPlane controlPlane)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSerilog(log => log
            .MinimumLevel.Information()
            .MinimumLevel.Override("Orleans", LogEventLevel.Warning)
            .MinimumLevel.Override("Orleans.Runtime.Silo", LogEventLevel.Error)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Polly", LogEventLevel.Warning)
            .WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture));
        if (Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 })
        {
            builder.Services.AddOpenTelemetry()
                .ConfigureResource(resource => resource.AddService("prts-agent"))
                .WithTracing(traces => traces.AddSource("PRTS", "Microsoft.Orleans.Application").AddOtlpExporter());
        }

        builder.AddAgentSilo(options, identity);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(identity);
        builder.Services.AddSingleton(controlPlane);
        builder.Services.AddSingleton(Execution(options));
        builder.Services.AddSingleton<IJobSink, GrainJobSink>();
        builder.Services.AddSingleton<AttemptHttp>();
        builder.Services.AddSingleton<ArtifactUploader>();
        builder.Services.AddSingleton<ArtifactReader>();
        builder.Services.AddSingleton<CacheClient>();
        builder.Services.AddSingleton<GenerateClient>();
        builder.Services.AddSingleton<SecretsClient>();
        builder.Services.AddSingleton<JobRunner>();
        builder.Services.AddSingleton<AgentJobs>();
        builder.Services.AddSingleton<IAgentJobs>(services => services.GetRequiredService<AgentJobs>());
        builder.Services.AddHostedService<Heartbeat>();
        builder.Services.AddHostedService<IdleMemory>();
        return builder.Build();
    }

    /// <summary>Runs until the host stops, and then until every job is handed over to its supervisor.</summary>
    public static async Task Run(IHost host)
    {
        if (host.Services.GetRequiredService<ExecutionOptions>().Validate() is { Count: > 0 } problems)
            throw new AgentSetupException(string.Join('\n', problems));
        var jobs = host.Services.GetRequiredService<AgentJobs>();
        jobs.FindOrphans();
        await host.StartAsync();
        await host.WaitForShutdownAsync();
        await jobs.Detached();
    }

    private static ExecutionOptions Execution(AgentOptions options) => new()
    {
        JobsDirectory = Path.Combine(options.Home, "jobs"),
        WorkDirectory = Path.Combine(options.Home, "work"),
        MirrorsDirectory = Path.Combine(options.Home, "mirrors"),
        SupervisorPath = options.Supervisor,
        JobUser = options.JobUser,
        AgentName = options.Name,
        Labels = options.Labels,
        Engine = options.Engine,
        KeepFailed = options.KeepFailed,
    };
}
