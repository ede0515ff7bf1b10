using System.Security.Claims;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Storage.Access;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>Makes principals of accounts, with the rights that they have now.</summary>
public sealed class SignedIn(UsersStore users, SessionsStore sessions, AccessTokensStore tokens, AccessFactsCache facts, IGrainFactory grains, TimeProvider time)
{
    /// <summary>Null when the account is gone or disabled.</summary>
    public async Task<ClaimsPrincipal?> As(StoredUser user, string scheme, CancellationToken cancellationToken = default) =>
        await facts.Get(user.Id, cancellationToken) is { Enabled: true } known ? Principals.Of(user, known, scheme) : null;

    /// <summary>By an access token, with the rights that it leaves its user. Null when the account is gone or disabled.</summary>
    public async Task<ClaimsPrincipal?> By(StoredAccessToken token, StoredUser user, string scheme, CancellationToken cancellationToken = default) =>
        await facts.Get(user.Id, cancellationToken) is { Enabled: true } known ? Principals.Of(user, known with { Limit = token.Limit }, scheme).OfToken(token.Id) : null;

    /// <summary>By a short-lived token that was made for an access token. Null when that has ended, or the account is gone or disabled.</summary>
    /// <param name="token">The access token's id.</param>
    public async Task<ClaimsPrincipal?> By(Guid token, AccessLimit limit, DateTimeOffset expires, string scheme, CancellationToken cancellationToken = default) =>
        await tokens.Get(token, cancellationToken) is var (known, user) ? (await By(known with { Limit = limit }, user, scheme, cancellationToken))?.Until(expires) : null;

    /// <summary>By a job's own token. Null when the attempt does not hold the job any more.</summary>
    public async Task<ClaimsPrincipal?> By(AttemptId attempt, string agent, DateTimeOffset expires, string scheme) =>
        await grains.Job(attempt.Job).Holds(attempt.Number, agent) ? Principals.OfJob(attempt, agent, scheme).Until(expires) : null;

    /// <summary>
    /// The same person with the rights of now; null when the account is gone or disabled, its password has changed, or the session or
    /// access token by which the person came has ended.
    /// </summary>
    /// <param name="isUse">Whether the person is doing something just now, which keeps a session from ending.</param>
    public async Task<ClaimsPrincipal?> Again(ClaimsPrincipal principal, bool isUse = false, CancellationToken cancellationToken = default)
    {
        var scheme = principal.Identity?.AuthenticationType ?? "";
        if (principal.Expires() is { } expires)
        {
            return expires <= time.GetUtcNow() ? null
                : principal.Job() is var (attempt, agent) ? await By(attempt, agent, expires, scheme)
                : await By(principal.Token()!.Value, principal.Facts()!.Limit!, expires, scheme, cancellationToken);
        }

        if (principal.Session() is { } session)
            return await sessions.UserOf(session, isUse, cancellationToken) is { } user && principal.Matches(user) ? (await As(user, scheme, cancellationToken))?.OfSession(session) : null;
        // Every cookie has a session; one without is from before there were any.
        if (scheme == AccessServices.CookieScheme || !Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id)) return null;
        if (principal.Token() is { } token)
            return await tokens.Get(token, cancellationToken) is var (known, holder) ? await By(known, holder, scheme, cancellationToken) : null;
        return await users.Get(id, cancellationToken) is { } same && principal.Matches(same) ? await As(same, scheme, cancellationToken) : null;
    }
}
