using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api;
using PRTS.Api.Caches;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Storage.Caches;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Caches;

/// <summary>What builds of a project keep for later ones.</summary>
public static class CacheEndpoints
{
    public static void MapCaches(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("").WithTags("Caches").CheckNames();
        group.MapGet(Routes.Project + "/caches", List).RequirePermission(Permissions.ArtifactRead).CheckProject().WithSummary("Caches of a project, the last used first");
        group.MapDelete(Routes.Project + "/caches/{id:long}", Remove).Audit("cache:remove", Before).RequirePermission(Permissions.PipelineRun).CheckProject()
            .WithSummary("Remove a cache").WithDescription("The next build that asks for it does without, and keeps it anew.");
    }

    private static async Task<Results<Ok<Page<CacheEntry>>, ProblemHttpResult>> List(
        [AsParameters] ProjectRoute route, [AsParameters] Paging paging, CachesStore caches, CancellationToken cancellationToken) =>
        paging.Problem is { } problem ? problem : TypedResults.Ok(await caches.List(route.Id, paging.From, paging.Count, cancellationToken));

    private static async Task<AuditFields?> Before(EndpointFilterInvocationContext request) =>
        await request.Get<CachesStore>().Get(new(request.HttpContext.User.Tenant(), request.Route("org"), request.Route("project")), long.Parse(request.Route("id"), CultureInfo.InvariantCulture)) is { } cache
            ? new() { ["ref"] = cache.Ref, ["key"] = cache.Key, ["bytes"] = cache.Size, ["build"] = cache.Build }
            : null;

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove([AsParameters] ProjectRoute route, long id, CachesStore caches, CancellationToken cancellationToken) =>
        await caches.Remove(route.Id, id, cancellationToken) ? TypedResults.NoContent() : Problems.NotFound($"The project {route.Id} has no cache {id}.");
}
