using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using PRTS.Api;
using PRTS.Api.Artifacts;
using PRTS.Contracts.Builds;
using PRTS.Storage.Blobs;
using PRTS.Storage.Builds;
using PRTS.Web.Access;
using PRTS.Web.Gateway;
using PRTS.Web.Rest;

namespace PRTS.Web.Artifacts;

/// <summary>Where in the file the body begins, and what the whole will be.</summary>
public readonly record struct UploadQuery(string Path, string? Sha256, bool? Executable, long? Offset);

/// <summary>How agents bring artifacts: begin, each file, complete. Every call may be repeated. Authenticated by the attempt's token.</summary>
public static class ArtifactUploadEndpoints
{
    private const string OffsetHeader = "Upload-Offset";

    public static void MapArtifactUploads(this RouteGroupBuilder api)
    {
        var upload = api.MapGroup(Routes.Job + "/artifacts/{name}").WithTags("Artifacts (agents)").CheckNames();
        upload.RequireAttempt().TakesItsTime();
        upload.MapPost("", Begin).WithSummary("Begin or go on with the upload of an artifact");
        upload.MapMethods("/files", [HttpMethods.Head], Held).WithSummary("How much of a file is here").WithDescription($"In the header {OffsetHeader}.");
        upload.MapPut("/files", Put).WithSummary("Send a file, or the rest of it")
            .WithDescription("`path`: relative. `sha256`: of the whole file. `offset`: where the body begins (or Content-Range). A wrong offset is answered by 416 and " + OffsetHeader + ".")
            .Accepts<Stream>("application/octet-stream");
        upload.MapPost("/complete", Complete).WithSummary("List the artifact; from now on it does not change");
    }

    private static async Task<Results<Ok<ArtifactProgress>, ProblemHttpResult>> Begin(
        [AsParameters] JobRoute route, string name, ArtifactUploads uploads, BuildsReadModel builds, CancellationToken cancellationToken)
    {
        if (ArtifactPaths.NameProblem(name) is { } problem) return Problems.Invalid(problem);
        if (await Superseded(route.User, builds, cancellationToken) is { } over) return over;
        var upload = await uploads.Open(Attempt(route.User), name, cancellationToken);
        return TypedResults.Ok(new ArtifactProgress { Completed = upload.Completed, Files = upload.Files });
    }

    private static async Task<IResult> Held(
        [AsParameters] JobRoute route, string name, [AsParameters] UploadQuery query, HttpContext http, ArtifactUploads uploads, FileUploads files, CancellationToken cancellationToken)
    {
        if (QueryProblem(name, query) is { } problem) return problem;
        var upload = await uploads.Open(Attempt(route.User), name, cancellationToken);
        http.Response.Headers[OffsetHeader] = Number(await files.Held(Incoming(route.User, upload, query), cancellationToken));
        http.Response.Headers.CacheControl = "no-store";
        return Results.Ok();
    }

