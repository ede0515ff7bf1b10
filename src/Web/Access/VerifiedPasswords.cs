using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using PRTS.Storage.Access;
using PRTS.Storage.Users;
using PRTS.Web.Gateway;

namespace PRTS.Web.Access;

/// <summary>
/// Remembers for a minute which name and password were right, so that the three requests of one git push pay for one hash. Keeps a keyed
/// digest, never the password. The account is read each time: a new password, a lock or a second factor counts at once, on every server.
/// When anything else changes of which it depends who gets in (rights, accounts, the policy of sign-ins, directories), all of the tenant
/// are asked again; so is everybody while this server does not hear of changes.
/// </summary>
public sealed class VerifiedPasswords : IDisposable
{
    private const int Most = 1000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);
    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<string, (StoredUser User, DateTimeOffset Until)> verified = new(StringComparer.Ordinal);
    private readonly PasswordLogin login;
    private readonly SecondFactors factors;
    private readonly UsersStore users;
    private readonly AccessWatch watch;
    private readonly RateLimits rates;
    private readonly TimeProvider time;
    private readonly IDisposable subscription;
    private long changes;

    public VerifiedPasswords(PasswordLogin login, SecondFactors factors, UsersStore users, AccessWatch watch, RateLimits rates, TimeProvider time)
    {
        (this.login, this.factors, this.users, this.watch, this.rates, this.time) = (login, factors, users, watch, rates, time);
        subscription = watch.Subscribe(Forget);
    }

    public async Task<LoginResult> Check(string tenant, string name, string password, IPAddress? address, CancellationToken cancellationToken = default)
    {
        // Before anything is compared: nobody learns by guessing on whether a password is right, or was within the last minute.
        if (!rates.MaySignIn(address)) return new(null, LoginResult.TooFast);
        if (login.IsBlocked(address)) return new(null, LoginResult.TooMany);
        var digest = Digest(tenant, name, password);
        var now = time.GetUtcNow();
        if (watch.IsListening && verified.TryGetValue(digest, out var known) && known.Until > now
            && await users.Get(known.User.Id, cancellationToken) is { Enabled: true } same && same.PasswordHash == known.User.PasswordHash && !(same.LockedUntil > now))
        {
            return await factors.IsAsked(same.Id, cancellationToken) ? new(null, LoginResult.CodeNeeded) : new(same, null);
        }

        var before = Interlocked.Read(ref changes);
        var result = await login.Check(tenant, name, password, address, cancellationToken);
        // A right one takes nothing, so that programs may log in as often as they like; nor does one that nobody could judge.
        if (result.User is null && result.Problem != LoginResult.Silent) rates.SignInRefused(address);
        if (result is { User: { } user, NeedsCode: false } && watch.IsListening)
        {
            if (verified.Count >= Most)
            {
                foreach (var old in verified.Where(entry => entry.Value.Until <= now)) verified.TryRemove(old);
                if (verified.Count >= Most) verified.Clear();
            }

            verified[digest] = (user, now + Lifetime);
            // What was right while something changed need not be right any more.
            if (before != Interlocked.Read(ref changes)) verified.TryRemove(digest, out _);
        }

        return result;
    }

    public void Dispose() => subscription.Dispose();

    private void Forget(string? tenant)
    {
        Interlocked.Increment(ref changes);
        if (tenant is null) verified.Clear();
        foreach (var (digest, known) in verified)
        {
            if (known.User.Tenant == tenant) verified.TryRemove(digest, out _);
        }
    }

    private string Digest(string tenant, string name, string password) =>
        Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{tenant}\0{name}\0{password}")));
}
