using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.Logging;
using PRTS.Storage.Access;

namespace PRTS.Web.Access;

/// <summary>An open page lives long after the request that authenticated it: it follows its reader's rights as they change, and ends with the session.</summary>
public sealed class SessionRevalidation : RevalidatingServerAuthenticationStateProvider
{
    private readonly SignedIn signedIn;
    private readonly IDisposable news;
    private AuthenticationState? shown;

    /// <summary>Pieces of news that nobody has looked at.</summary>
    private int unseen;

    public SessionRevalidation(SignedIn signedIn, AccessWatch watch, ILoggerFactory loggers)
        : base(loggers)
    {
        this.signedIn = signedIn;
        AuthenticationStateChanged += state => _ = Remember(state);
        news = watch.Subscribe(tenant => _ = Look(tenant));
    }

    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(30);

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        authenticationState.User.Identity?.IsAuthenticated == true && await signedIn.Again(authenticationState.User, cancellationToken: cancellationToken) is not null;

    protected override void Dispose(bool disposing)
    {
        if (disposing) news.Dispose();
        base.Dispose(disposing);
    }

    private async Task Remember(Task<AuthenticationState> state) => shown = await state;

    /// <summary>Rights of the tenant changed, or news may have been missed. A failure is left to the next look.</summary>
    private async Task Look(string? tenant)
    {
        if (shown is not { User: { Identity.IsAuthenticated: true } reader } || (tenant is not null && reader.Tenant() != tenant)) return;
        // Whoever looks already looks once more: of two looks at the same time the older one could be the last.
        if (Interlocked.Increment(ref unseen) > 1) return;
        try
        {
            int seen;
            do
            {
                seen = Volatile.Read(ref unseen);
                await Look();
            }
            while (Interlocked.Add(ref unseen, -seen) > 0);
        }
        catch
        {
            Volatile.Write(ref unseen, 0);
            throw;
        }
    }

    private async Task Look()
    {
        if (shown is not { User: { Identity.IsAuthenticated: true } user }) return;
        try
        {
            SetAuthenticationState(Task.FromResult(new AuthenticationState(await signedIn.Again(user) ?? new())));
        }
        catch (Npgsql.NpgsqlException)
        {
            // The interval of the base class asks again.
        }
    }
}
