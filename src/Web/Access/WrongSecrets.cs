using System.Net;
using Microsoft.Extensions.Logging;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>Counts wrong passwords and codes, by account and by address, and locks accounts for longer each time.</summary>
public sealed partial class WrongSecrets(UsersStore users, FailureLimiter addresses, ILogger<WrongSecrets> log)
{
    private const int LockAfter = 5;
    private static readonly TimeSpan FirstLock = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestLock = TimeSpan.FromHours(1);

    public async Task Count(StoredUser user, IPAddress? address, CancellationToken cancellationToken)
    {
        addresses.Failed(address);
        if (await users.RecordFailure(user.Id, LockAfter, LockFor(user.FailedCount + 1), cancellationToken) is { } until) LogLocked(user.Name, until, address);
    }

    public Task Right(StoredUser user, CancellationToken cancellationToken) => users.RecordSuccess(user.Id, cancellationToken);

    /// <summary>Doubles with each full count of failures.</summary>
    private static TimeSpan LockFor(int failures) => TimeSpan.FromTicks(Math.Min(LongestLock.Ticks, FirstLock.Ticks << Math.Clamp((failures / LockAfter) - 1, 0, 10)));

    [LoggerMessage(LogLevel.Warning, "Account {Name} is locked until {Until} after repeated failures, the last from {Address}")]
    private partial void LogLocked(string name, DateTimeOffset until, IPAddress? address);
}
