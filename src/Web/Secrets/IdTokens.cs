using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using PRTS.Contracts.Builds;
using PRTS.Storage.Settings;

namespace PRTS.Web.Secrets;

/// <summary>
/// Signs the tokens by which others trust a job. Each quarter of a year has a key of its own; those of the quarter before and after are
/// known, too, so that whoever keeps the keys for a while meets none that he does not know.
/// </summary>
public sealed class IdTokens(SealedSettings settings, WebOptions web, TimeProvider time)
{
    private const int KeyBits = 3072;
    public static readonly TimeSpan Longest = TimeSpan.FromHours(6);
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly ConcurrentDictionary<int, RsaSecurityKey> keys = [];

    /// <param name="attempt">Who gets it.</param>
    /// <param name="start">What it runs.</param>
    /// <param name="audiences">Whom it is for.</param>
    public async Task<string> Sign(AttemptId attempt, JobStart start, IReadOnlyList<string> audiences, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var claims = Claims(attempt, start);
        claims["aud"] = audiences.Count == 1 ? audiences[0] : audiences;
        claims["jti"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        return Handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = web.PublicUrl,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + (start.Job.Timeout < Longest ? start.Job.Timeout : Longest)).UtcDateTime,
            Claims = claims,
            SigningCredentials = new(await Key(Quarter(now), cancellationToken), SecurityAlgorithms.RsaSha256),
        });
    }

    /// <summary>The public halves, as JSON Web Keys.</summary>
    public async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> PublicKeys(CancellationToken cancellationToken)
    {
        var quarter = Quarter(time.GetUtcNow());
        var found = new List<IReadOnlyDictionary<string, string>>();
        foreach (var each in (int[])[quarter, quarter + 1, quarter - 1])
        {
            var key = await Key(each, cancellationToken);
            var numbers = key.Rsa.ExportParameters(includePrivateParameters: false);
            found.Add(new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["kty"] = "RSA",
                ["use"] = "sig",
                ["alg"] = SecurityAlgorithms.RsaSha256,
                ["kid"] = key.KeyId,
                ["n"] = Base64UrlEncoder.Encode(numbers.Modulus),
                ["e"] = Base64UrlEncoder.Encode(numbers.Exponent),
            });
        }

        return found;
    }

    private static Dictionary<string, object> Claims(AttemptId attempt, JobStart start)
    {
        var (build, job) = (attempt.Job.Build, start.Job);
        var project = $"{build.Project.Org}/{build.Project.Name}";
        var claims = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            // No name has a colon but an environment's, which stands last; a pull request's ref is none that a branch could have.
            ["sub"] = $"tenant:{build.Project.Tenant}:project:{project}:{(job.Environment is { } place ? $"environment:{place}" : $"ref:{start.Event.Ref}")}",
            ["tenant"] = build.Project.Tenant,
            ["org"] = build.Project.Org,
            ["project"] = project,
            ["ref"] = start.Event.Ref,
            ["ref_type"] = start.Event.Tag is not null ? "tag" : start.Event.Branch is not null ? "branch" : "other",
            ["commit"] = start.Event.Commit,
            ["build"] = build.Number,
            ["job"] = job.Key,
            ["attempt"] = attempt.Number,
            ["stage"] = job.Stage,
            ["event"] = start.Event.Kind,
            ["actor"] = start.Actor,
        };
        if (start.Event.Branch is { } branch) claims["branch"] = branch;
        if (start.Event.Tag is { } tag) claims["tag"] = tag;
        if (job.Environment is { } environment) claims["environment"] = environment;
        return claims;
    }

    private static int Quarter(DateTimeOffset time) => (time.Year * 4) + ((time.Month - 1) / 3);

    private async Task<RsaSecurityKey> Key(int quarter, CancellationToken cancellationToken)
    {
        if (keys.TryGetValue(quarter, out var known)) return known;
        var stored = await settings.GetOrCreate($"cluster/id-tokens/{quarter}", () =>
        {
            using var made = RSA.Create(KeyBits);
            return made.ExportPkcs8PrivateKey();
        }, cancellationToken);
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(stored, out _);
        CryptographicOperations.ZeroMemory(stored);
        var key = new RsaSecurityKey(rsa);
        key.KeyId = Base64UrlEncoder.Encode(key.ComputeJwkThumbprint());
        return keys.GetOrAdd(quarter, key);
    }
}
