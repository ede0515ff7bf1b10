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
        if (shown is not { User: { Identity.IsAuthenticated: true } user } before || (tenant is not null && user.Tenant() != tenant)) return;
        try
        {
            var now = await signedIn.Again(user);
            if (ReferenceEquals(shown, before)) SetAuthenticationState(Task.FromResult(new AuthenticationState(now ?? new())));
        }
        catch (Npgsql.NpgsqlException)
        {
            // The interval of the base class asks again.
        }
    }
}
