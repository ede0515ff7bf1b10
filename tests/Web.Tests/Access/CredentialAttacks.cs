using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Storage.Users;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

/// <summary>Credentials that nobody was given, made from some that were.</summary>
internal static class CredentialAttacks
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private const string More = Letters + ".=+/%~!*'\"\\,:;{}|\u00e9\u4e2d\ud83d";

    public static async Task<List<(string Kind, Func<Task<HttpStatusCode>> Attack)>> Named(CredentialFixture given) =>
        [.. Attempts(given), .. Tokens(given), .. Headers(given), .. Cookies(given), .. await Ended(given)];

    /// <summary>One of the three, changed at random and sent in one of its ways.</summary>
    public static (string Kind, Func<Task<HttpStatusCode>> Attack) Any(CredentialFixture given, Random random)
    {
        switch (random.Next(3))
        {
            case 0:
                var attempt = Changed(random, given.AttemptToken, (_, _) => false);
                return random.Next(3) == 0 ? ($"Basic {attempt}", () => given.Basic(given.Refs, attempt)) : ($"Bearer {attempt}", () => given.Bearer(given.Artifacts, attempt));
            case 1:
                var token = Changed(random, given.AccessToken, (_, _) => false);
                return random.Next(3) == 0 ? ($"Basic {token}", () => given.Basic(CredentialFixture.Account, token)) : ($"Bearer {token}", () => given.Bearer(CredentialFixture.Account, token));
            default:
                var cookie = Changed(random, given.Session, CredentialFixture.SameBytes);
                return ($"cookie {cookie}", () => given.Cookie(cookie));
        }
    }

    private static IEnumerable<(string, Func<Task<HttpStatusCode>>)> Attempts(CredentialFixture given)
    {
        var (payload, signature) = given.AttemptToken["prtsj_".Length..].Split('.') is [var before, var after] ? (before, after) : throw new InvalidOperationException("Attempt tokens have another form.");
        var other = given.Server.Attempts.Create(given.Attempt with { Number = 2 }, "agent")["prtsj_".Length..].Split('.');
        string Payload(string text) => WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(text));
        string Signed(string part, byte[] key) => $"prtsj_{part}.{WebEncoders.Base64UrlEncode(HMACSHA256.HashData(key, WebEncoders.Base64UrlDecode(part)))}";
        // The last character of 32 bytes has two bits that mean nothing.
        var spellings = Enumerable.Range(1, 3).Select(bits => signature[..^1] + Letters[Letters.IndexOf(signature[^1], StringComparison.Ordinal) ^ bits]);
        foreach (var token in (string[])[
            .. spellings.Select(spelling => $"prtsj_{payload}.{spelling}"),
            $"prtsj_{payload}.{signature}=", $"prtsj_{payload}=.{signature}", $"prtsj_{payload}==.{signature}=", $"prtsj_{payload}.{signature}.", $"prtsj_{payload}.{signature}.{signature}", $"prtsj_.{payload}.{signature}", $"prtsj_{payload}..{signature}",
            $"prtsj_{payload} .{signature}", $"prtsj_{payload}. {signature}", $"prtsj_{payload}.{signature[..20]} {signature[20..]}", $"prtsj_{payload}\t.{signature}",
            $"prtsj_{payload}.", $"prtsj_.{signature}", "prtsj_.", "prtsj_", "prtsj", $"{payload}.{signature}", $"PRTSJ_{payload}.{signature}", $"prts_{payload}.{signature}", $"prtsa_{payload}.{signature}", $"prtsj_prtsj_{payload}.{signature}",
            $"prtsj_{other[0]}.{signature}", $"prtsj_{payload}.{other[1]}", $"prtsj_{signature}.{payload}", $"prtsj_{payload}{other[0]}.{signature}",
            $"prtsj_{payload}.{Convert.ToHexString(WebEncoders.Base64UrlDecode(signature))}", $"prtsj_{payload}.{Convert.ToBase64String(WebEncoders.Base64UrlDecode(signature))}",
            Signed(payload, Encoding.UTF8.GetBytes("prts")), Signed(payload, [.. Enumerable.Repeat((byte)1, 32)]), Signed(payload, SHA256.HashData(new byte[32])),
            $"prtsj_{Payload($"{given.Attempt.Key}\nagent2")}.{signature}", $"prtsj_{Payload(given.Attempt.Key)}.{signature}", $"prtsj_{Payload($"{given.Attempt.Key}/\nagent")}.{signature}", $"prtsj_{Payload("\n")}.{signature}", $"prtsj_{Payload("\0")}.{signature}",
            $"prtsj_{payload}.{WebEncoders.Base64UrlEncode(new byte[32])}", $"prtsj_{payload}.{WebEncoders.Base64UrlEncode([])}", $"prtsj_{payload}.{WebEncoders.Base64UrlEncode(SHA256.HashData(WebEncoders.Base64UrlDecode(payload)))}",
            $"prtsj_{new string('A', 8000)}.{signature}", $"prtsj_{payload}.{new string('A', 8000)}", $"prtsj_{new string('.', 4000)}"])
        {
            yield return ($"attempt token {token}", () => given.Bearer(given.Artifacts, token));
            yield return ($"attempt token {token} as a password", () => given.Basic(given.Refs, token));
        }
    }

    private static IEnumerable<(string, Func<Task<HttpStatusCode>>)> Tokens(CredentialFixture given)
    {
        var (token, secret) = (given.AccessToken, given.AccessToken["prts_".Length..]);
        foreach (var changed in (string[])[
            .. Enumerable.Range(1, 3).Select(bits => token[..^1] + Letters[Letters.IndexOf(token[^1], StringComparison.Ordinal) ^ bits]),
            secret, "prts_", "prts", token.ToUpperInvariant(), token.ToLowerInvariant(), $"prts_{token}", $"prtsj_{secret}", $"prtsa_{secret}", $"{token}=", $"{token}.", $"{token}%", $"{token}{token}", $"{token},{token}", $"{token} x", $"\"{token}\"", token[..^1], token[..12],
            Credentials.Recognisable(token), Convert.ToHexString(Credentials.Sha256(token)), $"prts_{Convert.ToHexString(Credentials.Sha256(token))}", $"prts_{WebEncoders.Base64UrlEncode(Credentials.Sha256(token))}",
            "prts_' or '1'='1", "prts_%", "prts_" + new string('A', 43), "prts_" + new string('A', 8000), token.Replace('_', '\uff3f'), given.User.Id.ToString(), given.User.Name, TestServer.Password])
        {
            yield return ($"access token {changed}", () => given.Bearer(CredentialFixture.Account, changed));
            yield return ($"access token {changed} as a password", () => given.Basic(CredentialFixture.Account, changed));
        }
    }

    /// <summary>Right credentials in places where they are none.</summary>
    private static IEnumerable<(string, Func<Task<HttpStatusCode>>)> Headers(CredentialFixture given)
    {
        foreach (var token in (string[])[given.AccessToken, given.AttemptToken, given.Session])
        {
            foreach (var header in (string[])[token, $"Bearer{token}", $"Bearer: {token}", $"Bearer Bearer {token}", $"Token {token}", $"Digest {token}", $"Negotiate {token}", $"Bearer token={token}", $"Bearer \"{token}\"", $"Basic {token}", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(token))}", $"\u00a0Bearer {token}", "Bearer", "Basic", "Basic =", "Basic Og=="])
                yield return ($"Authorization: {header}", () => given.Ask(CredentialFixture.Account, ("Authorization", header)));
            foreach (var header in (string[])["X-Authorization", "X-Api-Key", "Proxy-Authorization", "X-Forwarded-User", "X-Forwarded-Authorization", "Private-Token"])
                yield return ($"{header}: Bearer {token}", () => given.Ask(CredentialFixture.Account, (header, $"Bearer {token}")));
            foreach (var name in (string[])["access_token", "token", "private_token", "authorization"])
                yield return ($"?{name}={token}", () => given.Ask($"{CredentialFixture.Account}?{name}={Uri.EscapeDataString(token)}"));
            foreach (var cookie in (string[])["prts-signin", "prts-code", "Authorization", "__Host-prts-session", "session"])
                yield return ($"cookie {cookie}={token}", () => given.Ask(CredentialFixture.Account, ("Cookie", $"{cookie}={token}")));
        }

        yield return ("a session as a token", () => given.Bearer(CredentialFixture.Account, given.Session));
        yield return ("an access token as a session", () => given.Cookie(given.AccessToken));
        yield return ("an attempt token as a session", () => given.Cookie(given.AttemptToken));
        // A header that is wrong is not passed over for a credential beside it.
        yield return ("a wrong token beside a right one", () => given.Ask(CredentialFixture.Account, ("Authorization", "Bearer prts_wrong"), ("Authorization", $"Bearer {given.AccessToken}")));
    }

    private static IEnumerable<(string, Func<Task<HttpStatusCode>>)> Cookies(CredentialFixture given)
    {
        var bytes = WebEncoders.Base64UrlDecode(given.Session);
        foreach (var (kind, value) in ((string, string)[])[
            ("empty", ""), ("no base64", "***"), ("the beginning", given.Session[..40]), ("the end", given.Session[^40..]), ("twice", given.Session + given.Session), ("reversed", new string([.. given.Session.Reverse()])),
            ("without its key's number", WebEncoders.Base64UrlEncode([.. bytes[..4], .. new byte[16], .. bytes[20..]])), ("without its head", WebEncoders.Base64UrlEncode(bytes[20..])), ("without its tag", WebEncoders.Base64UrlEncode(bytes[..^32])),
            ("zeros", WebEncoders.Base64UrlEncode(new byte[bytes.Length])), ("eight kilobytes", new string('A', 8000)),
            ("chunks that are missing", "chunks-2"), ("no chunks", "chunks-0"), ("fewer than no chunks", "chunks--1"), ("very many chunks", "chunks-2147483647"), ("chunks without a number", "chunks-"), ("chunks beyond numbers", "chunks-99999999999999999999")])
            yield return ($"a session cookie: {kind}", () => given.Cookie(value));
        yield return ("a chunk that is missing", () => given.Ask(CredentialFixture.Account, ("Cookie", $"prts-session=chunks-2; prts-sessionC1={given.Session[..100]}")));
        yield return ("chunks in the wrong order", () => given.Ask(CredentialFixture.Account, ("Cookie", $"prts-session=chunks-2; prts-sessionC2={given.Session[..100]}; prts-sessionC1={given.Session[100..]}")));
    }

    /// <summary>Credentials that were right until a moment ago.</summary>
    private static async Task<List<(string, Func<Task<HttpStatusCode>>)>> Ended(CredentialFixture given)
    {
        var server = given.Server;
        var (tokens, sessions) = (server.Get<AccessTokens>(), server.Get<Sessions>());
        async Task<(string Token, string Session)> Of(StoredUser user) => ((await tokens.Create(user.Id, new() { Name = "ended" })).Token, await given.NewSession(user));
        var (revoked, disabled, changed) = (await server.NewUser(Role.Viewer), await server.NewUser(Role.Viewer), await server.NewUser(Role.Viewer));
        var (ofRevoked, ofDisabled, ofChanged) = (await Of(revoked), await Of(disabled), await Of(changed));
        foreach (var (token, session) in ((string, string)[])[ofRevoked, ofDisabled, ofChanged])
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await given.Bearer(CredentialFixture.Account, token), await given.Cookie(session)));
        Assert.True(await tokens.Revoke(revoked.Id, (await tokens.List(revoked.Id))[0].Id));
        Assert.Equal(1, await sessions.EndAll(revoked.Id, except: null));
        await server.Grains.User(disabled.Tenant, disabled.Id).SetEnabled(false);
        await server.Get<Accounts>().SetPassword(changed, "another password");
        var old = new AttemptTokens(SHA256.HashData("another cluster"u8)).Create(given.Attempt, "agent");
        return
        [
            ("a revoked token", () => given.Bearer(CredentialFixture.Account, ofRevoked.Token)),
            ("a revoked session", () => given.Cookie(ofRevoked.Session)),
            ("a token of a disabled account", () => given.Bearer(CredentialFixture.Account, ofDisabled.Token)),
            ("a session of a disabled account", () => given.Cookie(ofDisabled.Session)),
            ("a session from before the password changed", () => given.Cookie(ofChanged.Session)),
            ("an attempt token of another cluster", () => given.Bearer(given.Artifacts, old)),
        ];
    }

    private static string Changed(Random random, string right, Func<string, string, bool> areSame)
    {
        while (true)
        {
            var changed = Once(random, right);
            if (random.Next(3) == 0) changed = Once(random, changed);
            // What stands around a credential is no part of it, and a semicolon ends a cookie.
            if (changed.Trim('"') != right && changed.Split(';')[0].Trim('"') != right && !areSame(changed, right)) return changed;
        }
    }

    private static string Once(Random random, string text)
    {
        if (text.Length < 2) return text + "A";
        var at = random.Next(text.Length);
        return random.Next(8) switch
        {
            0 => text.Remove(at, 1),
            1 => text.Insert(at, One(random, More)),
            2 => text[..at],
            3 => text.Remove(at, 1).Insert(at, One(random, More)),
            4 => text.Remove(at, 1).Insert(at, (char.IsUpper(text[at]) ? char.ToLowerInvariant(text[at]) : char.ToUpperInvariant(text[at])).ToString()),
            5 => text.Insert(at, text[at..]),
            6 => text[..at] + text[(at + 1)..] + text[at],
            _ => text.Remove(at, 1).Insert(at, One(random, Letters)),
        };
    }

    private static string One(Random random, string letters) => letters[random.Next(letters.Length)].ToString();
}
