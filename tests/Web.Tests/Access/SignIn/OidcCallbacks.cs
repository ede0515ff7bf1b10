using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace PRTS.Web.Tests.Access.SignIn;

/// <summary>Ways back from a provider that must lead nowhere, each but for one thing as it should be.</summary>
internal static class OidcCallbacks
{
    public static IEnumerable<(string Kind, Func<Task<SignInOutcome>> Attack)> Named(OidcFixture oidc)
    {
        foreach (var state in (string?[])[null, "", "x", "\0", "*", new('s', 4000)])
            yield return ($"state '{state}'", () => Change(oidc, "alpha", query => query["state"] = state));
        yield return ("state of another sign-in", async () => await With(oidc, await oidc.Begin("alpha"), (await oidc.Begin("alpha")).State));
        yield return ("state in capitals", () => Change(oidc, "alpha", query => query["state"] = query["state"]!.ToUpperInvariant()));
        yield return ("state with a space", () => Change(oidc, "alpha", query => query["state"] += " "));
        foreach (var code in (string?[])[null, "", "x", "\0", "code-1", new('c', 8000)])
            yield return ($"code '{code}'", () => Change(oidc, "alpha", query => query["code"] = code));
        foreach (var issuer in (string[])["", "x", "https://evil.example.com", "\0"])
            yield return ($"iss '{issuer}'", () => Change(oidc, "alpha", query => query["iss"] = issuer));
        yield return ("iss of the other provider", () => Change(oidc, "alpha", query => query["iss"] = oidc.Provider.Issuer("beta")));
        yield return ("iss with a slash", () => Change(oidc, "alpha", query => query["iss"] += "/"));
        // Beta says of itself that it always sends it (RFC 9207).
        yield return ("no iss from a provider that sends it", () => Change(oidc, "beta", query => query.Remove("iss")));
        foreach (var error in (string[])["access_denied", "", "\0", "\r\nSet-Cookie: prts-session=x", "\uFFFF", new('e', 6000), "<script>"])
            yield return ($"error '{error}'", () => Change(oidc, "alpha", query => (query["error"], query["error_description"]) = (error, error)));
        foreach (var name in (string[])["state", "code", "iss", "error"])
            yield return ($"{name} twice", () => Raw(oidc, (begun, query) => $"{begun.Callback}{query}&{name}=again"));
        foreach (var rest in (string[])["&%", "&%zz=%", "&a=%00", "&%00=a", "&a=%ff%fe", "&a=%ed%a0%80", "&=", "&&&&", "&state", "&a[b]=c", "&" + string.Join('&', Enumerable.Range(0, 900).Select(at => $"p{at}=1"))])
            yield return ("strange parameters and a wrong state", () => Raw(oidc, (begun, query) => $"{begun.Callback}{query.Replace("state=", "state=x", StringComparison.Ordinal)}{rest}"));
        yield return ("no cookie", async () => await oidc.Answer(Callback(oidc, await oidc.Begin("alpha")), null));
        yield return ("the cookie of another browser", async () => await oidc.Answer(Callback(oidc, await oidc.Begin("alpha")), (await oidc.Begin("alpha")).Cookie));
        yield return ("the answer of one provider at another", async () => await At(oidc, await oidc.Begin("alpha"), "beta"));
        yield return ("the answer of one provider at none", async () => await At(oidc, await oidc.Begin("alpha"), "nobody"));
        foreach (var name in (string[])["%00", "alpha%00", "..%2Falpha", "ALPHA", "alpha%20", "%ED%A0%80", "liar"])
            yield return ($"the answer at '{name}'", async () => await At(oidc, await oidc.Begin("alpha"), name));
        foreach (var name in (string[])["%00", "nobody", "%ED%A0%80", "ALPHA", "..", "%2e%2e", "a%0d%0ab"])
            yield return ($"begun with '{name}'", () => oidc.Answer($"/login/with/{name}", null));
        foreach (var back in (string[])["%00", "//evil.example.com", "https://evil.example.com", "%0d%0aSet-Cookie:%20prts-session=x", "%ED%A0%80"])
            yield return ($"begun for '{back}'", () => oidc.Answer($"/login/with/nobody?returnUrl={back}", null));
        foreach (var tenant in (string[])["%00", "elsewhere", "%ED%A0%80", "default&tenant=elsewhere", "..%2Fdefault"])
            yield return ($"begun in tenant '{tenant}'", () => oidc.Answer($"/login/with/alpha?tenant={tenant}", null));
        yield return ("the answer in another tenant", () => Raw(oidc, (begun, query) => $"{begun.Callback}{query}&tenant=elsewhere"));
        yield return ("a state that was used", () => Replayed(oidc));
        yield return ("a code that was used", () => CodeAgain(oidc));
        yield return ("a code of another sign-in (PKCE)", () => CodeOfAnother(oidc));
        yield return ("a code without a challenge (PKCE)", async () => await oidc.Begin("alpha") is var begun ? await oidc.Answer(QueryHelpers.AddQueryString(begun.Callback, oidc.Query(begun, Code(oidc, begun with { Challenge = "" }))), begun.Cookie) : null!);
    }