    private static async Task<Results<Ok<ArtifactFile>, ProblemHttpResult>> Put(
        [AsParameters] JobRoute route, string name, [AsParameters] UploadQuery query, HttpContext http, ArtifactUploads uploads, FileUploads files, WebOptions options)
    {
        var cancel = http.RequestAborted;
        if (QueryProblem(name, query) is { } problem) return problem;
        var offset = query.Offset ?? http.Request.GetTypedHeaders().ContentRange?.From ?? 0;
        var upload = await uploads.Open(Attempt(route.User), name, cancel);
        if (upload.Completed) return Completed(name);
        if (offset + (http.Request.ContentLength ?? 0) > options.MaxArtifactFile)
            return TooLarge($"'{query.Path}' is larger than a file of an artifact may be here: {options.MaxArtifactFile} bytes.");
        if (upload.Size + (http.Request.ContentLength ?? 0) > options.MaxArtifact) return TooLarge($"'{name}' is larger than an artifact may be here: {options.MaxArtifact} bytes.");
        if (upload.Count >= options.MaxArtifactFiles) return TooLarge($"'{name}' has more files than an artifact may have here: {options.MaxArtifactFiles}. Pack them into one.");
        // The server's own limit, also for bodies that do not say their length; and a slow network is no reason to give up.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = Math.Max(0, options.MaxArtifactFile - offset);
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        try
        {
            return await files.Receive(Incoming(route.User, upload, query), offset, http.Request.ContentLength, http.Request.Body, cancel) is { } file
                ? TypedResults.Ok(file)
                : Completed(name);
        }
        catch (BlobOffsetException elsewhere)
        {
            http.Response.Headers[OffsetHeader] = Number(elsewhere.Actual);
            return Problems.Of(StatusCodes.Status416RangeNotSatisfiable, "offset", $"'{query.Path}' is here up to byte {elsewhere.Actual}, not {offset}: go on from there.");
        }
        catch (BlobMismatchException wrong)
        {
            return Problems.Invalid($"The bytes of '{query.Path}' are not those announced: {wrong.Message} Send the file again.");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Problems.Conflict($"A later request about '{query.Path}' took over. Ask how much is here (HEAD) before you send more.");
        }
        catch (BlobTooLargeException large)
        {
            return TooLarge($"'{query.Path}' is larger than the store takes: {large.Limit} bytes.");
        }
    }

    private static async Task<Results<Ok<ArtifactSummary>, ProblemHttpResult>> Complete(
        [AsParameters] JobRoute route, string name, ArtifactUploads uploads, BuildsReadModel builds, CancellationToken cancellationToken)
    {
        if (ArtifactPaths.NameProblem(name) is { } problem) return Problems.Invalid(problem);
        if (await Superseded(route.User, builds, cancellationToken) is { } over) return over;
        return await uploads.Complete(Attempt(route.User), name, cancellationToken) is { } summary
            ? TypedResults.Ok(summary)
            : Problems.NotFound($"There is no upload of '{name}'. Begin it first.");
    }

    private static AttemptId Attempt(ClaimsPrincipal user) => user.Attempt() ?? throw new InvalidOperationException("The endpoint must require an attempt.");

    private static IncomingFile Incoming(ClaimsPrincipal user, RunningUpload upload, UploadQuery query) =>
        new(Attempt(user), upload, query.Path, query.Sha256?.ToLowerInvariant(), query.Executable ?? false);

    private static ProblemHttpResult? QueryProblem(string name, UploadQuery query) =>
        ArtifactPaths.NameProblem(name) is { } nameProblem ? Problems.Invalid(nameProblem)
        : ArtifactPaths.Problem(query.Path) is { } pathProblem ? Problems.Invalid(pathProblem)
        : query.Sha256 is { } hash && (hash.Length != 64 || !hash.All(char.IsAsciiHexDigit)) ? Problems.Invalid("'sha256' must be 64 hex digits.")
        : query.Offset < 0 ? Problems.Invalid("'offset' must be 0 or more.")
        : null;

    /// <summary>The token stays valid for as long as the key; the attempt does not.</summary>
    private static async Task<ProblemHttpResult?> Superseded(ClaimsPrincipal user, BuildsReadModel builds, CancellationToken cancellationToken)
    {
        var attempt = Attempt(user);
        return await builds.Job(attempt.Job, cancellationToken) is { } job && (job.Attempt > attempt.Number || (job.Attempt == attempt.Number && job.Status.IsEnded()))
            ? Problems.Of(StatusCodes.Status403Forbidden, "attempt-over", $"{attempt} is over; it may keep no more artifacts.")
            : null;
    }

    private static ProblemHttpResult Completed(string name) => Problems.Conflict($"The artifact '{name}' is complete and does not change.");

    private static ProblemHttpResult TooLarge(string why) => Problems.Of(StatusCodes.Status413PayloadTooLarge, "too-large", why);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
