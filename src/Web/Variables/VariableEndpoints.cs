using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Projects;
using PRTS.Contracts.Access;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Variables;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Variables;

/// <summary>The variables of a project.</summary>
public static class VariableEndpoints
{
    public static void MapVariables(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("").WithTags("Variables").CheckNames();
        group.MapGet(Routes.Project + "/variables", List).RequirePermission(Permissions.EnvironmentRead).CheckProject().WithSummary("Variables of a project");
        group.MapPut(Routes.Project + "/variables/{name}", Set).Audit<SetVariable>("variable:set", request => new() { ["value"] = request.Value, ["environment"] = request.Environment ?? "", ["branch"] = request.Branch ?? "" }).RequirePermission(Permissions.EnvironmentManage).CheckProject()
            .WithSummary("Set a variable").WithDescription("For all jobs, or for those of an `environment` or of `branch`es like a pattern. Builds made from now on have it. It is no secret.");
        group.MapDelete(Routes.Project + "/variables/{name}", Remove).Audit("variable:remove").RequirePermission(Permissions.EnvironmentManage).CheckProject()
            .WithSummary("Remove a variable").WithDescription("`environment`, `branch`: as it was set.");
    }

    private static async Task<Ok<IReadOnlyList<ProjectVariable>>> List([AsParameters] ProjectRoute route, VariablesStore variables, CancellationToken cancellationToken) =>
        TypedResults.Ok(await variables.List(route.Id, cancellationToken));

    private static async Task<Results<Ok<ProjectVariable>, ProblemHttpResult>> Set(
        [AsParameters] ProjectRoute route, string name, SetVariable request, VariablesStore variables, TimeProvider time, CancellationToken cancellationToken)
    {
        var variable = new ProjectVariable
        {
            Name = name,
            Value = request.Value,
            Environment = request.Environment,
            Branch = request.Branch,
            UpdatedAt = time.GetUtcNow(),
            UpdatedBy = route.User.Actor(),
        };
        if (ProjectVariables.Problem(variable) is { } problem) return Problems.Invalid(problem);
        return await variables.Set(route.Id, variable, cancellationToken) ? TypedResults.Ok(variable) : Problems.Conflict($"{route.Id} has {VariablesStore.Most} variables, the most that it can have.");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(
        [AsParameters] ProjectRoute route, string name, string? environment, string? branch, VariablesStore variables, CancellationToken cancellationToken) =>
        await variables.Remove(route.Id, name, environment, branch, cancellationToken)
            ? TypedResults.NoContent()
            : Problems.NotFound($"{route.Id} has no variable '{name}'{(environment is null ? "" : $" for the environment {environment}")}{(branch is null ? "" : $" for branches like {branch}")}.");
}