    /// <summary>One with something changed at random: the cookie, or one of the parameters.</summary>
    public static (string Kind, Func<Task<SignInOutcome>> Attack) Any(OidcFixture oidc, Random random) => random.Next(3) == 0
        ? ("the cookie changed", async () =>
        {
            var begun = await oidc.Begin("alpha");
            var (value, changed) = (begun.Cookie["prts-signin=".Length..], "");
            do changed = Changed(random, value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
            while (IdTokens.AreSame(changed, value));
            return await oidc.Answer(Callback(oidc, begun), "prts-signin=" + changed);
        }
    )
        : ("a parameter changed", () => Change(oidc, "alpha", query =>
        {
            var name = ((string[])["code", "state", "iss"])[random.Next(3)];
            query[name] = Changed(random, query[name]!, "abcXYZ019-_.~ /%&=+\0\u00e9\u4e2d\ufffd");
        }));

    /// <summary>What a token endpoint may say, and what it must not.</summary>
    public static IEnumerable<(string Kind, Func<HttpContext, IdTokenOf, Task> Answer)> TokenAnswers()
    {
        foreach (var body in (string[])["", "null", "[]", "{}", "7", "\"x\"", "{", "<html>", "\0", "\uFEFF{}", "{\"id_token\":null}", "{\"id_token\":7}", "{\"id_token\":[]}", "{\"id_token\":\"\"}", "{\"id_token\":\"\\ud800\"}", "{\"error\":\"\\ud800\"}", "{\"error\":\"a\\u0000b\"}", "{\"error\":7}", $"{{\"x\":\"{new string('x', 300_000)}\"}}", new('[', 100_000)])
        {
            foreach (var status in (int[])[200, 400, 401, 404, 500, 503])
                yield return ($"{status} '{body[..Math.Min(body.Length, 40)]}'", (http, _) => Say(http, status, body));
        }

        yield return ("a redirect to elsewhere", (http, _) =>
        {
            http.Response.Redirect("http://169.254.169.254/latest/meta-data/");
            return Task.CompletedTask;
        }
        );
        yield return ("a broken connection", (http, _) =>
        {
            http.Abort();
            return Task.CompletedTask;
        }
        );
        yield return ("a right token with the status of a refusal", (http, token) => Say(http, 400, new JsonObject { ["id_token"] = token.Valid() }.ToJsonString()));
        yield return ("a right token twice, the wrong one last", (http, token) => Say(http, 200, $"{{\"id_token\":\"{token.Valid()}\",\"id_token\":\"x\"}}"));
        yield return ("a userinfo of somebody else", (http, token) => Say(http, 200, new JsonObject { ["access_token"] = "a", ["id_token"] = token.With(claims => claims.Remove("groups")) }.ToJsonString()));
        yield return ("invalid UTF-8", (http, _) => http.Response.Body.WriteAsync(Encoding.Latin1.GetBytes("{\"error\":\"\u00ff\u00fe\"}")).AsTask());
    }

    private static Task Say(HttpContext http, int status, string body)
    {
        (http.Response.StatusCode, http.Response.ContentType) = (status, "application/json");
        return http.Response.WriteAsync(body);
    }

    private static async Task<SignInOutcome> Change(OidcFixture oidc, string provider, Action<Dictionary<string, string?>> change)
    {
        var begun = await oidc.Begin(provider);
        var (query, right) = (oidc.Query(begun, Code(oidc, begun)), oidc.Query(begun, ""));
        var code = query["code"];
        do change(query);
        while (query.Count == right.Count && query.All(pair => pair.Value == (pair.Key == "code" ? code : right.GetValueOrDefault(pair.Key))));
        return await oidc.Answer(QueryHelpers.AddQueryString(begun.Callback, query), begun.Cookie);
    }

    private static async Task<SignInOutcome> Raw(OidcFixture oidc, Func<OidcFixture.Begun, string, string> address)
    {
        var begun = await oidc.Begin("alpha");
        return await oidc.Answer(address(begun, QueryHelpers.AddQueryString("", oidc.Query(begun, Code(oidc, begun)))), begun.Cookie);
    }

    private static Task<SignInOutcome> With(OidcFixture oidc, OidcFixture.Begun begun, string state) =>
        oidc.Answer(QueryHelpers.AddQueryString(begun.Callback, oidc.Query(begun with { State = state }, Code(oidc, begun))), begun.Cookie);

    private static Task<SignInOutcome> At(OidcFixture oidc, OidcFixture.Begun begun, string provider) =>
        oidc.Answer(Callback(oidc, begun).Replace("/alpha/", $"/{provider}/", StringComparison.Ordinal), begun.Cookie);

    private static string Callback(OidcFixture oidc, OidcFixture.Begun begun) => QueryHelpers.AddQueryString(begun.Callback, oidc.Query(begun, Code(oidc, begun)));

    /// <summary>Everything about the code is right, and so is the token that it gives.</summary>
    private static string Code(OidcFixture oidc, OidcFixture.Begun begun) => oidc.Provider.NewCode(begun.Challenge, begun.RedirectUri, http =>
        Say(http, 200, new JsonObject { ["access_token"] = "a", ["id_token"] = new IdTokenOf(oidc.Provider, oidc.Provider.Issuer(begun.Provider), begun.Nonce, "mallory").Valid("ES256") }.ToJsonString()));

    /// <summary>A browser that keeps its cookie, and a provider that gives a second code for the same request.</summary>
    private static async Task<SignInOutcome> Replayed(OidcFixture oidc)
    {
        var begun = await oidc.Begin("alpha");
        var refused = await oidc.Answer($"{begun.Callback}?state={begun.State}&error=access_denied", begun.Cookie);
        Assert.False(refused.IsIn);
        return await oidc.Answer(Callback(oidc, begun), begun.Cookie);
    }

    private static async Task<SignInOutcome> CodeAgain(OidcFixture oidc)
    {
        var (one, other) = (await oidc.Begin("alpha"), await oidc.Begin("alpha"));
        var code = Code(oidc, one);
        Assert.False((await oidc.Answer(QueryHelpers.AddQueryString(other.Callback, oidc.Query(other, code)), other.Cookie)).IsIn);
        return await oidc.Answer(QueryHelpers.AddQueryString(one.Callback, oidc.Query(one, code)), one.Cookie);
    }

    /// <summary>A code that was caught on its way to somebody else's browser.</summary>
    private static async Task<SignInOutcome> CodeOfAnother(OidcFixture oidc)
    {
        var (victim, attacker) = (await oidc.Begin("alpha"), await oidc.Begin("alpha"));
        return await oidc.Answer(QueryHelpers.AddQueryString(attacker.Callback, oidc.Query(attacker, Code(oidc, victim))), attacker.Cookie);
    }

    public static string Changed(Random random, string text, string letters)
    {
        var changed = text.ToCharArray();
        changed[random.Next(changed.Length)] = letters[random.Next(letters.Length)];
        return random.Next(4) == 0 ? new string(changed)[..random.Next(changed.Length)] : new string(changed);
    }
}
