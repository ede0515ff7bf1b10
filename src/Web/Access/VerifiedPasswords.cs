using System.Collections.Concurrent;
using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>
/// Remembers for a minute which name and password were right, so that the three requests of one git push pay for one hash. Keeps a keyed
/// digest, never the password. The account is read each time: a new password or role counts at once, on every server.
/// </summary>
public sealed class VerifiedPasswords(PasswordLogin login, SecondFactors factors, UsersStore users, TimeProvider time)
{
    private const int Most = 1000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);
    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<string, (StoredUser User, DateTimeOffset Until)> verified = new(StringComparer.Ordinal);

    public async Task<LoginResult> Check(string tenant, string name, string password, IPAddress? address, CancellationToken cancellationToken = default)
    {
        var digest = Digest(tenant, name, password);
        var now = time.GetUtcNow();
        if (verified.TryGetValue(digest, out var known) && known.Until > now
            && await users.Get(known.User.Id, cancellationToken) is { Enabled: true } same && same.PasswordHash == known.User.PasswordHash)
        {
            return await factors.IsAsked(same.Id, cancellationToken) ? new(null, LoginResult.CodeNeeded) : new(same, null);
        }

        var result = await login.Check(tenant, name, password, address, cancellationToken);
        if (result is { User: { } user, NeedsCode: false })
        {
            if (verified.Count >= Most)
            {
                foreach (var old in verified.Where(entry => entry.Value.Until <= now)) verified.TryRemove(old);
                if (verified.Count >= Most) verified.Clear();
            }

            verified[digest] = (user, now + Lifetime);
        }

        return result;
    }

    private string Digest(string tenant, string name, string password) =>
        Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{tenant}\0{name}\0{password}")));
}
