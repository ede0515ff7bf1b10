using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Projects;
using PRTS.Contracts.Access;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Variables;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Variables;

/// <summary>The variables of a tenant, an organization or a project.</summary>
public static class VariableEndpoints
{
    public static void MapVariables(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("").WithTags("Variables").CheckNames();
        Map(group.MapGroup("/variables"), "the whole tenant");
        Map(group.MapGroup("/organizations/{org}/variables"), "an organization");
        Map(group.MapGroup(Routes.Project + "/variables"), "a project");
    }

    private static void Map(RouteGroupBuilder place, string where)
    {
        place.MapGet("", List).RequirePermission(Permissions.EnvironmentRead).CheckPlace().WithSummary($"Variables of {where}").WithDescription("`inherited`: also those of what is around it, the widest first.");
        place.MapPut("/{variable}", Set).Audit<SetVariable>("variable:set", VariableAudit.Fields, VariableAudit.OfSet).RequirePermission(Permissions.EnvironmentManage).CheckPlace().WithSummary($"Set a variable of {where}")
            .WithDescription("For all jobs, or for those of an `environment` or of `branch`es like a pattern. A project's goes over its organization's, and that over the tenant's. Builds made from now on have it. It is no secret.");
        place.MapDelete("/{variable}", Remove).Audit("variable:remove", VariableAudit.OfRemove).RequirePermission(Permissions.EnvironmentManage).CheckPlace().WithSummary($"Remove a variable of {where}")
            .WithDescription("`environment`, `branch`: as it was set.");
    }

    private static async Task<Ok<IReadOnlyList<ProjectVariable>>> List(HttpContext http, bool? inherited, VariablesStore variables, CancellationToken cancellationToken) =>
        TypedResults.Ok(inherited == true
            ? await variables.Reaching(http.User.Tenant(), http.Place(), cancellationToken)
            : await variables.List(http.User.Tenant(), http.Place(), cancellationToken));

    private static async Task<Results<Ok<ProjectVariable>, ProblemHttpResult>> Set(
        [FromRoute(Name = "variable")] string name, SetVariable request, HttpContext http, VariablesStore variables, TimeProvider time, CancellationToken cancellationToken)
    {
        var place = http.Place();
        var variable = new ProjectVariable
        {
            Name = name,
            Value = request.Value,
            Environment = request.Environment,
            Branch = request.Branch,
            UpdatedAt = time.GetUtcNow(),
            UpdatedBy = http.User.Actor(),
            Org = place.Org,
            Project = place.Project,
        };
        if (ProjectVariables.Problem(variable) is { } problem) return Problems.Invalid(problem);
        return await variables.Set(http.User.Tenant(), place, variable, cancellationToken) ? TypedResults.Ok(variable) : Problems.Conflict($"{Places.Words(place)} has {VariablesStore.Most} variables, the most that it can have.");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(
        [FromRoute(Name = "variable")] string name, string? environment, string? branch, HttpContext http, VariablesStore variables, CancellationToken cancellationToken) =>
        await variables.Remove(http.User.Tenant(), http.Place(), name, environment, branch, cancellationToken)
            ? TypedResults.NoContent()
            : Problems.NotFound($"There is no variable '{name}' here{(environment is null ? "" : $" for the environment {environment}")}{(branch is null ? "" : $" for branches like {branch}")}.");
}
