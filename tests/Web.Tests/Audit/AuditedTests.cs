using System.Net;
using System.Net.Http.Json;
using PRTS.Api.Access;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Audit;

public class AuditedTests(TestServer server)
{
    [Fact]
    public async Task Change_IsRecordedWithWhoWhatAndWhatIsToHold_AndSecretsAreNot()
    {
        var project = await server.NewProject();
        var user = await server.NewUser(Role.Admin);
        using var client = server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "test" })).Token);
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsJsonAsync($"/api/v1/projects/{project}/variables/REGION", new SetVariable { Value = "eu" })).StatusCode);
        var set = Assert.Single(await Entries(user.Name, "variable:set"));
        Assert.Equal((AuditOutcome.Allowed, "REGION", project.Org, project.Name, AuditVia.Api, "127.0.0.1"), (set.Outcome, set.Target.Id, set.Target.Org, set.Target.Project, set.Origin.Via, set.Origin.Address));
        Assert.Equal("""{"branch":"","environment":"","value":"eu"}""", Canonical.Text(set.After));

        var name = server.Unique("made");
        await (await client.PostAsJsonAsync("/api/v1/users", new CreateUser { Name = name, Password = TestServer.Password })).Read<UserSummary>(HttpStatusCode.Created);
        await (await client.PatchAsJsonAsync($"/api/v1/users/{name}", new UpdateUser { Password = "another good passphrase" })).Read<UserSummary>();
        var all = string.Join('\n', (await Entries(user.Name, "user")).Select(entry => System.Text.Encoding.UTF8.GetString(Canonical.Bytes(entry))));
        Assert.Contains(name, all, StringComparison.Ordinal);
        Assert.DoesNotContain(TestServer.Password, all, StringComparison.Ordinal);
        Assert.DoesNotContain("another good passphrase", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_ThatIsRefusedLater_GetsAnEntryOfItsOwn()
    {
        var user = await server.NewUser(Role.Admin);
        using var client = server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "test" })).Token);
        await (await client.PutAsJsonAsync("/api/v1/roles/bad", new SetRole { Permissions = ["nothing:here"] })).Problem(HttpStatusCode.BadRequest, "invalid");
        var entries = await Entries(user.Name, "role:set");
        Assert.Equal([AuditOutcome.Failed, AuditOutcome.Allowed], entries.Select(entry => entry.Outcome));
        Assert.Contains("'nothing:here' is no permission", entries[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attempt_OfWhoMayNot_IsRecordedAsDenied_ReadsToo()
    {
        var project = await server.NewProject();
        var user = await server.NewUser(Role.Viewer);
        using var client = server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "test" })).Token);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PutAsJsonAsync($"/api/v1/projects/{project}/variables/REGION", new SetVariable { Value = "eu" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("/api/v1/users")).StatusCode);
        var denied = Assert.Single(await Entries(user.Name, "variable:set"));
        Assert.Equal((AuditOutcome.Denied, "REGION"), (denied.Outcome, denied.Target.Id));
        Assert.Equal(AuditOutcome.Denied, Assert.Single(await Entries(user.Name, "user:manage")).Outcome);
    }

    [Fact]
    public async Task SignIn_RightOrWrong_IsRecorded()
    {
        var user = await server.NewUser(Role.Viewer);
        using var browser = server.Browser();
        foreach (var password in (string[])["wrong password", TestServer.Password])
        {
            using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", await browser.GetStringAsync("/test/form")), new("name", user.Name), new("password", password)]);
            await browser.PostAsync("/login", form);
        }

        var entries = await Entries(user.Name, "session:begin");
        Assert.Equal([AuditOutcome.Allowed, AuditOutcome.Denied], entries.Select(entry => entry.Outcome));
        Assert.Equal([AuditActorKind.User, AuditActorKind.Anonymous], entries.Select(entry => entry.Actor.Kind));
        Assert.All(entries, entry => Assert.Equal((AuditVia.Web, user.Name), (entry.Origin.Via, entry.Target.Id)));
    }

    private async Task<IReadOnlyList<AuditEntry>> Entries(string actor, string action) =>
        (await server.Get<AuditEntries>().Find(ProjectId.DefaultTenant, new() { Actor = actor, Action = action }, before: null, take: 50)).Items;
}
