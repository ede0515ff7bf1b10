using System.Globalization;
using System.Security.Claims;
using Microsoft.IdentityModel.JsonWebTokens;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;

namespace PRTS.Web.Access;

/// <summary>
/// JSON Web Tokens that are good for minutes. A service has one for its access token (RFC 9068): it shows it here, or to other services,
/// which need nothing but the public keys to believe it. A job has those that its pipeline asks for; with one that is meant for PRTS it
/// reads its own project. Neither outlives what it was made for: the access token, the attempt.
/// </summary>
public sealed class ShortLivedTokens(SigningKeys keys, SignedIn signedIn, WebOptions web, TimeProvider time)
{
    public const string OfJobs = "JWT";
    private const string OfServices = "at+jwt";
    private const string Key = "prts_key";
    private const string Place = "prts_place";
    private static readonly string[] Types = [OfJobs, OfServices];

    /// <summary>As the audit log writes it.</summary>
    public static AuditFields Fields(CreateShortLivedToken request) =>
        new() { ["permissions"] = string.Join(' ', request.Permissions ?? []), ["scope"] = request.Scope, ["minutes"] = request.Minutes, ["audience"] = request.Audience ?? "" };

    /// <param name="user">With an access token.</param>
    /// <returns>The token, or why there is none.</returns>
    public async Task<(ShortLivedToken? Token, string? Problem)> Create(ClaimsPrincipal user, CreateShortLivedToken request, CancellationToken cancellationToken)
    {
        if (user.Expires() is not null || user.Token() is not { } parent || user.Facts() is not { } facts)
            return (null, "A short-lived token is made for an access token. Come with 'Authorization: Bearer prts_…'.");
        if (request.Minutes is < 1 or > 60) return (null, $"'minutes' is {request.Minutes}; it must be from 1 to 60.");
        if (request.Audience is not null && !(Uri.TryCreate(request.Audience, UriKind.Absolute, out var audience) && request.Audience.Length <= 500 && audience.Scheme.StartsWith("http", StringComparison.Ordinal)))
            return (null, $"'{request.Audience}' is no audience: it is the address of the service that the token is for, such as https://deploy.example.com.");
        if (AccessTokens.LimitProblem(request.Permissions, request.Scope) is { } problem) return (null, problem);
        var limit = AccessRules.Within(facts.Limit, new(request.Permissions ?? ["*"], AccessScope.Parse(request.Scope)!.Value));
        if (limit is null) return (null, "The access token itself does not go so far: it may nothing of this there.");
        var lifetime = TimeSpan.FromMinutes(request.Minutes);
        var claims = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            [JwtRegisteredClaimNames.Sub] = user.UserId().ToString(),
            [JwtRegisteredClaimNames.Aud] = request.Audience ?? web.PublicUrl,
            ["client_id"] = user.Actor(),
            ["tenant"] = user.Tenant(),
            ["scope"] = string.Join(' ', limit.Permissions),
            [Place] = limit.Scope.ToString(),
            [Key] = parent.ToString(),
        };
        return (new() { Token = await keys.Sign(OfServices, claims, lifetime, cancellationToken), ExpiresAt = time.GetUtcNow() + lifetime }, null);
    }

    /// <summary>Who comes with it; null when it is none of ours, is over, or what it was made for is.</summary>
    public async Task<ClaimsPrincipal?> Read(string token, string scheme, CancellationToken cancellationToken)
    {
        if (!SigningKeys.MayBe(token) || await keys.Read(token, Types, cancellationToken) is not { } read) return null;
        var expires = new DateTimeOffset(read.ValidTo, TimeSpan.Zero);
        return read.Typ == OfServices
            ? await signedIn.By(Guid.Parse(Value(read, Key)), new(Value(read, "scope").Split(' '), AccessScope.Parse(Value(read, Place))!.Value), expires, scheme, cancellationToken)
            : read.TryGetClaim("agent", out var agent) ? await signedIn.By(Attempt(read), agent.Value, expires, scheme)
            : null;
    }

    private static AttemptId Attempt(JsonWebToken token) => new(
        new(new(new ProjectId(Value(token, "tenant"), Value(token, "org"), Value(token, "project").Split('/')[1]), Number(token, "build")), Value(token, "job")),
        Number(token, "attempt"));

    private static string Value(JsonWebToken token, string claim) => token.GetClaim(claim).Value;

    private static int Number(JsonWebToken token, string claim) => int.Parse(Value(token, claim), CultureInfo.InvariantCulture);
}
