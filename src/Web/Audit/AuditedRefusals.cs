using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PRTS.Audit;
using PRTS.Storage.Audit;
using PRTS.Web.Access;

namespace PRTS.Web.Audit;

/// <summary>What somebody tried who may not is in the audit log, too. It is refused whether that can be written or not.</summary>
public sealed partial class AuditedRefusals(AuditLog audit, ILogger<AuditedRefusals> log) : IAuthorizationMiddlewareResultHandler
{
    private const string SignIn = "session:begin";
    private readonly AuthorizationMiddlewareResultHandler usual = new();

    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Challenged && HeaderAuthentication.Claimed(context) is var (tenant, name))
        {
            var source = await context.AuditSource(tenant, name);
            await Record(source.Denied(SignIn, new("user", name), HeaderAuthentication.Problem(context)!), SignIn, context);
        }
        else if (authorizeResult.Challenged && IsOfProgram(context) && HeaderAuthentication.Problem(context) is null)
        {
            var (action, _) = Asked(context);
            await Record(context.AuditSource().Denied(action, AuditedEndpoints.Target(context, action), "The request came without credentials."), action, context);
        }

        if (authorizeResult.Forbidden && context.User.Identity?.IsAuthenticated == true)
        {
            var (action, permission) = Asked(context);
            await Record(context.AuditSource().Denied(action, AuditedEndpoints.Target(context, action), TokenLimits.Explain(context) ?? $"{context.User.Actor()} has no permission for it: {permission ?? context.Request.Path}."), action, context);
        }

        await usual.HandleAsync(next, context, policy, authorizeResult);
    }

    /// <summary>A browser that is not logged in yet is led to the login, and git asks first whether it needs credentials: nothing is tried there.</summary>
    private static bool IsOfProgram(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) || context.GetEndpoint()?.Metadata.GetMetadata<AuditedAction>() is not null;

    private static (string Action, string? Permission) Asked(HttpContext context)
    {
        var permission = context.GetEndpoint()?.Metadata.GetMetadata<EndpointPermission>()?.Name.Replace(Policies.Anywhere, "", StringComparison.Ordinal);
        return (context.GetEndpoint()?.Metadata.GetMetadata<AuditedAction>()?.Name ?? (permission?.Contains(':', StringComparison.Ordinal) == true ? permission : "page:open"), permission);
    }

    private async Task Record(AuditEntry entry, string action, HttpContext context)
    {
        try
        {
            await audit.Record(entry, context.RequestAborted);
        }
        catch (AuditUnavailableException unrecorded)
        {
            LogUnrecorded(unrecorded, action);
        }
    }

    [LoggerMessage(LogLevel.Error, "A denied {Action} could not be recorded in the audit log")]
    private partial void LogUnrecorded(Exception failure, string action);
}
