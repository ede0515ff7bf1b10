using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using PRTS.Contracts.Projects;
using PRTS.Storage.Users;

namespace PRTS.Web.Tests.Access.SignIn;

/// <summary>Thousands of answers that a provider, or somebody who plays it, may not give; none signs anybody in, and none breaks the server.</summary>
public sealed class OidcAttackTests(OidcFixture oidc) : IClassFixture<OidcFixture>
{
    private const int Tokens = 10_000;
    private const int Callbacks = 1_000;

    [Fact]
    public async Task IdToken_Mutated_SignsNobodyIn()
    {
        var seed = Environment.TickCount;
        var attacks = IdTokenAttacks.Named().ToList();
        var named = attacks.Count;
        // Each has a generator of its own, so that they may run beside one another and be repeated.
        while (attacks.Count < Tokens) attacks.Add(IdTokenAttacks.Any(new Random(unchecked(seed + attacks.Count))));
        var wrong = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForEachAsync(attacks, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (attack, _) =>
        {
            var sent = "";
            var outcome = await oidc.SignIn("alpha", "mallory", token =>
            {
                // A change of bits that mean nothing is none.
                do sent = attack.Token(token);
                while (IdTokens.AreSame(sent, token.Valid()) || IdTokens.AreSame(sent, token.Valid("ES256")));
                return sent;
            });
            if (outcome.Problem is { } problem) wrong.Add($"seed {seed}, {attack.Kind}: {problem}\n{sent[..Math.Min(sent.Length, 2000)]}");
        });

        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Take(20)));
        var controls = await Controls();
        Assert.Null(await oidc.Server.Get<UsersStore>().ByIdentity(ProjectId.DefaultTenant, "alpha", $"{oidc.Provider.Issuer("alpha")}\nmallory"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"counted: JWT, {attacks.Count} id_tokens ({named} named kinds, seed {seed}): 0 accepted, 0 answers of 5xx; {controls} of {controls} valid controls accepted"));
    }

    [Fact]
    public async Task Callback_Mutated_SignsNobodyIn()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var wrong = new List<string>();
        var attacks = OidcCallbacks.Named(oidc).ToList();
        var named = attacks.Count;
        while (attacks.Count < Callbacks) attacks.Add(OidcCallbacks.Any(oidc, random));
        var refused = oidc.Provider.Refused;
        foreach (var (kind, attack) in attacks)
        {
            if ((await attack()).Problem is { } problem) wrong.Add($"seed {seed}, {kind}: {problem}");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20)));
        Assert.True(oidc.Provider.Refused > refused, "No attack reached the token endpoint.");
        var answers = OidcCallbacks.TokenAnswers().ToList();
        foreach (var (kind, answer) in answers)
        {
            if ((await oidc.SignIn("alpha", begun => http => answer(http, new(oidc.Provider, oidc.Provider.Issuer("alpha"), begun.Nonce, "mallory")))).Problem is { } problem) wrong.Add($"{kind}: {problem}");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20)));
        var controls = await Controls();
        Assert.Null(await oidc.Server.Get<UsersStore>().ByIdentity(ProjectId.DefaultTenant, "alpha", $"{oidc.Provider.Issuer("alpha")}\nmallory"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"counted: OIDC, {attacks.Count} callbacks ({named} named kinds, seed {seed}) and {answers.Count} answers of token endpoints: 0 accepted, 0 answers of 5xx; {controls} of {controls} valid controls accepted"));
    }

    /// <summary>Whoever could serve the document of one issuer must not speak for another.</summary>
    [Fact]
    public async Task Begin_ProviderThatCallsItselfAnother_GoesNowhere()
    {
        using var answer = await oidc.Client.GetAsync("/login/with/liar");
        Assert.StartsWith("/login?error=provider", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    /// <summary>What is right in all its ways is accepted, each time as another person.</summary>
    private async Task<int> Controls()
    {
        var controls = new List<(string Provider, Func<IdTokenOf, string> Token)>
        {
            ("alpha", token => token.Valid()),
            ("alpha", token => token.Valid("PS256")),
            ("alpha", token => token.Valid("ES256")),
            ("beta", token => token.Valid()),
            ("alpha", token => token.With(claims => claims["aud"] = new JsonArray(OidcProvider.ClientId))),
            ("alpha", token => token.With(claims => (claims["aud"], claims["azp"]) = (new JsonArray(OidcProvider.ClientId, "another"), OidcProvider.ClientId))),
            ("alpha", token => token.With(claims => claims["azp"] = OidcProvider.ClientId)),
            ("alpha", token => token.With(claims => claims["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 30)),
            ("alpha", token => token.With(claims => claims["nbf"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 30)),
            ("alpha", token => token.With(claims => claims["preferred_username"] = "Ægir 🐟")),
            ("alpha", token => token.With(claims => claims["x"] = new JsonObject { ["y"] = new JsonArray(1, "z", null) })),
            ("alpha", token => IdTokens.Sign(token.Provider, new() { ["alg"] = "ES256" }, token.Claims().ToJsonString())),
        };
        foreach (var (provider, token) in controls)
        {
            var subject = oidc.Server.Unique("subject");
            var outcome = await oidc.SignIn(provider, subject, token);
            Assert.True(outcome is { IsIn: true, Status: HttpStatusCode.Redirect, Location: "/there" }, outcome.ToString());
            Assert.NotNull(await oidc.Server.Get<UsersStore>().ByIdentity(ProjectId.DefaultTenant, provider, $"{oidc.Provider.Issuer(provider)}\n{subject}"));
        }

        return controls.Count;
    }
}
