using System.Net;
using System.Text;
using PRTS.Tests.Saml;

namespace PRTS.Web.Tests.Access.SignIn;

/// <summary>Responses that must sign nobody in, each but for one thing as it should be.</summary>
internal static class SamlAttacks
{
    private const string Sha1 = "http://www.w3.org/2000/09/xmldsig#";

    public static IEnumerable<(string Kind, Func<Task<SignInOutcome>> Attack)> Named(SamlFixture saml) =>
        [.. Contents(saml), .. Signatures(saml), .. Documents(saml), .. Forms(saml), .. Browsers(saml), .. Places(saml)];

    /// <summary>One with something changed at random: the response, or the browser that brings it, or both.</summary>
    public static (string Kind, Func<Task<SignInOutcome>> Attack) Any(SamlFixture saml, Random random) => random.Next(10) switch
    {
        0 => ("a right response, the cookie changed", () => CookieChanged(saml, random)),
        1 => ("another browser", async () => await saml.Answer((await saml.Begin()) with { Cookie = (await saml.Begin()).Cookie }, Mutated(random, await saml.Begin()), Relay(random))),
        _ => ("a mutated response", () => Mutated(saml, random)),
    };

    /// <summary>Rightly signed by the right provider, but saying something else.</summary>
    private static IEnumerable<(string, Func<Task<SignInOutcome>>)> Contents(SamlFixture saml)
    {
        var changes = new (string Kind, Func<TestResponse, TestResponse> Change)[]
        {
            ("another audience", right => right with { Conditions = TestResponse.Audience("https://other.example.com/saml") }),
            ("an audience with a slash more", right => right with { Conditions = TestResponse.Audience(SamlFixture.Audience + "/") }),
            ("no audience", right => right with { Conditions = "" }),
            ("one of two audience restrictions", right => right with { Conditions = TestResponse.Audience(SamlFixture.Audience) + TestResponse.Audience("https://other.example.com/saml") }),
            ("another destination", right => right with { Destination = "https://evil.example.com/login/saml/corp/response" }),
            ("another recipient", right => right with { Recipient = "https://evil.example.com/login/saml/corp/response" }),
            ("no recipient", right => right with { Recipient = null }),
            ("conditions that ended", right => right with { Until = SamlFixture.Time(-10) }),
            ("a confirmation that ended", right => right with { ConfirmedUntil = SamlFixture.Time(-10) }),
            ("a confirmation without an end", right => right with { ConfirmedUntil = null }),
            ("not yet valid", right => right with { From = SamlFixture.Time(10), Until = SamlFixture.Time(20) }),
            ("issued tomorrow", right => right with { Issued = SamlFixture.Time(24 * 60) }),
            ("an end that is no time", right => right with { Until = "later" }),
            ("an assertion of another provider", right => right with { Issuer = "https://another.example.com/saml" }),
            ("a response of another provider", right => right with { ResponseIssuer = "https://another.example.com/saml" }),
            ("a response to another request", right => right with { Answers = "_another" }),
            ("an assertion for another request", right => right with { AssertionAnswers = "_another" }),
            ("unsolicited, where that is not allowed", right => right with { Answers = null, AssertionAnswers = null }),
            ("a failure", right => right with { Status = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Requester\"/>" }),
            ("two status codes", right => right with { Status = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"/>" }),
            ("version 1.1", right => right with { Version = "1.1" }),
            ("holder of key", right => right with { Method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key" }),
            ("nobody", right => right with { NameId = "" }),
            ("an empty name", right => right with { NameId = "<saml:NameID></saml:NameID>" }),
            ("two names", right => right with { NameId = "<saml:NameID>ada@example.com</saml:NameID><saml:NameID>admin@example.com</saml:NameID>" }),
            ("a name of a megabyte", right => right with { NameId = $"<saml:NameID>{new string('a', 900_000)}</saml:NameID>" }),
            ("the same identifier twice", right => right with { AssertionId = right.ResponseId }),
        };
        foreach (var (kind, change) in changes)
        {
            yield return (kind, async () => await saml.Begin() is var begun ? await saml.Answer(begun, change(begun.Right).SignedTwice()) : null!);
        }
    }

    private static IEnumerable<(string, Func<Task<SignInOutcome>>)> Signatures(SamlFixture saml)
    {
        var signatures = new (string Kind, TestSignature Signature)[]
        {
            ("the attacker's key", new() { Certificate = TestKeys.Attacker }),
            ("the attacker's key, not told", new() { Certificate = TestKeys.Attacker, KeyInfo = false }),
            ("a key that is not configured", TestSignature.Next),
            ("a short key", new() { Certificate = TestKeys.WeakRsa }),
            ("the public key as a secret", new() { Method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256" }),
            ("SHA-1", new() { Method = Sha1 + "rsa-sha1", DigestMethod = Sha1 + "sha1" }),
            ("comments signed", new() { Canonicalization = TestSignature.Exclusive + "WithComments" }),
            ("no transform", new() { Transforms = [] }),
            ("XSLT", new() { Transforms = [TestSignature.Enveloped, "http://www.w3.org/TR/1999/REC-xslt-19991116", TestSignature.Exclusive] }),
            ("two references", new() { References = 2 }),
            ("no reference", new() { References = 0 }),
            ("the whole document", new() { Uri = "" }),
            ("a file", new() { Uri = "file:///etc/hostname" }),
            ("an address", new() { Uri = "http://169.254.169.254/latest/meta-data/" }),
            ("another element", new() { Uri = "#other" }),
            ("an object in the signature", new() { Tail = "<ds:Object><x/></ds:Object>" }),
        };
        foreach (var (kind, signature) in signatures)
        {
            yield return ($"assertion: {kind}", async () => await saml.Begin() is var begun ? await saml.Answer(begun, begun.Right.Signed(signature)) : null!);
            yield return ($"response: {kind}", async () => await saml.Begin() is var begun ? await saml.Answer(begun, begun.Right.SignedResponse(signature)) : null!);
        }

        yield return ("no signature", async () => await saml.Begin() is var begun ? await saml.Answer(begun, begun.Right.Xml()) : null!);
        yield return ("the assertion's signature right, the response's not", async () => await saml.Begin() is var begun ? await saml.Answer(begun, new TestSignature { Certificate = TestKeys.Attacker }.Sign(begun.Right.Signed(), "Response")) : null!);
        foreach (var (kind, wrap) in Wrapping.All)
        {
            foreach (var sameId in (bool[])[false, true])
                yield return ($"{kind}, {(sameId ? "the same identifiers" : "identifiers differ")}", async () => await saml.Begin() is var begun ? await saml.Answer(begun, wrap(begun.Right, sameId)) : null!);
        }
    }

    private static IEnumerable<(string, Func<Task<SignInOutcome>>)> Documents(SamlFixture saml)
    {
        foreach (var (kind, type) in ((string, string)[])[
            ("a document type", "<!DOCTYPE r>"),
            ("a file as an entity (XXE)", "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"),
            ("an address as an entity (XXE)", $"<!DOCTYPE r [<!ENTITY x SYSTEM \"{saml.Server.Address}test/form\">]>"),
            ("a document type from elsewhere (XXE)", $"<!DOCTYPE r SYSTEM \"{saml.Server.Address}test/form\">"),
            ("a parameter entity (XXE)", $"<!DOCTYPE r [<!ENTITY % x SYSTEM \"{saml.Server.Address}test/form\"> %x;]>"),
            ("entities of entities", $"<!DOCTYPE r [<!ENTITY a \"{new string('a', 100)}\">{string.Concat(Enumerable.Range(1, 9).Select(at => $"<!ENTITY a{at} \"{string.Concat(Enumerable.Repeat(at == 1 ? "&a;" : $"&a{at - 1};", 10))}\">"))}]>")])
        {
            yield return (kind, async () => await saml.Begin() is var begun ? await saml.Answer(begun, type + begun.Right.SignedTwice()) : null!);
            yield return ($"{kind}, used", async () => await saml.Begin() is var begun ? await saml.Answer(begun, type + begun.Right.SignedTwice().Replace("ada@example.com", "&x;&a9;", StringComparison.Ordinal)) : null!);
        }

        yield return ("a processing instruction", async () => await saml.Begin() is var begun ? await saml.Answer(begun, $"<?x y?>{begun.Right.Signed()}") : null!);
        yield return ("a stylesheet", async () => await saml.Begin() is var begun ? await saml.Answer(begun, $"<?xml-stylesheet href=\"{saml.Server.Address}\"?>{begun.Right.Signed()}") : null!);
        yield return ("UTF-16", async () => await saml.Begin() is var begun ? await saml.Answer(begun, SamlFixture.Form(TestResponse.Form(Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(begun.Right.Signed())).ToArray()))) : null!);
        yield return ("two documents", async () => await saml.Begin() is var begun ? await saml.Answer(begun, begun.Right.Signed() + begun.Right.Signed()) : null!);
        yield return ("a comment of over a megabyte", async () => await saml.Begin() is var begun ? await saml.Answer(begun, $"{begun.Right.Signed()}<!--{new string('x', 1_100_000)}-->") : null!);
        yield return ("ten thousand levels", async () => await saml.Begin() is var begun ? await saml.Answer(begun, begun.Right.Signed().Replace("<samlp:Status>", $"<samlp:Status>{string.Concat(Enumerable.Repeat("<x>", 10_000))}{string.Concat(Enumerable.Repeat("</x>", 10_000))}", StringComparison.Ordinal)) : null!);
        yield return ("forty thousand elements", async () => await saml.Begin() is var begun ? await saml.Answer(begun, begun.Right.Signed().Replace("<samlp:Status>", $"<samlp:Status>{string.Concat(Enumerable.Repeat("<x/>", 40_000))}", StringComparison.Ordinal)) : null!);
        yield return ("encrypted for nobody here", async () => await saml.Begin() is var begun ? await saml.Answer(begun, new TestEncryption().Encrypt(begun.Right.Signed())) : null!);
        foreach (var text in (string[])["", " ", "x", "<", "<x/>", "null", "<Response/>", "\0", "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>"])
            yield return ($"'{text}'", async () => await saml.Answer(await saml.Begin(), text));
    }

    private static IEnumerable<(string, Func<Task<SignInOutcome>>)> Forms(SamlFixture saml)
    {
        foreach (var (kind, form) in ((string, Func<byte[], byte[]>)[])[
            ("nothing", _ => []),
            ("another name", form => Text(Ascii(form).Replace("SAMLResponse", "SAMLResponse2", StringComparison.Ordinal))),
            ("the response twice", form => [.. form, .. "&"u8, .. form]),
            ("two relay states", form => [.. form, .. "&RelayState=a&RelayState=b"u8]),
            ("a relay state of 5,000 characters", form => Text($"{Ascii(form)}&RelayState={new string('r', 5000)}")),
            ("a character that is no base64", form => Text(Ascii(form).Replace("SAMLResponse=", "SAMLResponse=*", StringComparison.Ordinal))),
            ("a zero byte", form => Text(Ascii(form).Replace("SAMLResponse=", "SAMLResponse=%00", StringComparison.Ordinal))),
            ("three megabytes of response", form => [.. form, .. Text(new string('A', 3 << 20))]),
            ("no form but three megabytes", _ => new byte[3 << 20])])
        {
            yield return (kind, async () => await saml.Begin() is var begun ? await saml.Answer(begun, SamlFixture.Form(form(Right(begun)))) : null!);
            yield return ($"{kind}, past the page", async () => await saml.Begin() is var begun ? await saml.Finish(begun, SamlFixture.Form(form(Right(begun)))) : null!);
        }

        foreach (var rest in (string[])["&%", "&%zz=%", "&%00=a", "&a=%ff%fe", "&=", "&&&&", string.Concat(Enumerable.Range(0, 3000).Select(at => $"&p{at}=1")), $"&{new string('k', 5000)}=1", $"&k={new string('v', 1_500_000)}"])
            yield return ($"'{rest[..Math.Min(rest.Length, 10)]}' and no response", async () => await saml.Answer(await saml.Begin(), SamlFixture.Form(Text("a=1" + rest))));
        foreach (var type in (string?[])[
            null, "", "text/xml", "application/samlmetadata+xml", "application/json", "text/plain", "application/octet-stream", "x", "application/x-www-form-urlencoded; charset=utf-7", "application/x-www-form-urlencoded; charset=nothing",
            "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x", $"multipart/form-data; boundary={new string('b', 3000)}"])
        {
            yield return ($"sent as '{type}' without a cookie", async () => await saml.Begin() is var begun ? await saml.Answer(begun with { Cookie = null }, SamlFixture.Form(Right(begun), type)) : null!);
            yield return ($"sent as '{type}' past the page without a cookie", async () => await saml.Begin() is var begun ? await saml.Finish(begun with { Cookie = null }, SamlFixture.Form(Right(begun), type)) : null!);
        }

        foreach (var type in (string?[])[null, "text/xml", "application/json", "text/plain", "multipart/form-data; boundary=x"])
            yield return ($"sent as '{type}'", async () => await saml.Begin() is var begun ? await saml.Answer(begun, SamlFixture.Form(Right(begun), type)) : null!);
        foreach (var parts in (string[])[
            "", "--x", "--x\r\n", "--x--\r\n", "--x\r\n\r\n\r\n--x--\r\n", "--x\r\nContent-Disposition: form-data; name=\"SAMLResponse\"\r\n\r\n", "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\nx\r\n--x--\r\n",
            $"--x\r\nA: {new string('a', 40_000)}\r\n\r\nx\r\n--x--\r\n", $"--x\r\nContent-Disposition: form-data; name=\"{new string('n', 5000)}\"\r\n\r\nx\r\n--x--\r\n", string.Concat(Enumerable.Range(0, 2000).Select(at => $"--x\r\nContent-Disposition: form-data; name=\"a{at}\"\r\n\r\nx\r\n")) + "--x--\r\n"])
            yield return ($"parts '{parts[..Math.Min(parts.Length, 40)]}'", async () => await saml.Answer(await saml.Begin(), SamlFixture.Form(Text(parts), "multipart/form-data; boundary=x")));
    }

    /// <summary>A right response, in a browser that has not asked for it.</summary>
    private static IEnumerable<(string, Func<Task<SignInOutcome>>)> Browsers(SamlFixture saml)
    {
        Func<SamlFixture.Begun, Task<SamlFixture.Begun>> Cookie(Func<SamlFixture.Begun, Task<string?>> cookie) => async begun => begun with { Cookie = await cookie(begun) };
        foreach (var (kind, change) in ((string, Func<SamlFixture.Begun, Task<SamlFixture.Begun>>)[])[
            ("no cookie", Cookie(_ => Task.FromResult<string?>(null))),
            ("an empty cookie", Cookie(_ => Task.FromResult<string?>("prts-signin="))),
            ("a cookie that nobody made", Cookie(_ => Task.FromResult<string?>("prts-signin=AAAA"))),
            ("the cookie of another sign-in", Cookie(async _ => (await saml.Begin()).Cookie)),
            ("the cookie for another provider", Cookie(async _ => (await saml.Begin("second")).Cookie)),
            ("the cookie of another tenant", Cookie(async _ => (await saml.Begin(tenant: SamlFixture.ElsewhereTenant)).Cookie)),
            ("a cookie of five kilobytes", Cookie(begun => Task.FromResult<string?>(begun.Cookie + new string('A', 5000))))])
        {
            yield return (kind, async () => await saml.Begin() is var begun ? await saml.Answer(await change(begun), begun.Right.SignedTwice(), "/builds") : null!);
            yield return ($"{kind}, past the page", async () => await saml.Begin() is var begun ? await saml.Finish(await change(begun), SamlFixture.Form(Right(begun))) : null!);
        }
    }

    /// <summary>A right response, where it does not belong.</summary>
    private static IEnumerable<(string, Func<Task<SignInOutcome>>)> Places(SamlFixture saml)
    {
        foreach (var name in (string[])["nobody", "closed", "second", "another", "CORP", "%00", "corp%00", "..%2Fcorp", "corp%20", "%ED%A0%80", "a%0d%0ab"])
        {
            yield return ($"at '{name}'", async () => await saml.Begin() is var begun ? await saml.Answer(begun with { Provider = name }, begun.Right.SignedTwice()) : null!);
            yield return ($"at '{name}', past the page", async () => await saml.Begin() is var begun ? await saml.Finish(begun with { Provider = name }, SamlFixture.Form(Right(begun))) : null!);
        }

        yield return ("of this tenant in another", async () => await saml.Begin() is var begun ? await saml.Answer(begun with { Tenant = SamlFixture.ElsewhereTenant }, begun.Right.SignedTwice()) : null!);
        yield return ("of another tenant in this", async () => await saml.Begin(tenant: SamlFixture.ElsewhereTenant) is var begun ? await saml.Answer(begun with { Tenant = "default" }, begun.Right.SignedTwice()) : null!);
        yield return ("of another tenant's browser in this", async () =>
        {
            var (here, there) = (await saml.Begin(), await saml.Begin(tenant: SamlFixture.ElsewhereTenant));
            return await saml.Answer(here, there.Right.SignedTwice());
        }
        );
        yield return ("in a tenant that is not there", async () => await saml.Begin() is var begun ? await saml.Answer(begun with { Tenant = "nobody" }, begun.Right.SignedTwice()) : null!);
        // No tenant has such a name, so this is the operator's; there the browser has asked for nothing.
        foreach (var tenant in (string[])["%00", "..%2Fdefault", "%ED%A0%80"])
            yield return ($"in tenant '{tenant}'", async () => await saml.Begin() is var begun ? await saml.Answer(begun with { Tenant = tenant, Cookie = null }, begun.Right.SignedTwice()) : null!);
        yield return ("by another tenant's provider", async () => await saml.Begin() is var begun
            ? await saml.Answer(begun, (begun.Right with { Issuer = "https://theirs.example.com/saml", ResponseIssuer = "https://theirs.example.com/saml" }).SignedTwice(new() { Certificate = TestKeys.Attacker }))
            : null!);
        yield return ("by another provider of the tenant", async () => await saml.Begin() is var begun
            ? await saml.Answer(begun, (begun.Right with { Issuer = "https://another.example.com/saml", ResponseIssuer = "https://another.example.com/saml" }).SignedTwice(new() { Certificate = TestKeys.Attacker }))
            : null!);
        foreach (var method in (string[])["GET", "PUT", "DELETE", "HEAD"])
        {
            yield return ($"by {method}", async () =>
            {
                var begun = await saml.Begin();
                using var request = new HttpRequestMessage(new(method), $"/login/saml/corp/finish?{Ascii(Right(begun))[..1000]}") { Content = method is "PUT" or "DELETE" ? SamlFixture.Form(Right(begun)) : null };
                request.Headers.TryAddWithoutValidation("Cookie", begun.Cookie);
                using var answer = await saml.Client.SendAsync(request);
                return SignInOutcome.Of(answer);
            }
            );
        }
    }

    private static async Task<SignInOutcome> Mutated(SamlFixture saml, Random random)
    {
        var begun = await saml.Begin();
        var right = Signed(random, begun);
        while (true)
        {
            var (form, changesForm) = Mutate(random, begun, right);
            if (await SamlFixture.SaysTheSame(begun, right, form)) continue;
            // The page writes the form anew, and would mend what was changed in it.
            return changesForm || random.Next(2) == 0 ? await saml.Finish(begun, SamlFixture.Form(form)) : await saml.Answer(begun, SamlFixture.Form(form));
        }
    }

    private static (byte[] Form, bool ChangesForm) Mutate(Random random, SamlFixture.Begun begun, string xml) => random.Next(10) switch
    {
        0 => (Mutations.Bytes(random, TestResponse.Form(xml, Relay(random))), true),
        1 => (Encoding.ASCII.GetBytes("SAMLResponse=" + WebUtility.UrlEncode(Encoding.Latin1.GetString(Mutations.Bytes(random, Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(xml))))))), true),
        2 => (TestResponse.Form(Mutations.Bytes(random, Encoding.UTF8.GetBytes(xml)), Relay(random)), false),
        3 => (TestResponse.Form(Mutations.Text(random, xml), Relay(random)), false),
        4 => (TestResponse.Form(Fitting(begun, Mutations.Resign(random, xml)), Relay(random)), false),
        _ => (TestResponse.Form(Fitting(begun, Mutations.Tree(random, xml)), Relay(random)), false),
    };

