using System.Net;
using System.Text;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Users;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Audit;

/// <summary>Who tried to get in or to do what they may not is in the log, of the tenant where they tried.</summary>
public class AttemptTests(TestServer server)
{
    [Fact]
    public async Task SignIn_ToATenant_IsInItsLogWithWhoItWas()
    {
        var (tenant, user) = await NewTenant();
        using var browser = server.Browser();
        await Login(browser, tenant, user.Name, "wrong horse battery");
        await Login(browser, tenant, user.Name, TestServer.Password);
        var field = await browser.GetStringAsync("/test/form");
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", field)]);
        await browser.PostAsync("/logout", form);

        Assert.Equal(
            [
                ("session:begin", AuditOutcome.Denied, AuditActorKind.Anonymous, ""),
                ("session:begin", AuditOutcome.Allowed, AuditActorKind.User, user.Id.ToString()),
                ("session:end", AuditOutcome.Allowed, AuditActorKind.User, user.Id.ToString()),
            ],
            (await Entries(tenant, user.Name)).Select(entry => (entry.Action, entry.Outcome, entry.Actor.Kind, entry.Actor.Id)));
        Assert.Empty(await Entries(ProjectId.DefaultTenant, user.Name));
    }

    [Fact]
    public async Task Header_ThatIsRefused_IsInTheLog()
    {
        var (tenant, user) = await NewTenant();
        using var client = server.Client();
        using var request = Basic($"{tenant}/{user.Name}", "wrong horse battery");
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.SendAsync(request)).StatusCode);
        var entry = Assert.Single(await Entries(tenant, user.Name));
        Assert.Equal(("session:begin", AuditOutcome.Denied, AuditVia.Api), (entry.Action, entry.Outcome, entry.Origin.Via));

        var nobody = server.Unique("nobody");
        using var unknown = Basic($"{nobody}/{nobody}", "wrong horse battery");
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.SendAsync(unknown)).StatusCode);
        // No log is begun for a tenant that somebody made up.
        Assert.Equal(AuditOutcome.Denied, Assert.Single(await Entries(ProjectId.DefaultTenant, nobody)).Outcome);
        Assert.Empty(await Entries(nobody, nobody));

        var before = await LastRefused();
        using var bearer = server.Client("prts_no-such-token");
        Assert.Equal(HttpStatusCode.Unauthorized, (await bearer.GetAsync("/api/v1/account")).StatusCode);
        Assert.NotEqual(before, await LastRefused());
    }

    [Theory]
    [InlineData("GET", "", "project:read")]
    [InlineData("PUT", "/protection", "project:protect")]
    public async Task Request_WithoutCredentials_IsInTheLog(string method, string path, string action)
    {
        var project = await server.NewProject();
        using var client = server.Client();
        using var request = new HttpRequestMessage(new(method), $"/api/v1/projects/{project}{path}");
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.SendAsync(request)).StatusCode);
        var entry = Assert.Single(await Find(ProjectId.DefaultTenant, new() { Project = project.ToString() }, take: 10));
        Assert.Equal((action, AuditOutcome.Denied, AuditActorKind.Anonymous, "The request came without credentials."), (entry.Action, entry.Outcome, entry.Actor.Kind, entry.Reason));
        Assert.NotNull(entry.Origin.Address);
    }

    [Fact]
    public async Task Push_ByWhoOnlyReads_IsInTheLog()
    {
        var project = await server.NewProject();
        var viewer = await server.NewUser(Role.Viewer);
        using var client = server.Client((await server.Get<AccessTokens>().Create(viewer.Id, new() { Name = "git" })).Token);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync($"/git/{project}.git/info/refs?service=git-receive-pack")).StatusCode);
        var entry = Assert.Single(await Entries(ProjectId.DefaultTenant, viewer.Name));
        Assert.Equal(("repository:push", AuditOutcome.Denied, project.ToString()), (entry.Action, entry.Outcome, entry.Target.Id));
    }

    /// <summary>When somebody of whom no name is known was last refused.</summary>
    private async Task<DateTimeOffset?> LastRefused() =>
        (await Find(ProjectId.DefaultTenant, new() { Action = "session:begin", Outcome = AuditOutcome.Denied }, take: 1)).SingleOrDefault()?.At;

    private async Task<IReadOnlyList<AuditEntry>> Entries(string tenant, string actor) => [.. (await Find(tenant, new() { Actor = actor }, take: 500)).Reverse()];

    private async Task<IReadOnlyList<AuditEntry>> Find(string tenant, AuditFilter filter, int take) =>
        (await server.Get<AuditEntries>().Find(tenant, filter, before: null, take)).Items;

    private async Task<(string Tenant, StoredUser User)> NewTenant()
    {
        var (tenant, name) = (server.Unique("tenant"), server.Unique("user"));
        Assert.Null(await server.Grains.Tenant(tenant).Create(""));
        Assert.Null((await server.Get<Accounts>().Create(tenant, new() { Name = name, Password = TestServer.Password, Role = "viewer" }, by: null)).Problem);
        return (tenant, (await server.Get<UsersStore>().ByName(tenant, name))!);
    }

    private static async Task Login(HttpClient browser, string tenant, string name, string password)
    {
        var field = await browser.GetStringAsync("/test/form");
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", field), new("tenant", tenant), new("name", name), new("password", password), new("returnUrl", "/")]);
        Assert.Equal(HttpStatusCode.Redirect, (await browser.PostAsync("/login", form)).StatusCode);
    }

    private static HttpRequestMessage Basic(string name, string password) => new(HttpMethod.Get, "/api/v1/account")
    {
        Headers = { Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"))) },
    };
}
