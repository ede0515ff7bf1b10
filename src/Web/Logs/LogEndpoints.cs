using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Logs;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Web.Access;
using PRTS.Web.Gateway;
using PRTS.Web.Rest;

namespace PRTS.Web.Logs;

public static class LogEndpoints
{
    private const int MostLines = 2000;

    public static void MapLogs(this RouteGroupBuilder api)
    {
        var log = api.MapGroup(Routes.Job + "/log").WithTags("Logs").CheckNames();
        log.RequirePermission(Permissions.BuildRead);
        log.MapGet("", Raw).TakesItsTime().WithSummary("A job's log, byte for byte")
            .WithDescription("Serves ranges. `follow=true` goes on until the job ends. `attempt`: which try, the last one when it is not given. `download=true`: as a file.")
            .Produces(200, contentType: "application/octet-stream");
        log.MapGet("/lines", Lines).WithSummary("Lines of a job's log")
            .WithDescription($"`first`: from 1, or below 1 to count from the end (-100: the last hundred); or `offset`: the line that has this byte. `count`: 1 to {MostLines}.");
        log.MapGet("/live", Live).TakesItsTime().WithSummary("Follow a job's log as server-sent events")
            .WithDescription("`offset`: the byte to begin at; the log's end when it is not given. Event `lines`: a piece; the next begins at its offset + length; the last has `ended`. "
                + "Event `gap`: read the lines again, the pieces go on from its offset.")
            .Produces<LiveLines>(contentType: "text/event-stream");
    }

    private static async Task<IResult> Raw([AsParameters] JobRoute route, int? attempt, bool? follow, bool? download, HttpContext http, JobLogs logs, RawLog raw)
    {
        var cancel = http.RequestAborted;
        if (await logs.Find(route.Id, attempt, cancel) is not { } found) return NoLog(route.Id, attempt);
        var response = http.Response;
        response.ContentType = "application/octet-stream";
        response.Headers.CacheControl = "no-store";
        if (download == true) response.Headers.ContentDisposition = $"attachment; filename=\"{route.Project}-{route.Number}-{route.Job}.log\"";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        if (follow == true) await raw.Follow(found, response.Body, cancel);
        else await raw.Send(found, http);
        return Results.Empty;
    }

    private static async Task<Results<Ok<LogLines>, ProblemHttpResult>> Lines(
        [AsParameters] JobRoute route, long? first, long? offset, int? count, int? attempt, JobLogs logs, CancellationToken cancellationToken)
    {
        if (offset < 0) return Problems.Invalid($"'offset' is {offset}; it must be 0 or more.");
        if (count is < 1 or > MostLines) return Problems.Invalid($"'count' is {count}; it must be from 1 to {MostLines}.");
        return await logs.Find(route.Id, attempt, cancellationToken) is { } found
            ? TypedResults.Ok(await logs.Lines(found, offset is { } at ? await logs.LineAt(found, at, cancellationToken) : first ?? 1, count ?? 500, cancellationToken))
            : NoLog(route.Id, attempt);
    }

    private static async Task<IResult> Live(
        [AsParameters] JobRoute route, long? offset, int? attempt, HttpContext http, JobLogs logs, LogHub hub, TimeProvider time)
    {
        if (offset < 0) return Problems.Invalid($"'offset' is {offset}; it must be 0 or more.");
        if (await logs.Find(route.Id, attempt, http.RequestAborted) is not { } found) return NoLog(route.Id, attempt);
        await using var viewer = await hub.Subscribe(found);
        var events = await EventStream.Open(http);
        await new LiveLog(logs, viewer, events, time).Run(found, offset, http.RequestAborted);
        return Results.Empty;
    }

    private static ProblemHttpResult NoLog(JobId job, int? attempt) =>
        Problems.NotFound(attempt is null ? $"There is no job {job}." : $"The job {job} has no attempt {attempt}.");
}
