using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using PRTS.Api.Access;
using PRTS.Storage.Users;
using PRTS.Web.Access.SignIn;

namespace PRTS.Web.Access;

/// <summary>Sign-ins of browsers, for the API and for pages.</summary>
public sealed class Sessions(SessionsStore store, SignedIn signedIn, WebOptions options, TimeProvider time)
{
    private const int LongestClient = 300;

    /// <summary>Gives the browser a new session of this person.</summary>
    /// <param name="method">How the person signed in.</param>
    /// <returns>False when the account is disabled.</returns>
    public async Task<bool> Begin(HttpContext http, StoredUser user, string method)
    {
        var now = time.GetUtcNow();
        var client = http.Request.Headers.UserAgent.ToString();
        var session = new StoredSession
        {
            Id = Guid.NewGuid(),
            UserId = user.Id,
            CreatedAt = now,
            SeenAt = now,
            ExpiresAt = now + options.SessionLifetime,
            Method = method,
            Address = http.Connection.RemoteIpAddress?.ToString(),
            Client = client[..Math.Min(client.Length, LongestClient)],
        };
        if (await signedIn.As(user, AccessServices.CookieScheme, http.RequestAborted) is not { } principal) return false;
        await store.Create(session, http.RequestAborted);
        SignInTenant.Remember(http, user.Tenant, options);
        // The row decides when it ends; the cookie only need not end before.
        await http.SignInAsync(AccessServices.CookieScheme, principal.OfSession(session.Id), new AuthenticationProperties { IsPersistent = true, ExpiresUtc = session.ExpiresAt });
        return true;
    }

    public async Task End(HttpContext http)
    {
        if (http.User.Session() is { } session) await store.End(http.User.UserId(), session, http.RequestAborted);
        await http.SignOutAsync(AccessServices.CookieScheme);
    }

    /// <param name="current">The session that asks.</param>
    public async Task<List<SessionSummary>> List(Guid user, Guid? current, CancellationToken cancellationToken = default) => [.. (await store.List(user, cancellationToken)).Select(session => new SessionSummary
    {
        Id = session.Id,
        CreatedAt = session.CreatedAt,
        SeenAt = session.SeenAt,
        ExpiresAt = session.ExpiresAt,
        Method = session.Method,
        Address = session.Address,
        Client = session.Client,
        Current = session.Id == current,
    })];

    /// <returns>Whether the user had it.</returns>
    public Task<bool> End(Guid user, Guid session, CancellationToken cancellationToken = default) => store.End(user, session, cancellationToken);

    /// <returns>How many ended.</returns>
    public Task<int> EndAll(Guid user, Guid? except, CancellationToken cancellationToken = default) => store.EndAll(user, except, cancellationToken);
}
