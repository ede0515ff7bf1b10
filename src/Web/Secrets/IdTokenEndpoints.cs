using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using PRTS.Web.Access;

namespace PRTS.Web.Secrets;

/// <summary>What others need to trust the tokens of jobs (OpenID Connect Discovery 1.0, RFC 7517). Public, as it says.</summary>
public static class IdTokenEndpoints
{
    public const string Configuration = "/.well-known/openid-configuration";
    public const string Keys = "/.well-known/jwks.json";

    private static readonly string[] ResponseTypes = ["id_token"];
    private static readonly string[] SubjectTypes = ["public"];
    private static readonly string[] Algorithms = ["RS256"];
    private static readonly string[] Scopes = ["openid"];
    private static readonly string[] Claims =
    [
        "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "tenant", "org", "project", "ref", "ref_type", "branch", "tag", "commit", "environment", "build", "job", "attempt", "agent", "stage", "event", "actor",
    ];

    public static void MapIdTokens(this IEndpointRouteBuilder app)
    {
        var open = app.MapGroup("").AllowAnonymous();
        open.MapGet(Configuration, (WebOptions web) => new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["issuer"] = web.PublicUrl,
            ["jwks_uri"] = web.PublicUrl + Keys,
            ["response_types_supported"] = ResponseTypes,
            ["subject_types_supported"] = SubjectTypes,
            ["id_token_signing_alg_values_supported"] = Algorithms,
            ["scopes_supported"] = Scopes,
            ["claims_supported"] = Claims,
        }).WithSummary("How to trust the tokens of jobs").WithTags("Tokens of jobs");
        open.MapGet(Keys, async (SigningKeys signing, HttpContext http) =>
        {
            http.Response.Headers.CacheControl = "public, max-age=3600";
            return TypedResults.Ok(new Dictionary<string, object>(StringComparer.Ordinal) { ["keys"] = await signing.PublicKeys(http.RequestAborted) });
        }).WithSummary("The keys that sign them").WithTags("Tokens of jobs");
    }
}
