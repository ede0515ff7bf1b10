using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace PRTS.Web.Tests.Access;

/// <summary>Thousands of tokens and cookies that were never given out; none opens anything, and none breaks the server.</summary>
public sealed class CredentialAttackTests(CredentialFixture given) : IClassFixture<CredentialFixture>
{
    private const int Credentials = 3_000;

    [Fact]
    public async Task Credential_Mutated_OpensNothing()
    {
        var seed = Environment.TickCount;
        var attacks = await CredentialAttacks.Named(given);
        var named = attacks.Count;
        while (attacks.Count < Credentials) attacks.Add(CredentialAttacks.Any(given, new Random(unchecked(seed + attacks.Count))));
        await Controls();
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(attacks.Index(), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (attack, _) =>
        {
            // The server itself refuses headers that are none (400) or too large (431); who guesses passwords is stopped for a while (429).
            var status = await attack.Item.Attack();
            if (status is not (HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestHeaderFieldsTooLarge))
                wrong.Add($"seed {seed}, credential {attack.Index}, answered {(int)status}: {attack.Item.Kind[..Math.Min(attack.Item.Kind.Length, 500)]}");
        });

        Assert.True(wrong.IsEmpty, $"{wrong.Count} wrong:\n{string.Join('\n', wrong.Take(30))}");
        var controls = await Controls();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"counted: credentials over HTTP, {attacks.Count} attempt tokens, access tokens and session cookies ({named} named kinds, seed {seed}): 0 accepted, 0 answers of 5xx; {controls} of {controls} valid controls accepted"));
    }

    private async Task<int> Controls()
    {
        var half = given.Session.Length / 2;
        var controls = new List<(string Kind, Func<Task<HttpStatusCode>> Ask)>
        {
            ("attempt token", () => given.Bearer(given.Artifacts, given.AttemptToken)),
            ("attempt token as a password", () => given.Basic(given.Refs, given.AttemptToken)),
            ("access token", () => given.Bearer(CredentialFixture.Account, given.AccessToken)),
            ("access token as a password", () => given.Basic(CredentialFixture.Account, given.AccessToken)),
            ("access token for git", () => given.Basic(given.Refs, given.AccessToken)),
            ("scheme in small letters", () => given.Ask(CredentialFixture.Account, ("Authorization", $"bearer {given.AccessToken}"))),
            ("session", () => given.Cookie(given.Session)),
            ("session in chunks", () => given.Ask(CredentialFixture.Account, ("Cookie", $"prts-session=chunks-2; prts-sessionC1={given.Session[..half]}; prts-sessionC2={given.Session[half..]}"))),
        };
        foreach (var (kind, ask) in controls) Assert.True(await ask() == HttpStatusCode.OK, $"{kind} was refused.");
        return controls.Count;
    }
}
