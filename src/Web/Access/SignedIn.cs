using System.Security.Claims;
using PRTS.Storage.Access;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>Makes principals of accounts, with the rights that they have now.</summary>
public sealed class SignedIn(UsersStore users, AccessFactsCache facts)
{
    /// <summary>Null when the account is gone or disabled.</summary>
    public async Task<ClaimsPrincipal?> As(StoredUser user, string scheme, CancellationToken cancellationToken = default) =>
        await facts.Get(user.Id, cancellationToken) is { Enabled: true } known ? Principals.Of(user, known, scheme) : null;

    /// <summary>The same person with the rights of now; null when the account is gone or disabled, or its password has changed.</summary>
    public async Task<ClaimsPrincipal?> Again(ClaimsPrincipal principal, CancellationToken cancellationToken = default) =>
        Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id) && await users.Get(id, cancellationToken) is { } user && principal.Matches(user)
            ? await As(user, principal.Identity!.AuthenticationType!, cancellationToken)
            : null;
}
