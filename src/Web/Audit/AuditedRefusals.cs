using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using PRTS.Audit;
using PRTS.Web.Access;

namespace PRTS.Web.Audit;

/// <summary>What somebody tried who may not is in the audit log, too.</summary>
public sealed class AuditedRefusals(DeniedAttempts denied) : IAuthorizationMiddlewareResultHandler
{
    private const string SignIn = "session:begin";
    private readonly AuthorizationMiddlewareResultHandler usual = new();

    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Challenged && HeaderAuthentication.Claimed(context) is var (tenant, name))
        {
            var source = await context.AuditSource(tenant, name);
            await denied.Record(source.Denied(SignIn, new("user", name), HeaderAuthentication.Problem(context)!));
        }
        else if (authorizeResult.Challenged && IsOfProgram(context) && HeaderAuthentication.Problem(context) is null)
        {
            await denied.Record(context, "The request came without credentials.");
        }

        if (authorizeResult.Forbidden && context.User.Identity?.IsAuthenticated == true)
        {
            var (_, permission) = DeniedAttempts.Asked(context);
            await denied.Record(context, TokenLimits.Explain(context) ?? $"{context.User.Actor()} has no permission for it: {permission ?? context.Request.Path}.");
        }

        await usual.HandleAsync(next, context, policy, authorizeResult);
    }

    /// <summary>A browser that is not logged in yet is led to the login, and git asks first whether it needs credentials: nothing is tried there.</summary>
    private static bool IsOfProgram(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) || context.GetEndpoint()?.Metadata.GetMetadata<AuditedAction>() is not null;
}
