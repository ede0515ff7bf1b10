using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.Logging;
using PRTS.Contracts.Access;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>An open page lives long after the request that authenticated it: it loses its rights when the account's password or role changes.</summary>
public sealed class SessionRevalidation(UsersStore users, ILoggerFactory loggers) : RevalidatingServerAuthenticationStateProvider(loggers)
{
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(30);

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        authenticationState.User.Identity?.IsAuthenticated == true && await users.Get(authenticationState.User.UserId(), cancellationToken) is { } user
        && authenticationState.User.Matches(user) && authenticationState.User.Role() != Role.None;
}
