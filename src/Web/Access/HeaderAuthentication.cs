using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PRTS.Contracts.Builds;
using PRTS.Storage.Users;
using PRTS.Web.Gateway;

namespace PRTS.Web.Access;

/// <summary>
/// The <c>Authorization</c> header: Bearer with a personal access token, a short-lived token or an attempt token; Basic with a name and
/// password, or with any of these tokens as the password (what Git sends).
/// </summary>
public sealed class HeaderAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder,
    WebOptions web, AccessTokensStore tokens, AttemptTokens attempts, ShortLivedTokens shortLived, VerifiedPasswords passwords, SignedIn signedIn, RateLimits rates)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "header";
    private const string ProblemKey = "prts:login-problem";
    private const string ClaimedKey = "prts:login-claimed";

    /// <summary>Tenant and name that came with a refused header; null: it was refused because too many were, or named nobody.</summary>
    public static (string Tenant, string Name)? Claimed(HttpContext http) => Problem(http) is LoginResult.TooMany or LoginResult.TooFast ? null : http.Items[ClaimedKey] as (string, string)?;

    /// <summary>Why the header was refused, for the answer's body.</summary>
    public static string? Problem(HttpContext http) => http.Items[ProblemKey] as string;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization.Count == 0) return AuthenticateResult.NoResult();
        if (!AuthenticationHeaderValue.TryParse(Request.Headers.Authorization.ToString(), out var header) || header.Parameter is not { Length: > 0 } value)
        {
            return Refuse("The Authorization header is malformed. Send 'Bearer <token>' or 'Basic <base64 of name:password>'.");
        }

        return header.Scheme.ToUpperInvariant() switch
        {
            "BEARER" => await Token(value) ?? RefuseToken("The token is unknown, expired or revoked. Create one on your account's page."),
            "BASIC" => await Basic(value),
            _ => Refuse($"The scheme '{header.Scheme}' is not served. Use Bearer or Basic."),
        };
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var wait = Problem(Context) switch { LoginResult.TooMany => FailureLimiter.Seconds, LoginResult.TooFast => rates.SignInWait.ToString(CultureInfo.InvariantCulture), _ => null };
        Response.StatusCode = wait is null ? StatusCodes.Status401Unauthorized : StatusCodes.Status429TooManyRequests;
        if (wait is not null) Response.Headers.RetryAfter = wait;
        // Browsers show their own password window for Basic; Git needs it to ask.
        Response.Headers.WWWAuthenticate = Request.Path.StartsWithSegments("/git", StringComparison.OrdinalIgnoreCase) ? "Basic realm=\"PRTS\", charset=\"UTF-8\"" : "Bearer realm=\"PRTS\"";
        return Task.CompletedTask;
    }

    private async Task<AuthenticateResult> Basic(string encoded)
    {
        var buffer = new byte[encoded.Length];
        if (!Convert.TryFromBase64String(encoded, buffer, out var length) || Encoding.UTF8.GetString(buffer, 0, length) is var pair && !pair.Contains(':', StringComparison.Ordinal))
            return Refuse("The Basic credentials are malformed. Send the base64 of 'name:password'.");
        var cut = pair.IndexOf(':', StringComparison.Ordinal);
        var (name, password) = (pair[..cut], pair[(cut + 1)..]);
        if (await Token(password) is { } byToken) return byToken;
        // Names have no slash, so one before the name says whose tenant it is.
        var (tenant, user) = name.Split('/') is [var before, var after] ? (before, after) : (web.Tenant, name);
        Context.Items[ClaimedKey] = (tenant, user);
        var result = await passwords.Check(tenant, user, password, Context.Connection.RemoteIpAddress, Context.RequestAborted);
        return result.NeedsCode ? Refuse(LoginResult.CodeNeeded)
            : result.User is not { } known ? Refuse(result.Problem!)
            : await signedIn.As(known, SchemeName, Context.RequestAborted) is { } principal ? Accept(principal)
            : Refuse(LoginResult.Refused);
    }

    private async Task<AuthenticateResult?> Token(string secret)
    {
        if (attempts.Read(secret) is var (attempt, agent)) return Accept(Principals.Of(attempt, agent, SchemeName));
        if (await shortLived.Read(secret, SchemeName, Context.RequestAborted) is { } known) return Accept(known);
        if (!secret.StartsWith(Credentials.AccessTokenPrefix, StringComparison.Ordinal)) return null;
        return await tokens.Use(Credentials.Sha256(secret), Context.RequestAborted) is var (token, user) && await signedIn.By(token, user, SchemeName, Context.RequestAborted) is { } principal
            ? Accept(principal)
            : null;
    }

    private AuthenticateResult Accept(ClaimsPrincipal principal) => AuthenticateResult.Success(new AuthenticationTicket(principal, SchemeName));

    /// <summary>Whose the token is that is worth nothing nobody knows.</summary>
    private AuthenticateResult RefuseToken(string problem)
    {
        Context.Items[ClaimedKey] = (web.Tenant, "");
        return Refuse(problem);
    }

    private AuthenticateResult Refuse(string problem)
    {
        Context.Items[ProblemKey] = problem;
        return AuthenticateResult.Fail(problem);
    }
}
