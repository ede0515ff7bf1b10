using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Builds;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Gateway;
using PRTS.Web.Rest;

namespace PRTS.Web.Builds;

/// <summary>Which builds. Branch: a branch or tag, short or full. Author: a part. Text: a part of message, author, commit, ref or pipeline name.</summary>
public readonly record struct BuildFilter(string? Status, string? Branch, string? Author, string? Text);

public static class BuildEndpoints
{
    private const string Filters = "`status`: queued, waiting, running, succeeded, failed, canceled, skipped or invalid. `branch`: a branch or tag. `author`, `text`: a part of it.";

    public static void MapBuilds(this RouteGroupBuilder api)
    {
        var builds = api.MapGroup("").WithTags("Builds").CheckNames();
        builds.MapGet("/builds", ListAll).RequirePermissionAnywhere(Permissions.BuildRead).WithSummary("Builds of all projects, newest first").WithDescription(Filters);
        builds.MapGet(Routes.Project + "/builds", List).RequirePermission(Permissions.BuildRead).CheckProject()
            .WithSummary("Builds of a project, newest first").WithDescription(Filters);
        builds.MapPost(Routes.Project + "/builds", Start).Audit<StartBuild>("build:start", BuildAudit.Fields).RequirePermission(Permissions.PipelineRun).CheckProject()
            .WithSummary("Start the pipelines of a branch, tag or commit").WithDescription("An empty object starts the default branch's newest commit. Answers with the builds that were started.");
        builds.MapGet(Routes.Build, Show).RequirePermission(Permissions.BuildRead).WithSummary("Show a build with its stages, jobs and steps");
        builds.MapGet(Routes.Build + "/plan", Plan).RequirePermission(Permissions.BuildRead).WithSummary("The plan of a build")
            .WithDescription("Byte for byte what `prts plan --json` prints in a working tree of the same commit, for the same event; without jobs that its steps added.").Produces(200, contentType: "application/json");
        builds.MapGet(Routes.Build + "/events", BuildEvents.Follow).RequirePermission(Permissions.BuildRead).TakesItsTime()
            .WithSummary("Follow a build as server-sent events")
            .WithDescription("Event `build`: the whole build, at once and after each change. Event `end`: it has ended, and the stream with it.")
            .Produces<BuildSummary>(contentType: "text/event-stream");
        builds.MapPost(Routes.Build + "/cancel", Cancel).Audit("build:cancel").RequirePermission(Permissions.BuildCancel).WithSummary("Cancel a build");
        builds.MapPost(Routes.Build + "/retry", Retry).Audit("build:retry").RequirePermission(Permissions.PipelineRun).WithSummary("Start a new build of the same commit and pipeline file");
        builds.MapPost(Routes.Build + "/rerun", Rerun).Audit<RerunJobs>("build:rerun", BuildAudit.Fields, BuildAudit.BeforeRerun).RequirePermission(Permissions.PipelineRun).WithSummary("Run jobs of a build that has ended again")
            .WithDescription("`jobs`: keys; without, those that failed or were canceled. `fromFailedStep`: those that failed go on at that step, on the same agent, with the workspace as it was. Jobs that need them run again, too; the others stay as they are, with their outputs and artifacts.");
        builds.MapPost(Routes.Job + "/answer", Answer).Audit<OnceAnswer>("build:answer", BuildAudit.Fields).RequirePermission(Permissions.PipelineRun).WithSummary("Say whether a step that runs once has run")
            .WithDescription("For a job with a `question`. `ran` true: the job goes on without the step; false: the step runs.");
    }

    private static async Task<Results<Ok<BuildSummary>, ProblemHttpResult>> Rerun(
        [AsParameters] BuildRoute route, RerunJobs request, IGrainFactory grains, BuildsReadModel builds, CancellationToken cancellationToken)
    {
        if (await builds.Get(route.Id, cancellationToken) is not { } known) return NoBuild(route.Id);
        var build = grains.Build(route.Id);
        return await build.Rerun(route.User.Actor(), request.Jobs is { Count: > 0 } jobs ? jobs : null, request.FromFailedStep) is { } problem
            ? Problems.Conflict(problem)
            : TypedResults.Ok(await build.Get() ?? known);
    }

    private static async Task<Results<Ok<JobSummary>, ProblemHttpResult>> Answer(
        [AsParameters] JobRoute route, OnceAnswer answer, IGrainFactory grains, BuildsReadModel builds, CancellationToken cancellationToken)
    {
        if (await builds.Job(route.Id, cancellationToken) is not { } job) return Problems.NotFound($"There is no job {route.Id}.");
        if (await grains.Job(route.Id).Answer(route.User.Actor(), answer.Step, answer.Ran) is { } problem) return Problems.Conflict(problem);
        return TypedResults.Ok(await builds.Job(route.Id, cancellationToken) ?? job);
    }

