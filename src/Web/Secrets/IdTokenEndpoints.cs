using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace PRTS.Web.Secrets;

/// <summary>What others need to trust the tokens of jobs (OpenID Connect Discovery 1.0, RFC 7517). Public, as it says.</summary>
public static class IdTokenEndpoints
{
    public const string Configuration = "/.well-known/openid-configuration";
    public const string Keys = "/.well-known/jwks.json";

    public static void MapIdTokens(this IEndpointRouteBuilder app)
    {
        var open = app.MapGroup("").AllowAnonymous();
        open.MapGet(Configuration, (WebOptions web) => new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["issuer"] = web.PublicUrl,
            ["jwks_uri"] = web.PublicUrl + Keys,
            ["response_types_supported"] = new[] { "id_token" },
            ["subject_types_supported"] = new[] { "public" },
            ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
            ["scopes_supported"] = new[] { "openid" },
            ["claims_supported"] = new[]
            {
                "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "tenant", "org", "project", "ref", "ref_type", "branch", "tag", "commit", "environment", "build", "job", "attempt", "stage", "event", "actor",
            },
        }).WithSummary("How to trust the tokens of jobs").WithTags("Tokens of jobs");
        open.MapGet(Keys, async (IdTokens tokens, HttpContext http) =>
        {
            http.Response.Headers.CacheControl = "public, max-age=3600";
            return TypedResults.Ok(new Dictionary<string, object>(StringComparer.Ordinal) { ["keys"] = await tokens.PublicKeys(http.RequestAborted) });
        }).WithSummary("The keys that sign them").WithTags("Tokens of jobs");
    }
}
