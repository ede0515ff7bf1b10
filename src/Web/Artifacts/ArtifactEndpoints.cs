using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using PRTS.Api.Artifacts;
using PRTS.Contracts.Access;
using PRTS.Storage.Artifacts;
using PRTS.Storage.Blobs;
using PRTS.Web.Access;
using PRTS.Web.Gateway;
using PRTS.Web.Rest;

namespace PRTS.Web.Artifacts;

/// <summary>How people and scripts get artifacts.</summary>
public static class ArtifactEndpoints
{
    public static void MapArtifacts(this RouteGroupBuilder api)
    {
        var artifacts = api.MapGroup("").WithTags("Artifacts").CheckNames();
        artifacts.RequirePermission(Permissions.ArtifactRead);
        artifacts.MapGet(Routes.Build + "/artifacts", List).WithSummary("Artifacts of a build");
        var artifact = artifacts.MapGroup(Routes.Job + "/artifacts/{name}");
        artifact.MapGet("/files", Files).WithSummary("Files of an artifact, or of one folder in it").WithDescription("`path`: the folder; all below it is listed.");
        artifact.MapGet("/files/{**path}", Download).TakesItsTime().WithSummary("Download a file").WithDescription("Serves ranges; the ETag is the SHA-256.")
            .Produces(200, contentType: "application/octet-stream");
        artifact.MapGet("/zip", Zip).TakesItsTime().WithSummary("Download an artifact, or one folder in it, as a zip archive").WithDescription("`path`: the folder.")
            .Produces(200, contentType: "application/zip");
    }

    private static async Task<Ok<IReadOnlyList<ArtifactSummary>>> List([AsParameters] BuildRoute route, ArtifactsReadModel artifacts, CancellationToken cancellationToken) =>
        TypedResults.Ok(await artifacts.List(route.Id, cancellationToken));

    private static async Task<Results<Ok<List<ArtifactFile>>, ProblemHttpResult>> Files(
        [AsParameters] JobRoute route, string name, string? path, ArtifactsReadModel artifacts, CancellationToken cancellationToken) =>
        await Below(route, name, path, artifacts, cancellationToken) is { Count: > 0 } files
            ? TypedResults.Ok(files.ConvertAll(stored => stored.File))
            : Nothing(route, name, path);

    private static async Task<IResult> Download(
        [AsParameters] JobRoute route, string name, string path, HttpContext http, ArtifactsReadModel artifacts, IBlobStore blobs)
    {
        var cancel = http.RequestAborted;
        if (await artifacts.File(route.Id, name, path, cancel) is not { } stored) return Nothing(route, name, path);
        var response = http.Response;
        var (type, inline) = ArtifactContentTypes.Of(path);
        response.ContentType = type;
        response.Headers.ContentSecurityPolicy = ArtifactContentTypes.Policy;
        response.Headers.CacheControl = "private, no-cache";
        // A page in its sandbox has no origin, and still has pictures and styles beside it. Other sites have no session to read them with.
        response.Headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        SetDisposition(response, inline ? "inline" : "attachment", path[(path.LastIndexOf('/') + 1)..]);
        if (ByteRange.Choose(http, stored.File.Size, new EntityTagHeaderValue($"\"{stored.File.Sha256}\"")) is not { Length: > 0 } range) return Results.Empty;
        await using var content = await blobs.OpenRead(stored.BlobKey, range.From, range.Length, cancel);
        await content.CopyToAsync(response.Body, cancel);
        return Results.Empty;
    }

    private static async Task<IResult> Zip(
        [AsParameters] JobRoute route, string name, string? path, HttpContext http, ArtifactsReadModel artifacts, IBlobStore blobs)
    {
        var cancel = http.RequestAborted;
        if (await Below(route, name, path, artifacts, cancel) is not { Count: > 0 } files) return Nothing(route, name, path);
        var folder = path?.Trim('/') ?? "";
        http.Response.ContentType = "application/zip";
        http.Response.Headers.CacheControl = "private, no-cache";
        SetDisposition(http.Response, "attachment", $"{(folder.Length == 0 ? name : folder[(folder.LastIndexOf('/') + 1)..])}.zip");
        await ArtifactZip.Write(http.Response.Body, files, folder, blobs, cancel);
        return Results.Empty;
    }

    private static async Task<List<StoredFile>> Below(JobRoute route, string name, string? path, ArtifactsReadModel artifacts, CancellationToken cancellationToken)
    {
        var files = await artifacts.Files(route.Id, name, cancellationToken);
        var folder = path?.Trim('/') ?? "";
        return [.. folder.Length == 0 ? files : files.Where(stored => stored.File.Path.StartsWith(folder + "/", StringComparison.Ordinal))];
    }

    /// <summary>Encodes the name as RFC 6266 says, so that no name breaks out of the header.</summary>
    private static void SetDisposition(HttpResponse response, string kind, string fileName)
    {
        var disposition = new ContentDispositionHeaderValue(kind);
        disposition.SetHttpFileName(fileName);
        response.Headers.ContentDisposition = disposition.ToString();
    }

    private static ProblemHttpResult Nothing(JobRoute route, string name, string? path) => string.IsNullOrEmpty(path)
        ? Problems.NotFound($"The job {route.Id} has no artifact '{name}'.")
        : Problems.NotFound($"There is no '{path}' in the artifact '{name}' of {route.Id}.");
}
