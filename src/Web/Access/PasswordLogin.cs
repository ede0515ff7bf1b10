using System.Net;
using Microsoft.Extensions.Logging;
using PRTS.Api.Access;
using PRTS.Storage.Access;
using PRTS.Storage.Users;
using PRTS.Web.Access.SignIn;

namespace PRTS.Web.Access;

/// <summary>User or problem.</summary>
/// <param name="NeedsCode">The password is right, but the account has a second factor: nobody is logged in before that.</param>
public sealed record LoginResult(StoredUser? User, string? Problem, bool NeedsCode = false)
{
    /// <summary>One text for a wrong name, a wrong password and a locked account: who guesses learns nothing about which names exist.</summary>
    public const string Refused = "The name or the password is wrong, or the account is locked for a while after repeated failures.";
    public const string CodeNeeded = "The account has a second factor, so its password alone logs nobody in here. Use an access token in its place: your account's page makes them.";
    public const string TooMany = "Too many failed logins from this address. Wait five minutes and try again.";
    public const string TooFast = "Too many attempts to log in from this address within a short time. Wait a little and try again, or use an access token.";
    public const string Elsewhere = "The password is right, but in this company people sign in with another provider. Use its button on the login page, and an access token for programs.";
    public const string EmergenciesOnly = "The password is right, but in this company passwords that are kept here are for emergency accounts alone, and no other way to sign in was set up for you: ask your administrator. For programs use an access token.";
    public const string Silent = "The directory that knows your password does not answer. Nothing is wrong with your account: try again in a while, or tell your administrator.";

    /// <summary>How somebody signs in whose account is for emergencies.</summary>
    public const string BreakGlass = "break-glass";

    /// <summary><c>password</c>, <see cref="BreakGlass"/>, or the name of the directory that knew the password.</summary>
    public string Method { get; init; } = "password";

    /// <summary>More than the person is told, for the audit log.</summary>
    public string? Detail { get; init; }
}

/// <summary>
/// Checks name and password: of an account that has a password here, else with the directories of the tenant. Where there are none,
/// unknown names, locked accounts and wrong passwords take the same time; they always get the same answer.
/// </summary>
public sealed partial class PasswordLogin(
    UsersStore users, PasswordHasher hasher, SecondFactors factors, WrongSecrets wrong, FailureLimiter addresses, SignInProvidersStore providers, DirectoryLogin directories, TimeProvider time, ILogger<PasswordLogin> log)
{
    private const int LongestPassword = 1024;

    /// <summary>Whether an address has been refused too often.</summary>
    public bool IsBlocked(IPAddress? address) => addresses.IsBlocked(address);

    public async Task<LoginResult> Check(string tenant, string name, string password, IPAddress? address, CancellationToken cancellationToken = default)
    {
        if (addresses.IsBlocked(address)) return new(null, LoginResult.TooMany);
        var user = name.Length is > 0 and <= 200 ? await users.ByName(tenant, name, cancellationToken) : null;
        var isOpen = user is not { Enabled: false } && !(user?.LockedUntil > time.GetUtcNow());
        var isPossible = name.Length is > 0 and <= 200 && password.Length is > 0 and <= LongestPassword;
        var right = isPossible && await hasher.Verify(password, isOpen && user?.PasswordHash is { } hash ? hash : hasher.Nobody, cancellationToken);
        if (user?.PasswordHash is not null)
        {
            if (isOpen && right) return await Accept(user, password, cancellationToken);
        }
        else if (isPossible && isOpen)
        {
            var answer = await directories.Check(tenant, name, password, cancellationToken);
            if (answer.User is { } known) return new(known, null) { Method = answer.Provider! };
            if (answer.Silent) return new(null, LoginResult.Silent);
            if (answer.Problem is { } problem) return new(null, LoginResult.Refused) { Detail = problem };
        }

        if (isOpen && user is not null) await wrong.Count(user, address, cancellationToken);
        else addresses.Failed(address);

        LogRefused(name.Length <= 200 ? name : name[..200], address);
        return new(null, LoginResult.Refused);
    }

    /// <summary>What the audit log says of somebody whose password, and code if there is one, are right.</summary>
    public async Task<string> Method(StoredUser user, CancellationToken cancellationToken = default) => IsForEmergencies(await providers.Policy(user.Tenant, cancellationToken), user) ? LoginResult.BreakGlass : "password";

    private async Task<LoginResult> Accept(StoredUser user, string password, CancellationToken cancellationToken)
    {
        if (PasswordHasher.IsOutdated(user.PasswordHash!))
        {
            await users.SetPassword(user.Id, await hasher.Hash(password, cancellationToken), cancellationToken);
            user = await users.Get(user.Id, cancellationToken) ?? user;
        }

        var policy = await providers.Policy(user.Tenant, cancellationToken);
        var emergency = IsForEmergencies(policy, user);
        // Only who knows the password learns how the company signs in.
        if (policy.Passwords == PasswordSignIn.BreakGlass && !emergency)
            return new(null, await HasButtons(user.Tenant, cancellationToken) ? LoginResult.Elsewhere : LoginResult.EmergenciesOnly) { Detail = "The password is right, but passwords are for break-glass accounts alone." };
        // The count goes on until the second factor is right, too: else the password would let somebody guess codes for ever.
        if (await factors.IsAsked(user.Id, cancellationToken)) return new(user, null, NeedsCode: true);
        await wrong.Right(user, cancellationToken);
        if (emergency) LogBreakGlass(user.Name);
        return new(user, null) { Method = emergency ? LoginResult.BreakGlass : "password" };
    }

    /// <summary>Whether the login page offers anything but a password, which is what a directory asks for, too.</summary>
    private async Task<bool> HasButtons(string tenant, CancellationToken cancellationToken) =>
        (await providers.List(tenant, cancellationToken)).Any(provider => provider.Enabled && provider.Kind != SignInKind.Ldap);

    private static bool IsForEmergencies(SignInPolicy policy, StoredUser user) => policy.BreakGlass.Contains(user.Name, StringComparer.OrdinalIgnoreCase);

    [LoggerMessage(LogLevel.Warning, "Login of '{Name}' from {Address} refused")]
    private partial void LogRefused(string name, IPAddress? address);

    [LoggerMessage(LogLevel.Warning, "The account for emergencies '{Name}' signed in")]
    private partial void LogBreakGlass(string name);
}