    /// <summary>A response for another browser's request, mutated or not.</summary>
    private static string Mutated(Random random, SamlFixture.Begun begun) => random.Next(2) == 0 ? Signed(random, begun) : Fitting(begun, Mutations.Tree(random, Signed(random, begun)));

    /// <summary>What a mutation puts in is of the library's tests; made as it should be here, but for its signature.</summary>
    private static string Fitting(SamlFixture.Begun begun, string xml) => xml
        .Replace(TestResponse.Sp, SamlFixture.Audience, StringComparison.Ordinal).Replace(TestResponse.Acs, begun.Consumer, StringComparison.Ordinal).Replace($"\"{TestResponse.Request}\"", $"\"{begun.Request}\"", StringComparison.Ordinal)
        .Replace(TestResponse.Time(-1), SamlFixture.Time(-1), StringComparison.Ordinal).Replace(TestResponse.Time(0), SamlFixture.Time(0), StringComparison.Ordinal).Replace(TestResponse.Time(5), SamlFixture.Time(5), StringComparison.Ordinal);

    private static async Task<SignInOutcome> CookieChanged(SamlFixture saml, Random random)
    {
        var begun = await saml.Begin();
        var (value, changed) = (begun.Cookie!["prts-signin=".Length..], "");
        do changed = OidcCallbacks.Changed(random, value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
        while (IdTokens.AreSame(changed, value));
        return await saml.Answer(begun with { Cookie = "prts-signin=" + changed }, Signed(random, begun), Relay(random));
    }

    private static string Signed(Random random, SamlFixture.Begun begun) => random.Next(5) switch
    {
        0 => begun.Right.SignedResponse(),
        1 => begun.Right.SignedTwice(),
        2 => begun.Right.Signed(TestSignature.Ecdsa256),
        3 => begun.Right.SignedResponse(TestSignature.Pss),
        _ => begun.Right.Signed(),
    };

    private static string? Relay(Random random) => ((string?[])[null, "", "/builds", "https://evil.example.com/", "\0", "\r\nSet-Cookie: prts-session=x", new('r', 2000), new('r', 3000)])[random.Next(8)];

    private static byte[] Right(SamlFixture.Begun begun) => TestResponse.Form(begun.Right.SignedTwice(), relayState: null);

    private static string Ascii(byte[] form) => Encoding.ASCII.GetString(form);

    private static byte[] Text(string form) => Encoding.ASCII.GetBytes(form);
}
