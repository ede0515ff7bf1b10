using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Audit;
using PRTS.Storage.Audit;

namespace PRTS.Web.Audit;

/// <summary>How the audit log names what an endpoint does (<c>noun:verb</c>). A test finds every endpoint that changes something and has none.</summary>
public sealed record AuditedAction(string Name);

/// <summary>Records what endpoints change before they do (docs/adr/0011).</summary>
public static class AuditedEndpoints
{
    private static readonly string[] OfPlace = ["org", "project"];

    public static RouteHandlerBuilder Audit(this RouteHandlerBuilder builder, string action) => Add(builder, action, _ => null);

    /// <param name="after">What is to hold afterwards, of the request's body; secrets never.</param>
    public static RouteHandlerBuilder Audit<TRequest>(this RouteHandlerBuilder builder, string action, Func<TRequest, AuditFields> after) =>
        Add(builder, action, arguments => arguments.OfType<TRequest>().FirstOrDefault() is { } request ? after(request) : null);

    /// <summary>What the address names: the last of its own values, else the project, organization or tenant.</summary>
    public static AuditTarget Target(HttpContext http, string action)
    {
        var route = http.Request.RouteValues;
        var (org, project) = (route["org"] as string, route["project"] as string);
        var kind = action[..action.IndexOf(':', StringComparison.Ordinal)];
        var names = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.Parameters.Select(parameter => parameter.Name).Where(name => !OfPlace.Contains(name, StringComparer.OrdinalIgnoreCase)) ?? [];
        var id = string.Join('/', names.Select(name => route[name]?.ToString()).Where(value => !string.IsNullOrEmpty(value)));
        return new(kind, id.Length > 0 ? id : project is not null ? $"{org}/{project}" : org ?? "", Name: null, org, project);
    }

    private static RouteHandlerBuilder Add(RouteHandlerBuilder builder, string action, Func<IEnumerable<object?>, AuditFields?> after) =>
        builder.WithMetadata(new AuditedAction(action)).AddEndpointFilter((context, next) => Run(action, after, context, next));

    private static async ValueTask<object?> Run(string action, Func<IEnumerable<object?>, AuditFields?> after, EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var log = http.RequestServices.GetRequiredService<AuditLog>();
        var (source, target) = (http.AuditSource(), Target(http, action));
        await log.Record(source.Allowed(action, target, after: after(context.Arguments)), http.RequestAborted);
        object? result;
        try
        {
            result = await next(context);
        }
        catch (Exception failure)
        {
            await log.Record(source.Failed(action, target, $"It failed: {failure.GetType().Name}."), CancellationToken.None);
            throw;
        }

        if (Refusal(result) is var (status, why))
            await log.Record(status == StatusCodes.Status403Forbidden ? source.Denied(action, target, why) : source.Failed(action, target, why), CancellationToken.None);
        return result;
    }

    private static (int Status, string Why)? Refusal(object? result) => result switch
    {
        INestedHttpResult nested => Refusal(nested.Result),
        ProblemHttpResult problem => (problem.StatusCode, problem.ProblemDetails.Detail ?? ""),
        IStatusCodeHttpResult { StatusCode: { } status and >= 400 } => (status, $"It was answered with {status}."),
        _ => null,
    };
}
