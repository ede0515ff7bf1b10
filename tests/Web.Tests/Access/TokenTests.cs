using System.Net;
using System.Net.Http.Json;
using System.Text;
using PRTS.Api.Access;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Storage.Access;
using PRTS.Storage.Users;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

public class TokenTests(TestServer server)
{
    [Fact]
    public async Task AccessToken_IsShownOnce_WorksAndCanBeRevoked()
    {
        using var client = await server.Client(Role.Developer);
        var created = await (await client.PostAsJsonAsync("/api/v1/account/tokens", new CreateAccessToken { Name = "laptop", ExpiresInDays = 7 })).Read<CreatedAccessToken>(HttpStatusCode.Created);
        Assert.StartsWith("prts_", created.Token, StringComparison.Ordinal);
        using var other = server.Client(created.Token);
        Assert.Equal("developer", (await (await other.GetAsync("/api/v1/account")).Read<Me>()).Role);
        var listed = await client.GetStringAsync("/api/v1/account/tokens");
        Assert.Contains("laptop", listed, StringComparison.Ordinal);
        Assert.DoesNotContain(created.Token, listed, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync($"/api/v1/account/tokens/{created.Summary.Id}")).StatusCode);
        await (await other.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task AccessToken_Expired_IsRefused()
    {
        var user = await server.NewUser(Role.Viewer);
        const string Secret = "prts_expired";
        var past = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        await server.Get<AccessTokensStore>().Create(
            new() { Id = Guid.NewGuid(), UserId = user.Id, Name = "old", Prefix = "prts_e", CreatedAt = past.AddDays(-1), ExpiresAt = past }, Credentials.Sha256(Secret));
        using var client = server.Client(Secret);
        await (await client.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task Basic_AfterPasswordOrRoleChange_CountsAtOnce()
    {
        var user = await server.NewUser(Role.Viewer);
        using var client = server.Client();
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(Basic(user.Name, TestServer.Password))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(Basic(user.Name, TestServer.Password))).StatusCode);
        await server.Get<Accounts>().SetPassword(user, "another password");
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.SendAsync(Basic(user.Name, TestServer.Password))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(Basic(user.Name, "another password"))).StatusCode);
        await server.Grains.User(user.Tenant, user.Id).SetEnabled(false);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.SendAsync(Basic(user.Name, "another password"))).StatusCode);
    }

    [Fact]
    public async Task Basic_AfterTheAccountIsLocked_CountsAtOnce()
    {
        var user = await server.NewUser(Role.Viewer);
        using var client = server.Client();
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(Basic(user.Name, TestServer.Password))).StatusCode);
        Assert.NotNull(await server.Get<UsersStore>().RecordFailure(user.Id, lockAfter: 1, TimeSpan.FromHours(1)));
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.SendAsync(Basic(user.Name, TestServer.Password))).StatusCode);
    }

    [Fact]
    public async Task Basic_AfterThePolicyOfSignIns_CountsAtOnce()
    {
        var (tenant, user) = await NewTenant();
        using var client = server.Client();
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(Basic($"{tenant}/{user.Name}", TestServer.Password))).StatusCode);
        var store = server.Get<SignInProvidersStore>();
        await store.SetPolicy(tenant, new() { Passwords = PasswordSignIn.BreakGlass, BreakGlass = ["somebody-else"] });
        using var refused = await client.SendAsync(Basic($"{tenant}/{user.Name}", TestServer.Password));
        Assert.Equal(LoginResult.EmergenciesOnly, await refused.Problem(HttpStatusCode.Unauthorized, "unauthenticated"));
        await store.SetPolicy(tenant, new() { Passwords = PasswordSignIn.BreakGlass, BreakGlass = [user.Name] });
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(Basic($"{tenant}/{user.Name}", TestServer.Password))).StatusCode);
    }

    /// <summary>A password that is asked for again ends the count of wrong ones; one that is remembered does not.</summary>
    [Fact]
    public async Task Basic_AfterAChangeOfADirectory_IsAskedAgain()
    {
        var (tenant, user) = await NewTenant();
        using var client = server.Client();
        async Task<int> FailuresAfterBasic()
        {
            await server.Get<UsersStore>().RecordFailure(user.Id, lockAfter: 1000, TimeSpan.FromHours(1));
            Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(Basic($"{tenant}/{user.Name}", TestServer.Password))).StatusCode);
            return (await server.Get<UsersStore>().Get(user.Id))!.FailedCount;
        }

        var store = server.Get<SignInProvidersStore>();
        Func<Task>[] changes =
        [
            () => store.Set(tenant, new() { Name = "people", Ldap = new() { Address = "ldaps://localhost", SearchDn = "cn=search", PeopleDn = "ou=people" } }, secret: null, keeps: false),
            () => store.Remove(tenant, "people"),
            () => server.Grains.User(tenant, user.Id).Update(new() { Name = user.Name, DisplayName = "Renamed", CreatedAt = user.CreatedAt }),
        ];
        foreach (var change in changes)
        {
            // News of what was done before may still be on their way.
            await server.Until(FailuresAfterBasic, failures => failures > 0);
            await change();
            Assert.Equal(0, await FailuresAfterBasic());
        }
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Basic !!!")]
    [InlineData("Basic bm9jb2xvbg==")]
    [InlineData("Digest abc")]
    [InlineData("Bearer prts_unknown")]
    [InlineData("Bearer prtsj_abc.def")]
    public async Task Header_ThatIsWrong_IsRefused(string header)
    {
        using var client = server.Client();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
        await (await client.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task AttemptToken_OpensNothingButItsAttempt()
    {
        var project = await server.NewProject();
        var attempt = new AttemptId(new(new(project, 1), "build"), 1);
        using var client = server.Client(server.Attempts.Create(attempt, "agent"));
        var own = $"/api/v1/projects/{project}/builds/1/jobs/build/artifacts/out";
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(own, null)).StatusCode);
        foreach (var other in new[] { own.Replace("/builds/1/", "/builds/2/", StringComparison.Ordinal), own.Replace("/build/", "/test/", StringComparison.Ordinal), own.Replace("acme/", "other/", StringComparison.Ordinal) })
            Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsync(other, null)).StatusCode);
        var kept = $"/api/v1/projects/{project}/builds/1/artifacts";
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(kept)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/api/v1/projects/{project}/builds/1/jobs/test/artifacts/out/files")).StatusCode);
        foreach (var other in new[] { kept.Replace("/1/", "/2/", StringComparison.Ordinal), kept.Replace("acme/", "other/", StringComparison.Ordinal), $"/api/v1/projects/{project}/builds/2/jobs/build/artifacts/out/files" })
            Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync(other)).StatusCode);
        foreach (var address in new[] { "/api/v1/account", "/api/v1/projects", $"/api/v1/projects/{project}", "/api/v1/agents" })
            Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync(address)).StatusCode);
        var forged = new AttemptTokens(Encoding.UTF8.GetBytes("another key, as an attacker has")).Create(attempt, "agent");
        using var attacker = server.Client(forged);
        Assert.Equal(HttpStatusCode.Unauthorized, (await attacker.PostAsync(own, null)).StatusCode);
    }

    [Fact]
    public async Task PersonalToken_MayNotUploadArtifacts()
    {
        var project = await server.NewProject();
        using var admin = await server.Client(Role.Admin);
        Assert.Equal(HttpStatusCode.Forbidden, (await admin.PostAsync($"/api/v1/projects/{project}/builds/1/jobs/build/artifacts/out", null)).StatusCode);
    }

    private async Task<(string Tenant, StoredUser User)> NewTenant()
    {
        var (tenant, name) = (server.Unique("tenant"), server.Unique("user"));
        Assert.Null(await server.Grains.Tenant(tenant).Create("A tenant with a policy of its own"));
        Assert.Null((await server.Get<Accounts>().Create(tenant, new() { Name = name, Password = TestServer.Password, Role = "viewer" }, by: null)).Problem);
        return (tenant, (await server.Get<UsersStore>().ByName(tenant, name))!);
    }

    private static HttpRequestMessage Basic(string name, string password) => new(HttpMethod.Get, "/api/v1/account")
    {
        Headers = { Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"))) },
    };
}
