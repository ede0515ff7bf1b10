using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Builds;
using PRTS.Web.Access;
using PRTS.Web.Gateway;
using PRTS.Web.Rest;

namespace PRTS.Web.Builds;

/// <summary>How agents add jobs to the build of theirs. Authenticated by the attempt's token.</summary>
public static class GenerateEndpoints
{
    /// <summary>Bytes; one more tells that it is too large.</summary>
    private const int Most = GeneratedJobs.MostBytes + 1;

    public static void MapGenerate(this RouteGroupBuilder api)
    {
        var generate = api.MapGroup(Routes.Job + "/generate").WithTags("Builds (agents)").CheckNames();
        generate.RequireAttempt().LimitBody(Most + RequestLimits.Body);
        generate.MapPost("", Generate).WithSummary("Add jobs to the build").Accepts<Stream>("application/yaml")
            .WithDescription("The body is a file with `jobs`. `step`: index of the step that adds them. `file`: its path, for messages. May be repeated. Answers with the names of the jobs; 400 says what is wrong in the file.");
    }

    private static async Task<Results<Ok<IReadOnlyList<string>>, ProblemHttpResult>> Generate(
        [AsParameters] JobRoute route, int step, string file, HttpContext http, IGrainFactory grains, BuildsReadModel builds)
    {
        if (route.User.Attempt() is not { } attempt || await builds.Job(route.Id, http.RequestAborted) is not { } job) return Problems.NotFound($"There is no job {route.Id}.");
        if (job.Attempt > attempt.Number) return Problems.Conflict($"Attempt {job.Attempt} of {route.Id} has taken over.");
        var body = await http.Request.BodyReader.ReadAtLeastAsync(Most, http.RequestAborted);
        var request = new GenerateJobs
        {
            Origin = new() { Job = route.Id.Name, Step = step, Attempt = attempt.Number },
            File = file,
            Content = body.Buffer.Slice(0, Math.Min(body.Buffer.Length, Most)).ToArray(),
        };
        http.Request.BodyReader.AdvanceTo(body.Buffer.End);
        var result = await grains.Build(route.Id.Build).Generate(request);
        return result.Problem is { } problem ? Problems.Conflict(problem)
            : result.Errors.Count > 0 ? Problems.Invalid(string.Join('\n', result.Errors))
            : TypedResults.Ok(result.Jobs);
    }
}
