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

/// <summary>Connections to Vaults, from which secrets of a tenant, an organization or a project are read. A credential goes in and never comes out.</summary>
public static class VaultEndpoints
{
    public static void MapVaults(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("").WithTags("Secrets").CheckNames();
        Map(group.MapGroup("/vaults"), "the whole tenant");
        Map(group.MapGroup("/organizations/{org}/vaults"), "an organization");
        Map(group.MapGroup(Routes.Project + "/vaults"), "a project");
    }

    private static void Map(RouteGroupBuilder place, string where)
    {
        place.MapGet("", List).RequirePermission(Permissions.SecretRead).CheckPlace().WithSummary($"Connections to Vaults of {where}").WithDescription("Without their credentials. `inherited`: also those of what is around it, the narrowest first.");
        place.MapPut("/{vault}", Set).Audit<SetVaultConnection>("vault:set", VaultAudit.Fields, VaultAudit.BeforeRequest).RequirePermission(Permissions.SecretManage).CheckPlace()
            .WithSummary($"Set a connection to a Vault of {where}").WithDescription("`credential`: a token, or with `roleId` the AppRole's secret id; always given anew. What the connection may read there, every secret of the place may name.");
        place.MapDelete("/{vault}", Remove).Audit("vault:remove", VaultAudit.BeforeRequest).RequirePermission(Permissions.SecretManage).CheckPlace().WithSummary($"Remove a connection to a Vault of {where}")
            .WithDescription("Secrets that are read by it are out of reach then.");
    }

    private static async Task<Ok<IReadOnlyList<VaultConnection>>> List(HttpContext http, bool? inherited, VaultConnections vaults, CancellationToken cancellationToken) =>
        TypedResults.Ok(inherited == true ? await vaults.Reaching(SecretAudit.Scope(http), cancellationToken) : await vaults.List(SecretAudit.Scope(http), cancellationToken));

    private static async Task<Results<Ok<VaultConnection>, ProblemHttpResult>> Set(string vault, SetVaultConnection request, HttpContext http, VaultConnections vaults, CancellationToken cancellationToken)
    {
        using var credential = request.Credential;
        var scope = SecretAudit.Scope(http);
        return await vaults.Set(scope, request.Named(vault), credential, http.User.Actor(), cancellationToken) is { } problem
            ? Problems.Invalid(problem)
            : TypedResults.Ok((await vaults.Get(scope, vault, cancellationToken))!);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(string vault, HttpContext http, VaultConnections vaults, CancellationToken cancellationToken) =>
        await vaults.Remove(SecretAudit.Scope(http), vault, cancellationToken) ? TypedResults.NoContent() : Problems.NotFound($"There is no connection '{vault}' here.");
}
