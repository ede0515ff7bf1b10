using PRTS.Api.Access;
using PRTS.Api.Secrets;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Projects;
using PRTS.Storage.Access;
using PRTS.Storage.Audit;
using PRTS.Storage.Users;

namespace PRTS.Web.Tests.Access.SignIn;

/// <summary>What a sign-in changes by the rules of its provider is in the log.</summary>
public sealed class SignInAuditTests(OidcFixture oidc) : IClassFixture<OidcFixture>
{
    [Fact]
    public async Task FirstSignIn_MakesAnAccountInATeam_AsTheLogSays()
    {
        const string Tenant = ProjectId.DefaultTenant;
        await oidc.Server.Grains.Organization(Tenant, "staff").Create("");
        await oidc.Server.Grains.Team(Tenant, "staff", "all").Set("");
        using (var secret = SecretText.Of(OidcProvider.ClientSecret))
        {
            await oidc.Server.Get<SignInProvidersStore>().Set(
                Tenant, new() { Name = "beta", OpenIdConnect = new() { Issuer = oidc.Provider.Issuer("beta"), ClientId = OidcProvider.ClientId }, Groups = [new("*", "staff/all")] }, secret, keeps: false);
        }

        foreach (var _ in (int[])[1, 2]) Assert.True((await oidc.SignIn("beta", "newcomer", token => token.Valid())).IsIn);
        var entries = (await oidc.Server.Get<AuditEntries>().Find(Tenant, new() { Actor = "sign-in-provider beta" }, before: null, take: 50)).Items.Reverse().ToList();
        Assert.Equal(["user:create", "team:add-member"], entries.Select(entry => entry.Action));
        Assert.All(entries, entry => Assert.Equal((AuditOutcome.Allowed, AuditActorKind.System), (entry.Outcome, entry.Actor.Kind)));
        Assert.Equal($"all/{entries[0].Target.Id}", entries[1].Target.Id);
    }

    [Fact]
    public async Task Identity_IsASubjectWithItsIssuer()
    {
        var subject = oidc.Server.Unique("subject");
        Assert.True((await oidc.SignIn("alpha", subject, token => token.Valid())).IsIn);
        Assert.NotNull(await Of(oidc.Provider.Issuer("alpha")));
        Assert.Null(await Of(oidc.Provider.Issuer("beta")));

        Task<StoredUser?> Of(string issuer) => oidc.Server.Get<UsersStore>().ByIdentity(ProjectId.DefaultTenant, "alpha", $"{issuer}\n{subject}");
    }
}
