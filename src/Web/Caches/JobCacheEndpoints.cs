using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Blobs;
using PRTS.Storage.Builds;
using PRTS.Storage.Caches;
using PRTS.Storage.Projects;
using PRTS.Web.Access;
using PRTS.Web.Gateway;
using PRTS.Web.Rest;

namespace PRTS.Web.Caches;

/// <summary>What a job offers to keep under a key. Size in bytes; Sha256: 64 hex digits.</summary>
public readonly record struct CacheQuery(string Key, string Sha256, long Size)
{
    public ProblemHttpResult? Problem => !PlannedCache.IsKey(Key) ? Problems.Invalid($"'key' must be one line of 1 to {PlannedCache.LongestKey} characters.")
        : Sha256.Length != 64 || !Sha256.All(char.IsAsciiHexDigitLower) ? Problems.Invalid("'sha256' must be 64 lower-case hex digits.")
        : Size < 0 ? Problems.Invalid("'size' must be 0 or more.")
        : null;
}

/// <summary>
/// How agents ask for caches and keep them. A build finds what its own ref and the default branch kept, and keeps for its own ref: so
/// nothing flows from a branch into another that was not merged into it. Authenticated by the attempt's token.
/// </summary>
public static class JobCacheEndpoints
{
    private const int MostKeys = 20;

    public static void MapJobCaches(this RouteGroupBuilder api)
    {
        var caches = api.MapGroup(Routes.Job + "/caches").WithTags("Caches (agents)").CheckNames();
        caches.RequireAttempt().TakesItsTime();
        caches.MapGet("", Find).WithSummary("What fits best to a key").WithDescription("`key`: as it is. `restore_key`: a beginning of keys, up to 20 of them, the best first. 204: nothing fits.");
        caches.MapGet("/{id:long}", Read).WithSummary("The bytes of a cache").Produces(200, contentType: "application/zstd");
        caches.MapPost("", Offer).WithSummary("Offer a cache").WithDescription("Says whether it is kept already, is not wanted, or should be sent.");
        caches.MapPut("", Put).WithSummary("Send a cache").Accepts<Stream>("application/zstd");
    }

    private static async Task<Results<Ok<CacheEntry>, NoContent, ProblemHttpResult>> Find(
        [AsParameters] JobRoute route, string key, string[]? restore_key, CachesStore caches, BuildsReadModel builds, ProjectsReadModel projects, CancellationToken cancellationToken)
    {
        var beginnings = restore_key ?? [];
        if (!PlannedCache.IsKey(key) || beginnings.Length > MostKeys || !beginnings.All(PlannedCache.IsKey))
            return Problems.Invalid($"Keys must be lines of 1 to {PlannedCache.LongestKey} characters, and 'restore_key' may be given {MostKeys} times.");
        if (await Build(route, builds, cancellationToken) is not { } build) return NoBuild(route);
        var refs = await Refs(route, build, projects, cancellationToken);
        return await caches.Find(route.Id.Build.Project, refs, key, beginnings, cancellationToken) is { } entry ? TypedResults.Ok(entry) : TypedResults.NoContent();
    }

    private static async Task<IResult> Read(
        [AsParameters] JobRoute route, long id, HttpContext http, CachesStore caches, BuildsReadModel builds, ProjectsReadModel projects)
    {
        var cancel = http.RequestAborted;
        if (await Build(route, builds, cancel) is not { } build) return NoBuild(route);
        if (await caches.Get(route.Id.Build.Project, id, cancel) is not { } entry || !(await Refs(route, build, projects, cancel)).Contains(entry.Ref, StringComparer.Ordinal))
            return Problems.NotFound($"There is no cache {id} for this build.");
        try
        {
            var contents = await caches.Open(route.Id.Build.Project, entry, cancel);
            return Results.Stream(target => Send(contents, target, entry, caches, route, cancel), "application/zstd");
        }
        catch (BlobNotFoundException)
        {
            await caches.Remove(route.Id.Build.Project, id, cancel);
            return Problems.NotFound($"The contents of cache {id} are gone.");
        }
    }

    /// <summary>What lies here damaged is of no use to anyone: removed, so that the next build keeps it anew. The agent sees by the hash that it is.</summary>
    private static async Task Send(Stream contents, Stream target, CacheEntry entry, CachesStore caches, JobRoute route, CancellationToken cancellationToken)
    {
        await using var source = contents;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[128 * 1024];
        while (await source.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != entry.Sha256)
            await caches.RemoveContents(route.Id.Build.Project, entry.Sha256, cancellationToken);
    }

    private static async Task<Results<Ok<CacheOffer>, ProblemHttpResult>> Offer(
        [AsParameters] JobRoute route, [AsParameters] CacheQuery query, CachesStore caches, BuildsReadModel builds, CancellationToken cancellationToken)
    {
        if (query.Problem is { } problem) return problem;
        if (await Build(route, builds, cancellationToken) is not { } build) return NoBuild(route);
        if (!PlannedCache.MaySave(build.Event)) return MayNot(build);
        return TypedResults.Ok(await caches.Offer(route.Id.Build.Project, build.Ref, query.Key, query.Sha256, query.Size, route.Number, cancellationToken));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Put(
        [AsParameters] JobRoute route, [AsParameters] CacheQuery query, HttpContext http, CachesStore caches, BuildsReadModel builds)
    {
        var cancel = http.RequestAborted;
        if (query.Problem is { } problem) return problem;
        if (query.Size > caches.Limits.Largest)
            return Problems.Of(StatusCodes.Status413PayloadTooLarge, "too-large", $"A cache may have {caches.Limits.Largest} bytes here.");
        if (await Build(route, builds, cancel) is not { } build) return NoBuild(route);
        if (!PlannedCache.MaySave(build.Event)) return MayNot(build);
        // A slow network is no reason to give up.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = query.Size;
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        try
        {
            await caches.Save(route.Id.Build.Project, build.Ref, query.Key, query.Sha256, query.Size, http.Request.Body, route.Number, cancel);
            return TypedResults.NoContent();
        }
        catch (BlobMismatchException wrong)
        {
            return Problems.Invalid($"The bytes are not those announced: {wrong.Message} Send them again.");
        }
    }

    /// <summary>Those of a branch or pull request, and of the default branch, whose contents are in all that is built from it.</summary>
    private static async Task<string[]> Refs(JobRoute route, BuildSummary build, ProjectsReadModel projects, CancellationToken cancellationToken)
    {
        var project = await projects.Get(route.Id.Build.Project, cancellationToken);
        return [build.Ref, $"refs/heads/{project?.DefaultBranch ?? "main"}"];
    }

    private static Task<BuildSummary?> Build(JobRoute route, BuildsReadModel builds, CancellationToken cancellationToken) => builds.Head(route.Id.Build, cancellationToken);

    private static ProblemHttpResult NoBuild(JobRoute route) => Problems.NotFound($"There is no build {route.Id.Build}.");

    private static ProblemHttpResult MayNot(BuildSummary build) =>
        Problems.Of(StatusCodes.Status403Forbidden, "untrusted", $"A build of a {build.Event} event keeps no caches: later builds would run what it left.");
}