    public static ProblemHttpResult NoBuild(BuildId id) => Problems.NotFound($"There is no build {id}.");

    private static Task<Results<Ok<Page<BuildSummary>>, ProblemHttpResult>> ListAll(
        ClaimsPrincipal user, BuildsReadModel builds, [AsParameters] BuildFilter filter, [AsParameters] Paging paging, CancellationToken cancellationToken) =>
        Find(user.Tenant(), null, user.Places(Permissions.BuildRead), builds, filter, paging, cancellationToken);

    private static Task<Results<Ok<Page<BuildSummary>>, ProblemHttpResult>> List(
        [AsParameters] ProjectRoute route, BuildsReadModel builds, [AsParameters] BuildFilter filter, [AsParameters] Paging paging, CancellationToken cancellationToken) =>
        Find(route.Id.Tenant, route.Id, [AccessScope.Of(route.Id)], builds, filter, paging, cancellationToken);

    private static async Task<Results<Ok<Page<BuildSummary>>, ProblemHttpResult>> Find(
        string tenant, ProjectId? project, IReadOnlyList<AccessScope> places, BuildsReadModel builds, BuildFilter filter, Paging paging, CancellationToken cancellationToken)
    {
        if (paging.Problem is { } problem) return problem;
        var status = default(RunStatus);
        var hasStatus = !string.IsNullOrEmpty(filter.Status);
        if (hasStatus && (!Enum.TryParse(filter.Status, ignoreCase: true, out status) || !Enum.IsDefined(status) || !char.IsAsciiLetter(filter.Status![0])))
            return Problems.Invalid($"'{filter.Status}' is no status. There are {string.Join(", ", Enum.GetNames<RunStatus>()).ToLowerInvariant()}.");
        return TypedResults.Ok(await builds.List(
            tenant, project,
            new() { Status = hasStatus ? status : null, Ref = filter.Branch, Author = filter.Author, Text = filter.Text, Places = places, Skip = paging.From, Take = paging.Count },
            cancellationToken));
    }

    private static async Task<Results<Ok<BuildSummary>, ProblemHttpResult>> Show(
        [AsParameters] BuildRoute route, BuildsReadModel builds, CancellationToken cancellationToken) =>
        await builds.Get(route.Id, cancellationToken) is { } build ? TypedResults.Ok(build) : NoBuild(route.Id);

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> Plan([AsParameters] BuildRoute route, PlanStore plans, CancellationToken cancellationToken) =>
        await plans.Load(route.Id, cancellationToken) is { } plan ? TypedResults.Bytes(PlanJson.Write(GeneratedJobs.Strip(plan)), "application/json") : Problems.NotFound($"{route.Id} has no plan.");

    private static async Task<Results<Created<List<BuildSummary>>, ProblemHttpResult>> Start([AsParameters] ProjectRoute route, StartBuild request, IGrainFactory grains) =>
        await Started(grains, await grains.Project(route.Id).Start(request, route.User.Actor()));

    private static async Task<Results<Created<List<BuildSummary>>, ProblemHttpResult>> Retry(
        [AsParameters] BuildRoute route, IGrainFactory grains, BuildsReadModel builds, CancellationToken cancellationToken) =>
        await builds.Head(route.Id, cancellationToken) is null
            ? NoBuild(route.Id)
            : await Started(grains, await grains.Project(route.Id.Project).Retry(route.Number, route.User.Actor()));

    private static async Task<Results<Ok<BuildSummary>, ProblemHttpResult>> Cancel(
        [AsParameters] BuildRoute route, IGrainFactory grains, BuildsReadModel builds, CancellationToken cancellationToken)
    {
        if (await builds.Get(route.Id, cancellationToken) is not { } known) return NoBuild(route.Id);
        if (known.Status.IsEnded()) return Problems.Conflict($"{route.Id} has ended already ({known.Status.ToString().ToLowerInvariant()}).");
        var build = grains.Build(route.Id);
        await build.Cancel(route.User.Actor(), "");
        return TypedResults.Ok(await build.Get() ?? known);
    }

    private static async Task<Results<Created<List<BuildSummary>>, ProblemHttpResult>> Started(IGrainFactory grains, StartResult result)
    {
        if (result.Problem is { } problem) return Problems.Of(StatusCodes.Status422UnprocessableEntity, "not-started", problem);
        var builds = new List<BuildSummary>();
        foreach (var id in result.Builds)
        {
            if (await grains.Build(id).Get() is { } build) builds.Add(build);
        }

        var address = result.Builds is [var first, ..] ? $"{Routes.Api}/projects/{first.Project.Org}/{first.Project.Name}/builds/{first.Number}" : null;
        return TypedResults.Created(address, builds);
    }
}
