using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using PRTS.Storage.Blobs;

namespace PRTS.Silo.Operations;

/// <summary>Ready when the start is done: schema, first administrator, sample project.</summary>
public sealed class StartupHealth : IHealthCheck
{
    // Not ready either, but nothing is wrong yet.
    private volatile Func<HealthCheckResult> result = () => HealthCheckResult.Degraded("The server is still starting.");

    public void Ready() => result = () => HealthCheckResult.Healthy();

    public void Failed(string why) => result = () => HealthCheckResult.Unhealthy(why);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(result());
}

public sealed class DatabaseHealth(NpgsqlDataSource database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = database.CreateCommand("select 1");
            command.CommandTimeout = 3;
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (NpgsqlException failure)
        {
            return HealthCheckResult.Unhealthy($"PostgreSQL does not answer: {failure.Message}", failure);
        }
    }
}

public sealed class BlobsHealth(BlobStoreCheck check) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await check.Reach(cancellationToken) is { } problem ? HealthCheckResult.Unhealthy(problem) : HealthCheckResult.Healthy();
}

/// <summary>The answer names what fails and no more, because anyone may ask; the log has the reasons.</summary>
public static class HealthAnswer
{
    public static Task Write(HttpContext http, HealthReport report)
    {
        http.Response.ContentType = "text/plain";
        var failing = report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy).Select(entry => entry.Key);
        return http.Response.WriteAsync(report.Status == HealthStatus.Healthy ? "Healthy" : $"Unhealthy: {string.Join(", ", failing)}. The server's log says why.", http.RequestAborted);
    }
}
