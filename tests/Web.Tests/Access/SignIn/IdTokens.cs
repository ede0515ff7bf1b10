using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace PRTS.Web.Tests.Access.SignIn;

/// <summary>What an id_token is for.</summary>
internal sealed record IdTokenOf(OidcProvider Provider, string Issuer, string Nonce, string Subject)
{
    public JsonObject Claims()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return new()
        {
            ["iss"] = Issuer,
            ["sub"] = Subject,
            ["aud"] = OidcProvider.ClientId,
            ["exp"] = now + 300,
            ["iat"] = now,
            ["nonce"] = Nonce,
            ["preferred_username"] = Subject,
            ["groups"] = new JsonArray("staff"),
            ["email"] = $"{Subject}@example.com",
        };
    }

    /// <summary>As the provider makes it.</summary>
    public string Valid(string algorithm = "RS256") => IdTokens.Sign(Provider, IdTokens.Header(algorithm), Claims().ToJsonString());

    /// <summary>Signed by the provider's key, with other claims.</summary>
    public string With(Action<JsonObject> change)
    {
        var claims = Claims();
        change(claims);
        return IdTokens.Sign(Provider, IdTokens.Header("ES256"), claims.ToJsonString());
    }
}

/// <summary>Makes tokens by hand, so that every part of them can be wrong.</summary>
internal static class IdTokens
{
    public const string RsaKey = "rsa-1";
    public const string EcKey = "ec-1";

    /// <summary>Bytes of UTF-8 or the text itself, as base64url without padding.</summary>
    public static string Encode(string text) => Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(text));

    public static JsonObject Header(string algorithm) => new()
    {
        ["alg"] = algorithm,
        ["typ"] = "JWT",
        ["kid"] = algorithm.StartsWith("ES", StringComparison.Ordinal) ? EcKey : RsaKey,
    };

    public static string Sign(OidcProvider provider, JsonObject header, string claims)
    {
        var signed = $"{Encode(header.ToJsonString())}.{Encode(claims)}";
        return $"{signed}.{Base64UrlEncoder.Encode(Signature(provider.Rsa, provider.Ec, (string)header["alg"]!, Encoding.ASCII.GetBytes(signed)))}";
    }

    public static byte[] Signature(RSA rsa, ECDsa ec, string algorithm, byte[] content) => algorithm switch
    {
        "RS256" => rsa.SignData(content, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        "RS512" => rsa.SignData(content, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
        "RS1" => rsa.SignData(content, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1),
        "PS256" => rsa.SignData(content, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
        "ES256" => ec.SignData(content, HashAlgorithmName.SHA256),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "No algorithm of these tests."),
    };

    public static string Hmac(JsonObject header, string claims, byte[] key)
    {
        var signed = $"{Encode(header.ToJsonString())}.{Encode(claims)}";
        var content = Encoding.ASCII.GetBytes(signed);
        return $"{signed}.{Base64UrlEncoder.Encode((string)header["alg"]! switch { "HS384" => HMACSHA384.HashData(key, content), "HS512" => HMACSHA512.HashData(key, content), _ => HMACSHA256.HashData(key, content) })}";
    }

    /// <summary>Whether two tokens have the same bytes in all parts: the last character of a part has bits that mean nothing.</summary>
    public static bool AreSame(string one, string other)
    {
        var (parts, others) = (one.Split('.'), other.Split('.'));
        return parts.Length == others.Length && parts.Zip(others).All(pair => Decode(pair.First) is { } bytes && Decode(pair.Second) is { } same && bytes.AsSpan().SequenceEqual(same));
    }

    private static byte[]? Decode(string text)
    {
        try
        {
            return Base64UrlEncoder.DecodeBytes(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
