using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PRTS.Audit;
using PRTS.Storage.Audit;
using PRTS.Web.Access;

namespace PRTS.Web.Audit;

/// <summary>
/// Records what somebody tried and was refused. It is refused whether that can be written or not, and whether they wait for the answer. Who asks
/// comes after the rate limits, or has a limit of its own: nobody fills the log without bound.
/// </summary>
public sealed partial class DeniedAttempts(AuditLog audit, ILogger<DeniedAttempts> log)
{
    /// <summary>By the name that the request's endpoint has in the log, or else its permission.</summary>
    public Task Record(HttpContext http, string why)
    {
        var (action, _) = Asked(http);
        return Record(http.AuditSource().Denied(action, AuditedEndpoints.Target(http, action), why));
    }

    public async Task Record(AuditEntry entry)
    {
        try
        {
            await audit.Record(entry, CancellationToken.None);
        }
        catch (AuditUnavailableException unrecorded)
        {
            LogUnrecorded(unrecorded, entry.Action);
        }
    }

    /// <summary>What the request asks to do, as the log names it.</summary>
    public static (string Action, string? Permission) Asked(HttpContext http)
    {
        var permission = http.GetEndpoint()?.Metadata.GetMetadata<EndpointPermission>()?.Name.Replace(Policies.Anywhere, "", StringComparison.Ordinal);
        return (http.GetEndpoint()?.Metadata.GetMetadata<AuditedAction>()?.Name ?? (permission?.Contains(':', StringComparison.Ordinal) == true ? permission : "page:open"), permission);
    }

    [LoggerMessage(LogLevel.Error, "A denied {Action} could not be recorded in the audit log")]
    private partial void LogUnrecorded(Exception failure, string action);
}
