using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Secrets;
using PRTS.Contracts.Access;
using PRTS.Storage.Secrets;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Secrets;

/// <summary>Secrets of a tenant, an organization, a project or one of its environments. Values go in; none ever comes out.</summary>
public static class SecretEndpoints
{
    private static readonly string Names = $"1–{SecretRules.LongestName} letters, digits and _, beginning with a letter or _";

    public static void MapSecrets(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("").WithTags("Secrets").CheckNames();
        Map(group.MapGroup("/secrets"), "the whole tenant");
        Map(group.MapGroup("/organizations/{org}/secrets"), "an organization");
        Map(group.MapGroup(Routes.Project + "/secrets"), "a project");
        Map(group.MapGroup(Routes.Project + "/environments/{environment}/secrets"), "an environment");
    }

    private static void Map(RouteGroupBuilder place, string where)
    {
        place.MapGet("", List).RequirePermission(Permissions.SecretRead).CheckPlace().WithSummary($"Secrets of {where}").WithDescription("Names and what they are for; never a value. `inherited`: also those of what is around it, the widest first; of a project also its environments'.");
        place.MapPut("/{secret}", Set).Audit<SetSecret>("secret:set", SecretAudit.Fields, SecretAudit.BeforeRequest).RequirePermission(Permissions.SecretManage).CheckPlace()
            .WithSummary($"Set a secret of {where}").WithDescription($"`value`, or `vault`: where it is read when a job needs it. Without both the rest changes and the value stays. Names: {Names}.");
        place.MapDelete("/{secret}", Remove).Audit("secret:remove", SecretAudit.BeforeRequest).RequirePermission(Permissions.SecretManage).CheckPlace().WithSummary($"Remove a secret of {where}");
    }

    private static async Task<Ok<IReadOnlyList<SecretSummary>>> List(HttpContext http, bool? inherited, SecretsStore secrets, CancellationToken cancellationToken) =>
        TypedResults.Ok(inherited == true ? await secrets.Reaching(SecretAudit.Scope(http), cancellationToken) : await secrets.List(SecretAudit.Scope(http), cancellationToken));

    private static async Task<Results<Ok<SecretSummary>, ProblemHttpResult>> Set(string secret, SetSecret request, HttpContext http, SecretsStore secrets, CancellationToken cancellationToken)
    {
        using var value = request.Value;
        return await secrets.Set(SecretAudit.Scope(http), secret, request, http.User.Actor(), cancellationToken) switch
        {
            { Secret: { } set } => TypedResults.Ok(set),
            { Problem: var problem } => Problems.Invalid(problem!),
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(string secret, HttpContext http, SecretsStore secrets, CancellationToken cancellationToken) =>
        await secrets.Remove(SecretAudit.Scope(http), secret, cancellationToken) ? TypedResults.NoContent() : Problems.NotFound($"There is no secret '{secret}' here.");
}
