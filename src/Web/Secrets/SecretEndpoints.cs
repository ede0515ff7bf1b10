using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Secrets;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Secrets;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Secrets;

/// <summary>Secrets of a tenant, an organization, a project or one of its environments. Values go in; none ever comes out.</summary>
public static class SecretEndpoints
{
    private const string Names = "1–100 letters, digits and _, beginning with a letter or _";

    public static void MapSecrets(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("").WithTags("Secrets").CheckNames();
        Map(group.MapGroup("/secrets"), "the whole tenant");
        Map(group.MapGroup("/organizations/{org}/secrets"), "an organization");
        Map(group.MapGroup(Routes.Project + "/secrets").CheckProject(), "a project");
        Map(group.MapGroup(Routes.Project + "/environments/{environment}/secrets").CheckProject(), "an environment");
    }

    private static void Map(RouteGroupBuilder place, string where)
    {
        place.MapGet("", List).RequirePermission(Permissions.SecretRead).WithSummary($"Secrets of {where}").WithDescription("Names and what they are for; never a value.");
        place.MapPut("/{secret}", Set).Audit<SetSecret>("secret:set", Fields).RequirePermission(Permissions.SecretManage)
            .WithSummary($"Set a secret of {where}").WithDescription($"`value`, or `vault`: where it is read when a job needs it. Without both the rest changes and the value stays. Names: {Names}.");
        place.MapDelete("/{secret}", Remove).Audit("secret:remove").RequirePermission(Permissions.SecretManage).WithSummary($"Remove a secret of {where}");
    }

    private static async Task<Ok<IReadOnlyList<SecretSummary>>> List(HttpContext http, SecretsStore secrets, CancellationToken cancellationToken) =>
        TypedResults.Ok(await secrets.List(Scope(http), cancellationToken));

    private static async Task<Results<Ok<SecretSummary>, ProblemHttpResult>> Set(string secret, SetSecret request, HttpContext http, SecretsStore secrets, CancellationToken cancellationToken)
    {
        using var value = request.Value;
        return await secrets.Set(Scope(http), secret, request, http.User.Actor(), cancellationToken) switch
        {
            { Secret: { } set } => TypedResults.Ok(set),
            { Problem: var problem } => Problems.Invalid(problem!),
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(string secret, HttpContext http, SecretsStore secrets, CancellationToken cancellationToken) =>
        await secrets.Remove(Scope(http), secret, cancellationToken) ? TypedResults.NoContent() : Problems.NotFound($"There is no secret '{secret}' here.");

    /// <summary>Where the address says, in the caller's tenant.</summary>
    private static SecretScope Scope(HttpContext http)
    {
        var (tenant, route) = (http.User.Tenant(), http.Request.RouteValues);
        return (route["org"], route["project"], route["environment"]) switch
        {
            (string org, string project, string environment) => SecretScope.Of(new ProjectId(tenant, org, project), environment),
            (string org, string project, _) => SecretScope.Of(new ProjectId(tenant, org, project)),
            (string org, _, _) => SecretScope.Of(tenant, org),
            _ => SecretScope.Of(tenant),
        };
    }

    /// <summary>That a value was set, never which.</summary>
    private static AuditFields Fields(SetSecret request)
    {
        var fields = new AuditFields
        {
            ["description"] = request.Description,
            ["branches"] = string.Join(' ', request.Limits.Branches),
            ["tags"] = string.Join(' ', request.Limits.Tags),
            ["environments"] = string.Join(' ', request.Limits.Environments),
            ["allowOutside"] = request.Limits.AllowOutside,
        };
        if (request.Value is not null) fields["value"] = AuditValue.Secret;
        if (request.Vault is { } vault) fields["vault"] = $"{vault.Connection}: {vault.Mount}/{vault.Path}#{vault.Field}";
        return fields;
    }
}
