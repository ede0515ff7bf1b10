using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using PRTS.Contracts.Access;
using PRTS.Silo.Configuration;
using PRTS.Web.Access;
using PRTS.Web.Gateway;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace PRTS.Silo.Operations;

/// <summary>Structured logs, health, metrics and traces.</summary>
public static class OperationsHosting
{
    public static void AddOperations(this WebApplicationBuilder builder, ServerOptions options)
    {
        builder.Services.AddSerilog(log => log
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft.AspNetCore", LogEventLevel.Warning)
            .MinimumLevel.Override("System.Net.Http", LogEventLevel.Warning)
            .MinimumLevel.Override("Orleans", LogEventLevel.Warning)
            .MinimumLevel.Override("Npgsql", LogEventLevel.Warning)
            .MinimumLevel.Override("Polly", LogEventLevel.Warning)
            .MinimumLevel.Override("PRTS.Web.Access.HeaderAuthentication", LogEventLevel.Warning)
            // Both collectors were measured; the workstation one is no slower on small machines and half as large.
            .MinimumLevel.Override("Orleans.Runtime.Silo", LogEventLevel.Error)
            .Enrich.FromLogContext()
            .WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture)
            .WriteTo.File(
                new CompactJsonFormatter(),
                Path.Combine(options.Home, "logs", "server-.jsonl"),
                rollingInterval: RollingInterval.Day,
                retainedFileCountLimit: 14));

        builder.Services.AddHealthChecks()
            .AddCheck<StartupHealth>("startup", HealthStatus.Unhealthy, ["ready"])
            .AddCheck<DatabaseHealth>("database", HealthStatus.Unhealthy, ["ready"])
            .AddCheck<BlobsHealth>("blobs", HealthStatus.Unhealthy, ["ready"]);

        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("prts-server"))
            .WithMetrics(metrics => metrics
                .AddMeter("PRTS", "Microsoft.Orleans", "Npgsql")
                .AddAspNetCoreInstrumentation()
                .AddRuntimeInstrumentation()
                .AddPrometheusExporter());
        if (Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 })
        {
            telemetry.WithTracing(traces => traces
                .AddSource("PRTS", "Microsoft.Orleans.Application")
                .AddAspNetCoreInstrumentation()
                .AddOtlpExporter());
        }
    }

    public static void MapOperations(this WebApplication app)
    {
        app.MapHealthChecks("/healthz/live", new() { Predicate = _ => false }).AllowPlainHttp().RateAs(RateClass.Exempt).AllowAnonymous().OnlyRead();
        app.MapHealthChecks("/healthz/ready", new()
        {
            Predicate = check => check.Tags.Contains("ready"),
            ResultStatusCodes = { [HealthStatus.Degraded] = StatusCodes.Status503ServiceUnavailable },
            ResponseWriter = HealthAnswer.Write,
        }).AllowPlainHttp().RateAs(RateClass.Exempt).AllowAnonymous().OnlyRead();
        app.MapPrometheusScrapingEndpoint("/metrics").RequirePermission(Permissions.MetricsRead).OnlyRead();
    }

    /// <summary>These would answer any method.</summary>
    private static void OnlyRead(this IEndpointConventionBuilder endpoint) => endpoint.WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
}
