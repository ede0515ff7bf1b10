using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Environments;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Storage.Builds;
using PRTS.Storage.Environments;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Environments;

/// <summary>A project's environments, what was deployed to them, and the word that a deployment may go on.</summary>
public static class EnvironmentEndpoints
{
    private const int LongestComment = 500;

    public static void MapEnvironments(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("").WithTags("Environments").CheckNames();
        group.MapGet(Routes.Project + "/environments", List).RequirePermission(Permissions.EnvironmentRead).CheckProject()
            .WithSummary("Environments of a project, each with what is there now");
        group.MapGet(Routes.Project + "/environments/{name}", Show).RequirePermission(Permissions.EnvironmentRead).CheckProject().WithSummary("Show an environment");
        group.MapPut(Routes.Project + "/environments/{name}", Set).Audit<EnvironmentSettings>("environment:set", EnvironmentAudit.Fields, EnvironmentAudit.BeforeRequest).RequirePermission(Permissions.EnvironmentManage).CheckProject()
            .WithSummary("Set what an environment asks of deployments").WithDescription("An environment need not exist before. Deployments that wait are looked at anew within half a minute.");
        group.MapDelete(Routes.Project + "/environments/{name}", Remove).Audit("environment:remove", EnvironmentAudit.BeforeRequest).RequirePermission(Permissions.EnvironmentManage).CheckProject()
            .WithSummary("Forget an environment's settings").WithDescription("What was deployed to it stays known.");
        group.MapGet(Routes.Project + "/environments/{name}/deployments", Deployments).RequirePermission(Permissions.EnvironmentRead).CheckProject()
            .WithSummary("Deployments to an environment, newest first");
        group.MapPost(Routes.Job + "/approve", Approve).Audit<DeploymentDecision>("deployment:approve", Fields).RequirePermission(Permissions.EnvironmentApprove).WithSummary("Approve a deployment that waits");
        group.MapPost(Routes.Job + "/reject", Reject).Audit<DeploymentDecision>("deployment:reject", Fields).RequirePermission(Permissions.EnvironmentApprove).WithSummary("Reject a deployment that waits: its job fails");
    }

    private static async Task<Ok<IReadOnlyList<EnvironmentSummary>>> List([AsParameters] ProjectRoute route, EnvironmentsStore environments, CancellationToken cancellationToken) =>
        TypedResults.Ok(await environments.List(route.Id, cancellationToken));

    private static async Task<Results<Ok<EnvironmentSummary>, ProblemHttpResult>> Show(
        [AsParameters] ProjectRoute route, string name, EnvironmentsStore environments, CancellationToken cancellationToken) =>
        (await environments.List(route.Id, cancellationToken)).FirstOrDefault(one => one.Name == name) is { } found ? TypedResults.Ok(found) : NoEnvironment(route, name);

    private static async Task<Results<Ok<EnvironmentSummary>, ProblemHttpResult>> Set(
        [AsParameters] ProjectRoute route, string name, EnvironmentSettings settings, EnvironmentsStore environments, CancellationToken cancellationToken)
    {
        if (EnvironmentChecks.Problem(name, settings) is { } problem) return Problems.Invalid(problem);
        await environments.Set(route.Id, name, settings, cancellationToken);
        return await Show(route, name, environments, cancellationToken);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(
        [AsParameters] ProjectRoute route, string name, EnvironmentsStore environments, CancellationToken cancellationToken) =>
        await environments.Remove(route.Id, name, cancellationToken) ? TypedResults.NoContent() : NoEnvironment(route, name);

    private static async Task<Results<Ok<Page<DeploymentSummary>>, ProblemHttpResult>> Deployments(
        [AsParameters] ProjectRoute route, string name, EnvironmentsStore environments, [AsParameters] Paging paging, CancellationToken cancellationToken) =>
        paging.Problem is { } problem ? problem : TypedResults.Ok(await environments.Deployments(route.Id, name, paging.From, paging.Count, cancellationToken));

    private static Task<Results<Ok<JobSummary>, ProblemHttpResult>> Approve(
        [AsParameters] JobRoute route, DeploymentDecision decision, IGrainFactory grains, BuildsReadModel builds, CancellationToken cancellationToken) =>
        Decide(route, true, decision, grains, builds, cancellationToken);

    private static Task<Results<Ok<JobSummary>, ProblemHttpResult>> Reject(
        [AsParameters] JobRoute route, DeploymentDecision decision, IGrainFactory grains, BuildsReadModel builds, CancellationToken cancellationToken) =>
        Decide(route, false, decision, grains, builds, cancellationToken);

    private static async Task<Results<Ok<JobSummary>, ProblemHttpResult>> Decide(
        JobRoute route, bool approves, DeploymentDecision decision, IGrainFactory grains, BuildsReadModel builds, CancellationToken cancellationToken)
    {
        if (decision.Comment.Length > LongestComment) return Problems.Invalid($"The comment has {decision.Comment.Length} characters; it may have {LongestComment}.");
        if (await builds.Job(route.Id, cancellationToken) is not { } job) return Problems.NotFound($"There is no job {route.Id}.");
        if (await grains.Job(route.Id).Decide(route.User.Actor(), approves, decision.Comment.Trim()) is { } problem) return Problems.Conflict(problem);
        return TypedResults.Ok(await builds.Job(route.Id, cancellationToken) ?? job);
    }

    private static AuditFields Fields(DeploymentDecision decision) => new() { ["comment"] = decision.Comment.Trim() };

    private static ProblemHttpResult NoEnvironment(ProjectRoute route, string name) => Problems.NotFound($"{route.Id} has no environment '{name}'.");
}
