using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using PRTS.Contracts.Projects;
using PRTS.Storage.Users;
using PRTS.Tests.Saml;

namespace PRTS.Web.Tests.Access.SignIn;

/// <summary>Thousands of responses at the assertion consumer, over HTTP, that must sign nobody in; the library's own tests have more of them.</summary>
public sealed class SamlAttackTests(SamlFixture saml) : IClassFixture<SamlFixture>
{
    private const int Responses = 2_200;

    [Fact]
    public async Task Response_Mutated_SignsNobodyIn()
    {
        var seed = Environment.TickCount;
        var attacks = SamlAttacks.Named(saml).ToList();
        var named = attacks.Count;
        // Each has a generator of its own, so that they may run beside one another and be repeated.
        while (attacks.Count < Responses) attacks.Add(SamlAttacks.Any(saml, new Random(unchecked(seed + attacks.Count))));
        var before = await Accounts();
        var wrong = new ConcurrentBag<string>();
        var statuses = new ConcurrentDictionary<HttpStatusCode, int>();
        await Parallel.ForEachAsync(attacks.Index(), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (attack, _) =>
        {
            var outcome = await attack.Item.Attack();
            statuses.AddOrUpdate(outcome.Status, 1, (_, count) => count + 1);
            if (outcome.Problem is { } problem) wrong.Add($"seed {seed}, {attack.Item.Kind} ({attack.Index}): {problem}");
        });

        Assert.True(wrong.IsEmpty, $"{wrong.Count} wrong:\n{string.Join('\n', wrong.Order(StringComparer.Ordinal).Take(30))}");
        Assert.True(statuses[HttpStatusCode.Redirect] > Responses / 2, "Few responses were looked at.");
        Assert.Equal(before, await Accounts());
        var controls = await Controls();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"counted: SAML over HTTP, {attacks.Count} responses ({named} named kinds, seed {seed}): 0 accepted, 0 answers of 5xx; {controls} of {controls} valid controls accepted"));
    }

    [Fact]
    public async Task Response_SentAgain_SignsNobodyIn()
    {
        var begun = await saml.Begin();
        var xml = (begun.Right with { NameId = "<saml:NameID>again@example.org</saml:NameID>" }).SignedTwice();
        Assert.True((await saml.Answer(begun, xml)).IsIn);
        // This browser keeps its cookie.
        Assert.Null((await saml.Answer(begun, xml)).Problem);
        Assert.Null((await saml.Finish(begun, SamlFixture.Form(TestResponse.Form(xml)))).Problem);
        Assert.Null((await saml.Answer(await saml.Begin(), xml)).Problem);
        // Where nobody need ask, the assertion's identifier alone tells.
        var portal = new SamlFixture.Begun(ProjectId.DefaultTenant, "portal", null, "");
        var unsolicited = (portal.Right with { Answers = null, AssertionAnswers = null, NameId = "<saml:NameID>again@example.org</saml:NameID>" }).SignedTwice();
        Assert.True((await saml.Answer(portal, unsolicited)).IsIn);
        Assert.Null((await saml.Answer(portal, unsolicited)).Problem);
    }

    /// <summary>What is right in all its ways is accepted, each time as another person, and leads where the browser wanted to go.</summary>
    private async Task<int> Controls()
    {
        var controls = new List<(string Provider, string Tenant, Func<TestResponse, string> Response, string? RelayState)>
        {
            ("corp", ProjectId.DefaultTenant, right => right.Signed(), null),
            ("corp", ProjectId.DefaultTenant, right => right.SignedResponse(), null),
            ("corp", ProjectId.DefaultTenant, right => right.SignedTwice(), ""),
            ("corp", ProjectId.DefaultTenant, right => right.SignedTwice(), "/builds"),
            ("corp", ProjectId.DefaultTenant, right => right.SignedTwice(), "https://evil.example.com/"),
            ("corp", ProjectId.DefaultTenant, right => right.Signed(TestSignature.Rsa512), null),
            ("corp", ProjectId.DefaultTenant, right => right.Signed(TestSignature.Pss), null),
            ("corp", ProjectId.DefaultTenant, right => right.SignedTwice(TestSignature.Ecdsa256), null),
            ("corp", ProjectId.DefaultTenant, right => right.Signed(new() { KeyInfo = false }), null),
            ("corp", ProjectId.DefaultTenant, right => new TestSignature().Sign(right.Xml().Replace("><", ">\n  <", StringComparison.Ordinal), "Assertion"), null),
            ("corp", ProjectId.DefaultTenant, right => (right with { Conditions = TestResponse.Audience("https://x.example.com", SamlFixture.Audience) }).Signed(), null),
            ("corp", ProjectId.DefaultTenant, right => (right with { Until = SamlFixture.Time(-1), ConfirmedUntil = SamlFixture.Time(-1), From = SamlFixture.Time(-5) }).Signed(), null),
            ("second", ProjectId.DefaultTenant, right => right.Signed(), null),
            ("portal", ProjectId.DefaultTenant, right => right.Signed(), null),
            ("corp", SamlFixture.ElsewhereTenant, right => right.Signed(), null),
        };
        foreach (var (provider, tenant, response, relayState) in controls)
        {
            var before = await Accounts();
            var begun = await saml.Begin(provider, tenant);
            var subject = $"{saml.Server.Unique("subject")}@example.org";
            var outcome = await saml.Answer(begun, response(begun.Right with { NameId = $"<saml:NameID>{subject}</saml:NameID>" }), relayState);
            Assert.True(outcome is { IsIn: true, Status: HttpStatusCode.Redirect, Location: "/there" }, $"{controls.Count} controls, {subject}: {outcome}");
            Assert.Contains((await Accounts()).Except(before), account => account.StartsWith($"{tenant}/subject", StringComparison.Ordinal));
        }

        return controls.Count;
    }

    private async Task<List<string>> Accounts() =>
        [.. (await saml.Server.Get<UsersStore>().List(ProjectId.DefaultTenant)).Concat(await saml.Server.Get<UsersStore>().List(SamlFixture.ElsewhereTenant)).Select(user => $"{user.Tenant}/{user.Name}").Order(StringComparer.Ordinal)];
}
