using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using PRTS.Storage.Settings;

namespace PRTS.Web.Access;

/// <summary>
/// Signs JSON Web Tokens (RS256), and reads those that were signed here. Each quarter of a year has a key of its own; those of the quarter
/// before and after are known, too, so that whoever keeps the keys for a while meets none that he does not know.
/// </summary>
public sealed class SigningKeys(SealedSettings settings, WebOptions web, TimeProvider time)
{
    private const int KeyBits = 3072;
    private const int LongestToken = 16 << 10;

    /// <summary>Another server's clock may be ahead of this one's by so much.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false, MaximumTokenSizeInBytes = LongestToken };
    private readonly ConcurrentDictionary<int, RsaSecurityKey> keys = [];

    /// <param name="type">The header's <c>typ</c>, which keeps one kind of token from being taken for another (RFC 8725, 3.11).</param>
    /// <param name="claims">All but the issuer, the times and the token's id.</param>
    public async Task<string> Sign(string type, Dictionary<string, object> claims, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        claims[JwtRegisteredClaimNames.Jti] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        return Handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = type,
            Issuer = web.PublicUrl,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + lifetime).UtcDateTime,
            Claims = claims,
            SigningCredentials = new(await Key(Quarter(now), cancellationToken), SecurityAlgorithms.RsaSha256),
        });
    }

    /// <summary>Whether the text has the form of a token that could be from here.</summary>
    public static bool MayBe(string text) => text.Length <= LongestToken && text.StartsWith("ey", StringComparison.Ordinal) && Handler.CanReadToken(text);

    /// <summary>What a token says that was signed here, for PRTS itself, and is good now; null when it is none.</summary>
    /// <param name="token">See <see cref="MayBe"/>.</param>
    /// <param name="types">Of these kinds.</param>
    public async Task<JsonWebToken?> Read(string token, IEnumerable<string> types, CancellationToken cancellationToken)
    {
        var result = await Handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidTypes = types,
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
            ValidIssuer = web.PublicUrl,
            ValidAudience = web.PublicUrl,
            IssuerSigningKeys = await Current(cancellationToken),
            TryAllIssuerSigningKeys = false,
            LifetimeValidator = (from, until, _, _) => time.GetUtcNow() is var now && from - Skew <= now && now < until,
        });
        return result is { IsValid: true, SecurityToken: JsonWebToken read } ? read : null;
    }

    /// <summary>The public halves, as JSON Web Keys.</summary>
    public async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> PublicKeys(CancellationToken cancellationToken)
    {
        var found = new List<IReadOnlyDictionary<string, string>>();
        foreach (var key in await Current(cancellationToken))
        {
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

    private async Task<List<RsaSecurityKey>> Current(CancellationToken cancellationToken)
    {
        var quarter = Quarter(time.GetUtcNow());
        return [await Key(quarter, cancellationToken), await Key(quarter + 1, cancellationToken), await Key(quarter - 1, cancellationToken)];
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
