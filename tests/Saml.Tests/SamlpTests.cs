namespace PRTS.Saml.Tests;

/// <summary>Whole sign-ins with a real identity provider: its metadata, our request, its response.</summary>
public sealed class SamlpTests(SamlpFixture samlp) : IClassFixture<SamlpFixture>
{
    private const string Sp = "https://prts.example.com/saml/metadata";
    private const string Acs = "https://prts.example.com/saml/acs";

    [Theory]
    [InlineData("sign=assertion")]
    [InlineData("sign=response")]
    [InlineData("sign=both")]
    [InlineData("sign=assertion&encrypt=1")]
    [InlineData("sign=response&encrypt=1")]
    [InlineData("sign=both&encrypt=1")]
    public async Task Redirect_Answer_IsAccepted(string mode)
    {
        var provider = await Provider();
        var request = Request($"{provider.RedirectLocation}?{mode}&acs={Acs}");
        var form = await samlp.Visit(request.RedirectUrl("/builds?page=2"));

        var accepted = Accepted(await SamlResponse.Read(form, Expectations(provider, request), new Once()));
        Assert.Equal("/builds?page=2", accepted.RelayState);
        Assert.Equal("ada", accepted.SignIn.NameId.Value);
        Assert.Equal("_session1", accepted.SignIn.SessionIndex);
        Assert.Equal(request.Id, accepted.SignIn.InResponseTo);
        Assert.Equal(["ada@example.com"], accepted.SignIn.Values("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"));
        Assert.Equal(["developers", "R&D <core>"], accepted.SignIn.Values("http://schemas.passportjs.com/groups"));
    }

    /// <summary>The identity provider checks our signature.</summary>
    [Fact]
    public async Task SignedRequests_BothBindings_AreAccepted()
    {
        var provider = await Provider();
        var redirect = Request($"{provider.RedirectLocation}?sign=assertion&signed=1&acs={Acs}");
        Accepted(await SamlResponse.Read(await samlp.Visit(redirect.RedirectUrl("/builds", TestKeys.Ours)), Expectations(provider, redirect), new Once()));
        var posted = Request($"{provider.PostLocation}?sign=assertion&signed=1&acs={Acs}");
        var accepted = Accepted(await SamlResponse.Read(await samlp.Submit(posted.PostForm("/projects", TestKeys.Ours)), Expectations(provider, posted), new Once()));
        Assert.Equal("/projects", accepted.RelayState);

        var byAnother = redirect.RedirectUrl("/builds", TestKeys.Attacker);
        await Assert.ThrowsAnyAsync<Exception>(() => samlp.Visit(byAnother));
        await Assert.ThrowsAnyAsync<Exception>(() => samlp.Submit(posted.PostForm(null, TestKeys.Attacker)));
    }

    [Fact]
    public async Task Answer_ForAnotherOrTwice_IsRejected()
    {
        var provider = await Provider();
        var request = Request($"{provider.RedirectLocation}?sign=both&acs={Acs}");
        var form = await samlp.Visit(request.RedirectUrl());
        var expectations = Expectations(provider, request);
        Rejected(SamlRejection.Audience, await SamlResponse.Read(form, expectations with { ServiceProvider = "https://other.example.com" }, new Once()));
        Rejected(SamlRejection.Destination, await SamlResponse.Read(form, expectations with { AssertionConsumerUrl = "https://other.example.com/acs" }, new Once()));
        Rejected(SamlRejection.InResponseTo, await SamlResponse.Read(form, expectations with { Requests = ["_other"] }, new Once()));
        Rejected(SamlRejection.SignatureInvalid, await SamlResponse.Read(form, expectations with { Certificates = [TestKeys.Attacker] }, new Once()));
        Rejected(SamlRejection.Expired, await SamlResponse.Read(form, expectations with { Clock = new FixedTime(TimeProvider.System.GetUtcNow().AddHours(1)) }, new Once()));
        Rejected(SamlRejection.NotYetValid, await SamlResponse.Read(form, expectations with { Clock = new FixedTime(TimeProvider.System.GetUtcNow().AddHours(-1)) }, new Once()));
        var guard = new Once();
        Accepted(await SamlResponse.Read(form, expectations, guard));
        Rejected(SamlRejection.Replayed, await SamlResponse.Read(form, expectations, guard));
    }

    [Fact]
    public async Task Answer_WithSha1_IsRejected()
    {
        var provider = await Provider();
        var request = Request($"{provider.RedirectLocation}?sign=both&sha1=1&acs={Acs}");
        Rejected(SamlRejection.SignatureAlgorithm, await SamlResponse.Read(await samlp.Visit(request.RedirectUrl()), Expectations(provider, request), new Once()));
    }

    [Fact]
    public async Task Unsolicited_OnlyWhereAllowed()
    {
        var provider = await Provider();
        var form = await samlp.Visit($"{provider.RedirectLocation}?sign=assertion&acs={Acs}&idp={Uri.EscapeDataString(Sp)}");
        var expectations = Expectations(provider, Request("https://idp.example.com"));
        Rejected(SamlRejection.InResponseTo, await SamlResponse.Read(form, expectations, new Once()));
        Accepted(await SamlResponse.Read(form, expectations with { AllowUnsolicited = true }, new Once()));
    }

    private static SamlResult.Accepted Accepted(SamlResult result)
    {
        Assert.True(result is SamlResult.Accepted, (result as SamlResult.Rejected)?.Detail);
        return (SamlResult.Accepted)result;
    }

    private static void Rejected(SamlRejection reason, SamlResult result) => Assert.Equal(reason, Assert.IsType<SamlResult.Rejected>(result).Reason);

    private static AuthnRequest Request(string destination) => new() { IssuedAt = TimeProvider.System.GetUtcNow(), Destination = destination, Issuer = Sp, AssertionConsumerUrl = Acs };

    private static SamlExpectations Expectations(SamlIdentityProvider provider, AuthnRequest request) => new()
    {
        IdentityProvider = provider.EntityId,
        Certificates = provider.SigningCertificates,
        ServiceProvider = Sp,
        AssertionConsumerUrl = Acs,
        Requests = [request.Id],
        DecryptionCertificates = [TestKeys.Ours],
    };

    private async Task<SamlIdentityProvider> Provider()
    {
        var provider = Assert.IsType<SamlMetadataResult.Found>(SamlMetadata.Read(await samlp.Metadata(), TimeProvider.System)).IdentityProvider;
        Assert.Equal("urn:samlp:idp", provider.EntityId);
        Assert.Equal(TestKeys.Rsa.RawData, Assert.Single(provider.SigningCertificates).RawData);
        Assert.Equal(new Uri(samlp.Url, "sso").AbsoluteUri, provider.RedirectLocation);
        return provider;
    }

    private sealed class Once : ISamlReplayGuard
    {
        private readonly HashSet<(string, string)> used = [];

        public ValueTask<bool> TryUse(string issuer, string assertionId, DateTimeOffset until, CancellationToken cancellationToken) => ValueTask.FromResult(used.Add((issuer, assertionId)));
    }
}
