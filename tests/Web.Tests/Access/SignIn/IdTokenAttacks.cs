using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace PRTS.Web.Tests.Access.SignIn;

/// <summary>One id_token that must not be believed.</summary>
internal sealed record IdTokenAttack(string Kind, Func<IdTokenOf, string> Token);

/// <summary>Tokens that nobody may believe: named ones, and as many made at random as are wanted.</summary>
internal static class IdTokenAttacks
{
    private static readonly RSA OtherRsa = RSA.Create(2048);
    private static readonly ECDsa OtherEc = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static IEnumerable<IdTokenAttack> Named() => [.. Algorithms(), .. Keys(), .. Claims(), .. Shapes()];

    /// <summary>One of them, at random.</summary>
    public static IdTokenAttack Any(Random random) => random.Next(8) switch
    {
        0 => new("a byte changed", token => Changed(random, token.Valid())),
        1 => new("a bit of the signature changed", token => Part(token.Valid(), 2, bytes => bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8)))),
        2 => new("a bit of the claims changed", token => Part(token.Valid("ES256"), 1, bytes => bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8)))),
        3 => new("a bit of the header changed", token => Part(token.Valid("ES256"), 0, bytes => bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8)))),
        4 => new("cut short", token => token.Valid("ES256") is var valid ? valid[..random.Next(valid.Length)] : ""),
        5 => new("signed by another key", token => By(OtherRsa, OtherEc, IdTokens.Header(random.Next(2) == 0 ? "RS256" : "ES256"), token.Claims().ToJsonString())),
        6 => new("signed by nobody", token => Unsigned(random, token)),
        _ => new("a wrong claim, signed by the provider", token => Wrong(random, token)),
    };

    private static IEnumerable<IdTokenAttack> Algorithms()
    {
        foreach (var name in (string[])["none", "None", "NONE", "nOnE", "", "null", "none ", "http://www.w3.org/2000/09/xmldsig#none"])
        {
            yield return new($"alg '{name}' without signature", token => $"{IdTokens.Encode(new JsonObject { ["alg"] = name, ["typ"] = "JWT" }.ToJsonString())}.{IdTokens.Encode(token.Claims().ToJsonString())}.");
            yield return new($"alg '{name}' with a signature", token => $"{IdTokens.Encode(new JsonObject { ["alg"] = name, ["kid"] = IdTokens.RsaKey }.ToJsonString())}.{IdTokens.Encode(token.Claims().ToJsonString())}.{token.Valid().Split('.')[2]}");
            yield return new($"alg '{name}' of two parts", token => $"{IdTokens.Encode(new JsonObject { ["alg"] = name }.ToJsonString())}.{IdTokens.Encode(token.Claims().ToJsonString())}");
        }

        yield return new("no alg", token => $"{IdTokens.Encode("{\"typ\":\"JWT\"}")}.{IdTokens.Encode(token.Claims().ToJsonString())}.{token.Valid().Split('.')[2]}");
        yield return new("alg a number", token => $"{IdTokens.Encode("{\"alg\":256}")}.{IdTokens.Encode(token.Claims().ToJsonString())}.{token.Valid().Split('.')[2]}");
        yield return new("alg twice", token => $"{IdTokens.Encode("{\"alg\":\"none\",\"alg\":\"RS256\"}")}.{IdTokens.Encode(token.Claims().ToJsonString())}.");
        foreach (var name in (string[])["HS256", "HS384", "HS512"])
        {
            foreach (var (what, key) in PublicKeys()) yield return new($"{name} with the public key as {what}", token => IdTokens.Hmac(new() { ["alg"] = name, ["kid"] = IdTokens.RsaKey }, token.Claims().ToJsonString(), key(token.Provider)));
        }

        yield return new("an algorithm that we do not take, rightly signed", token => IdTokens.Sign(token.Provider, new() { ["alg"] = "RS1", ["kid"] = IdTokens.RsaKey }, token.Claims().ToJsonString()));
        yield return new("signed with PKCS#1, said to be PSS", token => Renamed(token, "PS256"));
        yield return new("signed with SHA-256, said to be SHA-512", token => Renamed(token, "RS512"));
        yield return new("an ECDSA signature of zeros", token => $"{Beginning(token, "ES256")}.{Base64UrlEncoder.Encode(new byte[64])}");
        yield return new("an ECDSA signature in DER", token => Beginning(token, "ES256") is var signed ? $"{signed}.{Base64UrlEncoder.Encode(token.Provider.Ec.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))}" : "");
        yield return new("an empty signature", token => $"{Beginning(token, "RS256")}.");
        yield return new("an RSA signature of ones", token => $"{Beginning(token, "RS256")}.{Base64UrlEncoder.Encode(Enumerable.Repeat((byte)255, 256).ToArray())}");
    }

    private static IEnumerable<(string What, Func<OidcProvider, byte[]> Key)> PublicKeys()
    {
        yield return ("PEM", provider => Encoding.ASCII.GetBytes(provider.Rsa.ExportSubjectPublicKeyInfoPem()));
        yield return ("PEM with a line feed", provider => Encoding.ASCII.GetBytes(provider.Rsa.ExportSubjectPublicKeyInfoPem() + "\n"));
        yield return ("DER", provider => provider.Rsa.ExportSubjectPublicKeyInfo());
        yield return ("PKCS#1", provider => provider.Rsa.ExportRSAPublicKey());
        yield return ("modulus", provider => provider.Rsa.ExportParameters(false).Modulus!);
        yield return ("modulus in base64url", provider => Encoding.ASCII.GetBytes(Base64UrlEncoder.Encode(provider.Rsa.ExportParameters(false).Modulus)));
        yield return ("client secret", _ => Encoding.UTF8.GetBytes(OidcProvider.ClientSecret));
        yield return ("nothing", _ => []);
    }

    private static IEnumerable<IdTokenAttack> Keys()
    {
        foreach (var name in (string[])["RS256", "PS256", "ES256"])
        {
            yield return new($"another key under the right kid ({name})", token => By(OtherRsa, OtherEc, IdTokens.Header(name), token.Claims().ToJsonString()));
            yield return new($"another key under no kid ({name})", token => By(OtherRsa, OtherEc, new() { ["alg"] = name }, token.Claims().ToJsonString()));
            yield return new($"another key under its own kid ({name})", token => By(OtherRsa, OtherEc, new() { ["alg"] = name, ["kid"] = "attacker" }, token.Claims().ToJsonString()));
        }

        foreach (var kid in (string[])["../../etc/passwd", "rsa-1' or 1=1 --", "\0", "rsa-1\0", "http://127.0.0.1:1/jwks", new('k', 10_000), " rsa-1", "RSA-1"])
            yield return new("another key under a strange kid", token => By(OtherRsa, OtherEc, new() { ["alg"] = "RS256", ["kid"] = kid }, token.Claims().ToJsonString()));
        yield return new("another key in the header (jwk)", token => By(OtherRsa, OtherEc, new() { ["alg"] = "RS256", ["jwk"] = Jwk(OtherRsa), ["kid"] = "attacker" }, token.Claims().ToJsonString()));
        yield return new("another key by address (jku)", token => By(OtherRsa, OtherEc, new() { ["alg"] = "RS256", ["jku"] = "http://127.0.0.1:1/jwks", ["kid"] = "attacker" }, token.Claims().ToJsonString()));
        yield return new("another key by address (x5u)", token => By(OtherRsa, OtherEc, new() { ["alg"] = "RS256", ["x5u"] = "http://127.0.0.1:1/x", ["kid"] = IdTokens.RsaKey }, token.Claims().ToJsonString()));
        yield return new("another key by certificate (x5c)", token => By(OtherRsa, OtherEc, new() { ["alg"] = "RS256", ["x5c"] = new JsonArray(Certificate()), ["kid"] = IdTokens.RsaKey }, token.Claims().ToJsonString()));
        yield return new("a critical extension that we do not know", token => IdTokens.Sign(token.Provider, new() { ["alg"] = "ES256", ["kid"] = IdTokens.EcKey, ["crit"] = new JsonArray("exp-of-attacker"), ["exp-of-attacker"] = 1 }, token.Claims().ToJsonString()));
        yield return new("claims that are not encoded (b64)", token => IdTokens.Sign(token.Provider, new() { ["alg"] = "ES256", ["kid"] = IdTokens.EcKey, ["crit"] = new JsonArray("b64"), ["b64"] = false }, token.Claims().ToJsonString()));
    }

    private static IEnumerable<IdTokenAttack> Claims()
    {
        foreach (var issuer in (string[])["", "https://evil.example.com", "alpha", "null"]) yield return Signed("iss", issuer);
        yield return new("iss with a slash", token => token.With(claims => claims["iss"] = token.Issuer + "/"));
        yield return new("iss in capitals", token => token.With(claims => claims["iss"] = token.Issuer.ToUpperInvariant()));
        yield return new("iss with a space", token => token.With(claims => claims["iss"] = token.Issuer + " "));
        yield return new("iss with a zero", token => token.With(claims => claims["iss"] = token.Issuer + "\0"));
        yield return new("iss with a letter that looks alike", token => token.With(claims => claims["iss"] = token.Issuer.Replace('a', 'а')));
        yield return new("iss of the other provider", token => token.With(claims => claims["iss"] = token.Provider.Issuer("gamma")));
        yield return new("iss as a list", token => token.With(claims => claims["iss"] = new JsonArray(token.Issuer)));
        foreach (var audience in (string[])["", "another-client", "prts-client ", "PRTS-CLIENT", "prts-clien", "prts-client\0", "ⓟrts-client", "*"]) yield return Signed("aud", audience);
        yield return new("aud empty", token => token.With(claims => claims["aud"] = new JsonArray()));
        yield return new("aud of two, no azp", token => token.With(claims => claims["aud"] = new JsonArray(OidcProvider.ClientId, "another")));
        yield return new("aud of two, azp of another", token => token.With(claims => (claims["aud"], claims["azp"]) = (new JsonArray(OidcProvider.ClientId, "another"), "another")));
        yield return new("azp of another", token => token.With(claims => claims["azp"] = "another"));
        yield return new("aud an object", token => token.With(claims => claims["aud"] = new JsonObject { ["prts-client"] = true }));
        foreach (var nonce in (string[])["", "x", "null", "0"]) yield return Signed("nonce", nonce);
        yield return new("nonce with a zero", token => token.With(claims => claims["nonce"] = token.Nonce + "\0"));
        yield return new("nonce cut short", token => token.With(claims => claims["nonce"] = token.Nonce[..^1]));
        yield return new("nonce as a list", token => token.With(claims => claims["nonce"] = new JsonArray(token.Nonce)));
        yield return new("nonce a number", token => token.With(claims => claims["nonce"] = 7));
        foreach (var claim in (string[])["iss", "aud", "nonce", "exp", "sub"])
        {
            yield return new($"no {claim}", token => token.With(claims => claims.Remove(claim)));
            yield return new($"{claim} null", token => token.With(claims => claims[claim] = null));
            yield return new($"{claim} twice, the wrong one last", token => Twice(token, claim, last: true));
            yield return new($"{claim} twice, the wrong one first", token => Twice(token, claim, last: false));
        }

        foreach (var ago in (int[])[121, 130, 3600, 86_400 * 365]) yield return new("expired", token => token.With(claims => claims["exp"] = Now - ago));
        foreach (var ahead in (int[])[130, 3600, 86_400 * 365]) yield return new("not yet valid", token => token.With(claims => claims["nbf"] = Now + ahead));
        foreach (var odd in (string[])["tomorrow", "", "9999999999999999999999", "1e400"]) yield return Signed("exp", odd);
        yield return new("exp negative", token => token.With(claims => claims["exp"] = -1));
        yield return new("exp of zero", token => token.With(claims => claims["exp"] = 0));
        yield return new("exp a list", token => token.With(claims => claims["exp"] = new JsonArray(Now + 300)));
        yield return new("sub empty", token => token.With(claims => claims["sub"] = ""));
        yield return new("sub too long", token => token.With(claims => claims["sub"] = new string('s', 256)));
        yield return new("sub with a zero", token => token.With(claims => claims["sub"] = "ada\0root"));
        yield return new("sub a list", token => token.With(claims => claims["sub"] = new JsonArray("ada")));
        yield return new("sub an object", token => token.With(claims => claims["sub"] = new JsonObject { ["a"] = 1 }));
    }

    private static IEnumerable<IdTokenAttack> Shapes()
    {
        foreach (var text in (string[])["", ".", "..", "...", "....", "a.b.c", "null", "{}", "[]", "\"\"", " ", "\0", "a", "é.é.é", "\uFEFF..", "eyJ", new('a', 200_000), new('.', 200_000), new('a', 400_000)])
            yield return new("no token at all", _ => text);
        yield return new("a part more", token => token.Valid() + ".x");
        yield return new("an empty part more", token => token.Valid() + ".");
        yield return new("an empty part before", token => "." + token.Valid());
        yield return new("five parts (JWE)", token => token.Valid() + ".x.y");
        yield return new("two tokens", token => token.Valid() + token.Valid());
        yield return new("no signature part", token => Beginning(token, "RS256"));
        yield return new("the parts the other way round", token => string.Join('.', token.Valid().Split('.').Reverse()));
        yield return new("a space before a part", token => token.Valid().Replace(".", ". ", StringComparison.Ordinal));
        yield return new("claims no JSON", token => IdTokens.Sign(token.Provider, IdTokens.Header("ES256"), "claims"));
        yield return new("claims a list", token => IdTokens.Sign(token.Provider, IdTokens.Header("ES256"), "[1]"));
        yield return new("claims nothing", token => IdTokens.Sign(token.Provider, IdTokens.Header("ES256"), ""));
        yield return new("claims null", token => IdTokens.Sign(token.Provider, IdTokens.Header("ES256"), "null"));
        yield return new("claims with more after them", token => IdTokens.Sign(token.Provider, IdTokens.Header("ES256"), token.Claims().ToJsonString() + "{\"sub\":\"root\"}"));
        yield return new("claims of a thousand levels", token => IdTokens.Sign(token.Provider, IdTokens.Header("ES256"), $"{{\"a\":{new string('[', 1000)}{new string(']', 1000)},{token.Claims().ToJsonString()[1..]}"));
        yield return new("claims too large", token => token.With(claims => claims["x"] = new string('x', 300_000)));
        yield return new("half a surrogate pair in a name", token => Replaced(token, "preferred_username", "\"a\\ud800\""));
        yield return new("half a surrogate pair in an address", token => Replaced(token, "email", "\"\\udc00a\""));
        yield return new("half a surrogate pair in a group", token => Replaced(token, "groups", "[\"\\ud800\"]"));
        yield return new("half a surrogate pair in a claim's name", token => Replaced(token, "\\ud800", "1"));
        yield return new("a zero in a name", token => Replaced(token, "preferred_username", "\"a\\u0000b\""));
        yield return new("a zero in a full name", token => Replaced(token, "name", "\"a\\u0000b\""));
        yield return new("a zero in an address", token => Replaced(token, "email", "\"a\\u0000b\""));
    }

    private static IdTokenAttack Signed(string claim, string value) => new($"{claim} '{value}'", token => token.With(claims => claims[claim] = value));

    private static string By(RSA rsa, ECDsa ec, JsonObject header, string claims)
    {
        var signed = $"{IdTokens.Encode(header.ToJsonString())}.{IdTokens.Encode(claims)}";
        return $"{signed}.{Base64UrlEncoder.Encode(IdTokens.Signature(rsa, ec, (string)header["alg"]!, Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>Signed as RS256 and said to be of another algorithm, which is signed with it.</summary>
    private static string Renamed(IdTokenOf token, string algorithm) => Beginning(token, algorithm) is var signed
        ? $"{signed}.{Base64UrlEncoder.Encode(IdTokens.Signature(token.Provider.Rsa, token.Provider.Ec, "RS256", Encoding.ASCII.GetBytes(signed)))}" : "";

    private static string Beginning(IdTokenOf token, string algorithm) => $"{IdTokens.Encode(IdTokens.Header(algorithm).ToJsonString())}.{IdTokens.Encode(token.Claims().ToJsonString())}";

    private static string Twice(IdTokenOf token, string claim, bool last)
    {
        var wrong = claim is "exp" ? "1" : "\"wrong\"";
        var claims = token.Claims().ToJsonString();
        return IdTokens.Sign(token.Provider, IdTokens.Header("ES256"), last ? $"{claims[..^1]},\"{claim}\":{wrong}}}" : $"{{\"{claim}\":{wrong},{claims[1..]}");
    }

    /// <param name="value">JSON as it stands in the token.</param>
    private static string Replaced(IdTokenOf token, string claim, string value)
    {
        var claims = token.Claims();
        claims.Remove(claim);
        return IdTokens.Sign(token.Provider, IdTokens.Header("ES256"), $"{{\"{claim}\":{value},{claims.ToJsonString()[1..]}");
    }

    private static string Changed(Random random, string token)
    {
        var text = token.ToCharArray();
        text[random.Next(text.Length)] = (char)random.Next(1, 0x180);
        return new string(text);
    }

    private static string Part(string token, int part, Action<byte[]> change)
    {
        var parts = token.Split('.');
        var bytes = Base64UrlEncoder.DecodeBytes(parts[part]);
        change(bytes);
        parts[part] = Base64UrlEncoder.Encode(bytes);
        return string.Join('.', parts);
    }

    private static string Unsigned(Random random, IdTokenOf token)
    {
        var signature = new byte[random.Next(300)];
        random.NextBytes(signature);
        return $"{Beginning(token, random.Next(2) == 0 ? "RS256" : "ES256")}.{Base64UrlEncoder.Encode(signature)}";
    }

    private static string Wrong(Random random, IdTokenOf token) => token.With(claims =>
    {
        var claim = ((string[])["iss", "aud", "nonce", "exp", "nbf"])[random.Next(5)];
        claims[claim] = claim switch
        {
            "exp" => Now - random.Next(130, 1_000_000_000),
            "nbf" => Now + random.Next(130, 1_000_000_000),
            _ => Changed(random, (string)claims[claim]!) is var changed && changed != (string)claims[claim]! ? changed : "other",
        };
    });

    private static JsonObject Jwk(RSA rsa) => rsa.ExportParameters(false) is var numbers
        ? new() { ["kty"] = "RSA", ["n"] = Base64UrlEncoder.Encode(numbers.Modulus), ["e"] = Base64UrlEncoder.Encode(numbers.Exponent) } : [];

    private static string Certificate()
    {
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=attacker", OtherRsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow().AddDays(1));
        return Convert.ToBase64String(certificate.RawData);
    }

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
}
