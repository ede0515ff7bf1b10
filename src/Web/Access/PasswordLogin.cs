using System.Net;
using Microsoft.Extensions.Logging;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>User or problem.</summary>
/// <param name="NeedsCode">The password is right, but the account has a second factor: nobody is logged in before that.</param>
public sealed record LoginResult(StoredUser? User, string? Problem, bool NeedsCode = false)
{
    /// <summary>One text for a wrong name, a wrong password and a locked account: who guesses learns nothing about which names exist.</summary>
    public const string Refused = "The name or the password is wrong, or the account is locked for a while after repeated failures.";
    public const string CodeNeeded = "The account has a second factor, so its password alone logs nobody in here. Use an access token in its place: your account's page makes them.";
    public const string TooMany = "Too many failed logins from this address. Wait five minutes and try again.";
}

/// <summary>Checks name and password. Unknown names, locked accounts and wrong passwords take the same time and get the same answer.</summary>
public sealed partial class PasswordLogin(
    UsersStore users, PasswordHasher hasher, SecondFactors factors, WrongSecrets wrong, FailureLimiter addresses, TimeProvider time, ILogger<PasswordLogin> log)
{
    private const int LongestPassword = 1024;

    public async Task<LoginResult> Check(string tenant, string name, string password, IPAddress? address, CancellationToken cancellationToken = default)
    {
        if (addresses.IsBlocked(address)) return new(null, LoginResult.TooMany);
        var user = name.Length is > 0 and <= 200 ? await users.ByName(tenant, name, cancellationToken) : null;
        var open = user is { Enabled: true, PasswordHash: not null } && !(user.LockedUntil > time.GetUtcNow());
        var right = password.Length is > 0 and <= LongestPassword && await hasher.Verify(password, open ? user!.PasswordHash! : hasher.Nobody, cancellationToken);
        if (open && right)
        {
            if (PasswordHasher.IsOutdated(user!.PasswordHash!))
            {
                await users.SetPassword(user.Id, await hasher.Hash(password, cancellationToken), cancellationToken);
                user = await users.Get(user.Id, cancellationToken) ?? user;
            }

            // The count goes on until the second factor is right, too: else the password would let somebody guess codes for ever.
            if (await factors.IsAsked(user.Id, cancellationToken)) return new(user, null, NeedsCode: true);
            await wrong.Right(user, cancellationToken);
            return new(user, null);
        }

        if (open) await wrong.Count(user!, address, cancellationToken);
        else addresses.Failed(address);

        LogRefused(name.Length <= 200 ? name : name[..200], address);
        return new(null, LoginResult.Refused);
    }

    [LoggerMessage(LogLevel.Warning, "Login of '{Name}' from {Address} refused")]
    private partial void LogRefused(string name, IPAddress? address);
}
