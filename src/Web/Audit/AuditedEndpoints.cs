using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Audit;
using PRTS.Storage.Audit;
using PRTS.Web.Access;
using PRTS.Web.Rest;

namespace PRTS.Web.Audit;

/// <summary>How the audit log names what an endpoint does (<c>noun:verb</c>). A test finds every endpoint that changes something and has none.</summary>
/// <param name="Name">The action.</param>
/// <param name="HasBefore">Entries have what held before. A test finds every change of a former state whose entries do not.</param>
public sealed record AuditedAction(string Name, bool HasBefore = false);

/// <summary>Asks what holds before a change, as far as the change could touch it; null: there is nothing yet.</summary>
public delegate Task<AuditFields?> FormerState(EndpointFilterInvocationContext request);

/// <summary>What a request names that its address does not, because it makes it.</summary>
/// <param name="address">What the address names.</param>
public delegate AuditTarget RequestTarget<in TRequest>(TRequest request, AuditTarget address);

/// <summary>Records what endpoints change before they do (docs/adr/0011).</summary>
public static class AuditedEndpoints
{
    private static readonly string[] OfPlace = ["org", "project"];

    /// <param name="before">Null: what the endpoint does has no former state.</param>
    public static RouteHandlerBuilder Audit(this RouteHandlerBuilder builder, string action, FormerState? before = null) => Add(builder, action, _ => null, before, (_, address) => address);

    /// <param name="after">What is to hold afterwards, of the request's body; secrets never.</param>
    /// <param name="before">Null: what the endpoint does has no former state.</param>
    /// <param name="target">Null: the address names it.</param>
    public static RouteHandlerBuilder Audit<TRequest>(this RouteHandlerBuilder builder, string action, Func<TRequest, AuditFields?> after, FormerState? before = null, RequestTarget<TRequest>? target = null) => Add(
        builder, action, arguments => arguments.OfType<TRequest>().FirstOrDefault() is { } request ? after(request) : null, before,
        (arguments, address) => target is not null && arguments.OfType<TRequest>().FirstOrDefault() is { } request ? target(request, address) : address);

    /// <summary>For <see cref="FormerState"/>s: a service of the request.</summary>
    public static T Get<T>(this EndpointFilterInvocationContext request) where T : notnull => request.HttpContext.RequestServices.GetRequiredService<T>();

    /// <summary>For <see cref="FormerState"/>s: a name of the address; empty when it has none.</summary>
    public static string Route(this EndpointFilterInvocationContext request, string name) => request.HttpContext.Request.RouteValues[name]?.ToString() ?? "";

    /// <summary>What the address names: the last of its own values, else the project, organization or tenant; below <c>/account</c> whose account it is.</summary>
    public static AuditTarget Target(HttpContext http, string action)
    {
        var route = http.Request.RouteValues;
        var (org, project) = (route["org"] as string, route["project"] as string);
        var kind = action[..action.IndexOf(':', StringComparison.Ordinal)];
        var names = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.Parameters.Select(parameter => parameter.Name).Where(name => !OfPlace.Contains(name, StringComparer.OrdinalIgnoreCase)) ?? [];
        var id = string.Join('/', names.Select(name => route[name]?.ToString()).Where(value => !string.IsNullOrEmpty(value)));
        var own = http.Request.Path.StartsWithSegments(Routes.Api + "/account", StringComparison.OrdinalIgnoreCase) ? http.User.Actor() : "";
        return new(kind, id.Length > 0 ? id : project is not null ? $"{org}/{project}" : org ?? own, Name: null, org, project);
    }

    private static RouteHandlerBuilder Add(RouteHandlerBuilder builder, string action, Func<IEnumerable<object?>, AuditFields?> after, FormerState? before, RequestTarget<IList<object?>> target) =>
        builder.WithMetadata(new AuditedAction(action, before is not null)).AddEndpointFilter((context, next) => Run(action, after, before, target, context, next));

    private static async ValueTask<object?> Run(
        string action, Func<IEnumerable<object?>, AuditFields?> after, FormerState? before, RequestTarget<IList<object?>> named, EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var log = http.RequestServices.GetRequiredService<AuditLog>();
        var (source, target) = (http.AuditSource(), named(context.Arguments, Target(http, action)));
        var former = before is null ? null : await before(context);
        await log.Record(source.Allowed(action, target, former, after(context.Arguments)), http.RequestAborted);
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
