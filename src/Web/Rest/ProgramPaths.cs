using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;

namespace PRTS.Web.Rest;

/// <summary>What programs ask. No page is there, though the pages' patterns (<c>/{Org}/{Name}</c>) match some of it, and every error is a problem.</summary>
public static class ProgramPaths
{
    /// <summary>Nobody is asked who they are there: each endpoint sees to that itself, or anybody may have it.</summary>
    private static readonly string[] Open = ["/.well-known", "/cluster", "/healthz", "/schemas", "/webhooks"];

    /// <summary>Who is not logged in is told nothing there, neither what there is nor what there is not.</summary>
    private static readonly string[] Closed = ["/api", "/metrics", "/openapi"];

    public static bool Contain(PathString path) => Is(Open, path) || Is(Closed, path);

    /// <summary>Says what is not there, and with which method it would be.</summary>
    public static IApplicationBuilder UseProgramPaths(this IApplicationBuilder app) => app.UseWhen(http => Contain(http.Request.Path), programs => programs.Use(Answer));

    private static bool Is(string[] firsts, PathString path) => firsts.Any(first => path.StartsWithSegments(first, StringComparison.OrdinalIgnoreCase));

    private static Task Answer(HttpContext http, RequestDelegate next) => http.GetEndpoint() switch
    {
        _ when Is(Closed, http.Request.Path) && http.User.Identity?.IsAuthenticated != true => next(http),
        RouteEndpoint endpoint when IsForPrograms(endpoint) => next(http),
        null or RouteEndpoint => NothingHere(http),
        // Routing's own, which says that the method or the body's type is another.
        { RequestDelegate: { } refusal } => refusal(http),
        _ => next(http),
    };

    private static Task NothingHere(HttpContext http)
    {
        // A page's pattern took the request from an endpoint with another method, so routing did not say which there are.
        string[] methods = [.. Served(http).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        // Where the method is among them, what stands in the address cannot be: builds/-1.
        var isOther = methods.Length > 0 && !methods.Contains(http.Request.Method, StringComparer.Ordinal);
        http.Response.StatusCode = isOther ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status404NotFound;
        if (isOther) http.Response.Headers.Allow = string.Join(", ", methods);
        return Task.CompletedTask;
    }

    private static IEnumerable<string> Served(HttpContext http) => http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(endpoint => IsForPrograms(endpoint) && new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []).TryMatch(http.Request.Path, []))
        .SelectMany(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []);

    /// <summary>Patterns that begin with a name of anything are those of pages, and of files where the server runs from its build output.</summary>
    private static bool IsForPrograms(RouteEndpoint endpoint) => endpoint.RoutePattern.PathSegments is [{ Parts: [RoutePatternLiteralPart] }, ..];
}
