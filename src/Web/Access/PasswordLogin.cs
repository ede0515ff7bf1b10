using System.Net;
using Microsoft.Extensions.Logging;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>Exactly one is set.</summary>
public sealed record LoginResult(StoredUser? User, string? Problem)
{
    /// <summary>One text for a wrong name, a wrong password and a locked account: who guesses learns nothing about which names exist.</summary>
    public const string Refused = "The name or the password is wrong, or the account is locked for a while after repeated failures.";
    public const string TooMany = "Too many failed logins from this address. Wait five minutes and try again.";
}

/// <summary>Checks name and password. Unknown names, locked accounts and wrong passwords take the same time and get the same answer.</summary>
public sealed partial class PasswordLogin(UsersStore users, PasswordHasher hasher, FailureLimiter addresses, TimeProvider time, ILogger<PasswordLogin> log)
{
    private const int LockAfter = 5;
    private const int LongestPassword = 1024;
    private static readonly TimeSpan FirstLock = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestLock = TimeSpan.FromHours(1);

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

            await users.RecordSuccess(user.Id, cancellationToken);
            return new(user, null);
        }

        addresses.Failed(address);
        if (open)
        {
            var until = await users.RecordFailure(user!.Id, LockAfter, LockFor(user.FailedCount + 1), cancellationToken);
            if (until is not null) LogLocked(user.Name, until.Value, address);
        }

        LogRefused(name.Length <= 200 ? name : name[..200], address);
        return new(null, LoginResult.Refused);
    }

    /// <summary>Doubles with each full count of failures.</summary>
    private static TimeSpan LockFor(int failures) =>
        TimeSpan.FromTicks(Math.Min(LongestLock.Ticks, FirstLock.Ticks << Math.Clamp((failures / LockAfter) - 1, 0, 10)));

    [LoggerMessage(LogLevel.Warning, "Login of '{Name}' from {Address} refused")]
    private partial void LogRefused(string name, IPAddress? address);

    [LoggerMessage(LogLevel.Warning, "Account {Name} is locked until {Until} after repeated failures, the last from {Address}")]
    private partial void LogLocked(string name, DateTimeOffset until, IPAddress? address);
}
