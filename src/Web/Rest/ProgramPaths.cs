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
    private static readonly string[] First = ["/.well-known", "/api", "/cluster", "/healthz", "/metrics", "/openapi", "/schemas", "/webhooks"];

    public static bool Contain(PathString path) => First.Any(first => path.StartsWithSegments(first, StringComparison.Ordinal));

    /// <summary>Before anybody is asked who they are: what is not there is there for nobody.</summary>
    public static IApplicationBuilder UseProgramPaths(this IApplicationBuilder app) => app.UseWhen(http => Contain(http.Request.Path), programs => programs.Use(Answer));

    private static Task Answer(HttpContext http, RequestDelegate next) => http.GetEndpoint() switch
    {
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
        http.Response.StatusCode = methods.Length == 0 ? StatusCodes.Status404NotFound : StatusCodes.Status405MethodNotAllowed;
        if (methods.Length > 0) http.Response.Headers.Allow = string.Join(", ", methods);
        return Task.CompletedTask;
    }

    private static IEnumerable<string> Served(HttpContext http) => http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(endpoint => IsForPrograms(endpoint) && new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []).TryMatch(http.Request.Path, []))
        .SelectMany(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []);

    /// <summary>Patterns that begin with a name of anything are those of pages, and of files where the server runs from its build output.</summary>
    private static bool IsForPrograms(RouteEndpoint endpoint) => endpoint.RoutePattern.PathSegments is [{ Parts: [RoutePatternLiteralPart] }, ..];
}
