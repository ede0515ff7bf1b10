using System.Net;
using System.Net.Http.Json;
using PRTS.Api;
using PRTS.Api.Access;
using PRTS.Api.Builds;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Builds;
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
    public async Task Creation_NamesWhatIsMade()
    {
        var project = await server.NewProject();
        var user = await server.NewUser(Role.Admin);
        using var client = server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "test" })).Token);
        var name = server.Unique("named");
        var whole = new { user = user.Name, role = "viewer" };
        foreach (var (address, body, action, target) in new (string, object, string, AuditTarget)[]
        {
            ("users", new CreateUser { Name = name, Password = TestServer.Password }, "user:create", new("user", name)),
            ("tenants", new CreateTenant { Name = name }, "tenant:create", new("tenant", name)),
            ("organizations", new CreateOrganization { Name = name }, "organization:create", new("organization", name, null, name)),
            ("projects", new CreateProject { Org = name, Name = "web" }, "project:create", AuditTarget.OfProject(name, "web")),
            ("account/tokens", new CreateAccessToken { Name = "laptop" }, "access-token:create", new("access-token", "laptop")),
            ("account/tokens/short-lived", new CreateShortLivedToken(), "access-token:exchange", new("access-token", user.Name)),
            ("agents/tokens", new { name }, "agent-token:create", new("agent-token", name)),
            ("agents/tokens", new { }, "agent-token:create", new("agent-token", "*")),
            ("grants", whole, "grant:give", new("grant", $"{user.Name} viewer")),
            ($"organizations/{project.Org}/grants", whole, "grant:give", new("grant", $"{user.Name} viewer {project.Org}", null, project.Org)),
            ($"projects/{project}/grants", whole, "grant:give", new("grant", $"{user.Name} viewer {project}", null, project.Org, project.Name)),
        })
        {
            using var answer = await client.PostAsJsonAsync($"/api/v1/{address}", body);
            Assert.True(answer.IsSuccessStatusCode, $"{address}: {await answer.Content.ReadAsStringAsync()}");
            var entry = (await Entries(user.Name, action))[0];
            Assert.Equal((AuditOutcome.Allowed, target), (entry.Outcome, entry.Target));
        }

        // An entry of its own for what could not be done names the same.
        using var again = await client.PostAsJsonAsync("/api/v1/users", new CreateUser { Name = name, Password = TestServer.Password });
        Assert.Equal(HttpStatusCode.BadRequest, again.StatusCode);
        var failed = (await Entries(user.Name, "user:create"))[0];
        Assert.Equal((AuditOutcome.Failed, name), (failed.Outcome, failed.Target.Id));
    }

    [Fact]
    public async Task Project_OfANewOrganization_MakesThatToo_AndSaysSo()
    {
        var user = await server.NewUser(Role.Admin);
        using var client = server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "test" })).Token);
        var (fresh, known) = (server.Unique("fresh"), server.Unique("known"));
        Assert.Equal(HttpStatusCode.Created, (await client.PostAsJsonAsync("/api/v1/organizations", new CreateOrganization { Name = known })).StatusCode);
        foreach (var org in (string[])[known, fresh])
            Assert.Equal(HttpStatusCode.Created, (await client.PostAsJsonAsync("/api/v1/projects", new CreateProject { Org = org, Name = "web" })).StatusCode);
        // What is refused makes nothing.
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsJsonAsync("/api/v1/projects", new CreateProject { Org = "api", Name = "web" })).StatusCode);
        var made = await Entries(user.Name, "organization:create");
        Assert.Equal([fresh, known], made.Select(entry => entry.Target.Id));
        Assert.All(made, entry => Assert.Equal((AuditOutcome.Allowed, entry.Target.Id, $$"""{"name":"{{entry.Target.Id}}"}"""), (entry.Outcome, entry.Target.Org, Canonical.Text(entry.After))));
    }

    [Fact]
    public async Task Creation_SaysWhatItIsFor_AndATeamWhoIsAdded()
    {
        var user = await server.NewUser(Role.Admin);
        using var client = server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "test" })).Token);
        var name = server.Unique("told");
        await client.PostAsJsonAsync("/api/v1/organizations", new CreateOrganization { Name = name, Description = "The shop" });
        await client.PostAsJsonAsync("/api/v1/tenants", new CreateTenant { Name = name, DisplayName = "The others" });
        await client.PostAsJsonAsync("/api/v1/users", new CreateUser { Name = name, Password = TestServer.Password, Enabled = false });
        await client.PutAsJsonAsync($"/api/v1/organizations/{name}/teams/ops", new Description());
        Assert.Equal(HttpStatusCode.NoContent, (await client.PutAsync($"/api/v1/organizations/{name}/teams/ops/members/{user.Name}", null)).StatusCode);
        Assert.Equal($$"""{"description":"The shop","name":"{{name}}"}""", await After("organization:create"));
        Assert.Equal($$"""{"administrator":"","displayName":"The others","name":"{{name}}"}""", await After("tenant:create"));
        Assert.Contains("\"enabled\":false", await After("user:create"), StringComparison.Ordinal);
        Assert.Equal($$"""{"added":"{{user.Name}}"}""", await After("team:add-member"));

        async Task<string> After(string action) => Canonical.Text(Assert.Single(await Entries(user.Name, action)).After);
    }

    [Fact]
    public async Task Change_WhereThereIsNoSuchPlace_IsRecordedWithWhatBecameOfIt()
    {
        var user = await server.NewUser(Role.Admin);
        using var client = server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "test" })).Token);
        foreach (var (place, nothing) in new[] { ("projects/nowhere/web", "There is no project"), ("organizations/nowhere", "There is no organization") })
        {
            await (await client.PutAsJsonAsync($"/api/v1/{place}/variables/REGION", new SetVariable { Value = "eu" })).Problem(HttpStatusCode.NotFound, "not-found");
            await (await client.PutAsJsonAsync($"/api/v1/{place}/secrets/KEY", new { value = "what nobody knows" })).Problem(HttpStatusCode.NotFound, "not-found");
            await (await client.PostAsJsonAsync($"/api/v1/{place}/grants", new { user = user.Name, role = "viewer" })).Problem(HttpStatusCode.NotFound, "not-found");
            foreach (var action in (string[])["variable:set", "secret:set", "grant:give"])
            {
                var entries = await Entries(user.Name, action);
                Assert.Equal([AuditOutcome.Failed, AuditOutcome.Allowed], entries.Take(2).Select(entry => entry.Outcome));
                Assert.StartsWith(nothing, entries[0].Reason, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Jobs_RunAgainOrAnswered_AreNamed()
    {
        var id = new BuildId(await server.NewProject(), 1);
        JobSummary Job(string key, RunStatus status, params string[] needs) => new() { Key = key, Name = key, Stage = "All", Status = status, Needs = needs };
        await server.Get<BuildsReadModel>().Upsert(id, new()
        {
            Org = id.Project.Org,
            Project = id.Project.Name,
            Number = 1,
            Status = RunStatus.Failed,
            Name = "CI",
            File = ".prts/pipeline.yaml",
            Event = "push",
            Ref = "refs/heads/main",
            Commit = new string('a', 40),
            Message = "First",
            Author = "Ann",
            CreatedAt = TimeProvider.System.GetUtcNow(),
            Version = 1,
            Stages = [new() { Name = "All", Status = RunStatus.Failed, Jobs = [Job("deploy", RunStatus.Skipped, "test"), Job("build", RunStatus.Succeeded), Job("test", RunStatus.Failed, "build"), Job("lint", RunStatus.Succeeded)] }],
        });
        var user = await server.NewUser(Role.Developer);
        using var client = server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "test" })).Token);
        async Task<(string, string?, string)> Entry(string address, object body, string action)
        {
            using var answer = await client.PostAsJsonAsync($"/api/v1/projects/{id.Project}/builds/1/{address}", body);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            var entry = (await Entries(user.Name, action))[0];
            return (entry.Target.Id, entry.Before is { } before ? Canonical.Text(before) : null, Canonical.Text(entry.After));
        }

        Assert.Equal(("1", """{"jobs":["deploy skipped","test failed"]}""", """{"fromFailedStep":false,"jobs":[]}"""), await Entry("rerun", new { }, "build:rerun"));
        Assert.Equal(("1", """{"jobs":["lint succeeded"]}""", """{"fromFailedStep":true,"jobs":["lint"]}"""), await Entry("rerun", new { jobs = new[] { "lint" }, fromFailedStep = true }, "build:rerun"));
        Assert.Equal(("1/test", null, """{"ran":true,"step":2}"""), await Entry("jobs/test/answer", new { step = 2, ran = true }, "build:answer"));
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

    /// <summary>Another site's page that makes a browser send its cookie, or open a live connection.</summary>
    [Fact]
    public async Task AttemptOfAnotherSite_IsRecordedAsDenied()
    {
        var project = await server.NewProject();
        var user = await server.NewUser(Role.Admin);
        using var browser = server.Browser();
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", await browser.GetStringAsync("/test/form")), new("name", user.Name), new("password", TestServer.Password)]);
        await browser.PostAsync("/login", form);
        HttpRequestMessage Request(HttpMethod method, string address, string? origin)
        {
            var request = new HttpRequestMessage(method, address) { Content = JsonContent.Create(new SetVariable { Value = "eu" }) };
            if (origin is not null) request.Headers.Add("Origin", origin);
            return request;
        }

        foreach (var origin in (string?[])["https://evil.example", null])
        {
            using var answer = await browser.SendAsync(Request(HttpMethod.Put, $"/api/v1/projects/{project}/variables/REGION", origin));
            await answer.Problem(HttpStatusCode.Forbidden, "csrf");
        }

        var changes = await Entries(user.Name, "variable:set");
        Assert.All(changes, entry => Assert.Equal((AuditOutcome.Denied, "REGION", project.Name, AuditVia.Web, "127.0.0.1"), (entry.Outcome, entry.Target.Id, entry.Target.Project, entry.Origin.Via, entry.Origin.Address)));
        Assert.Equal(["none", "https://evil.example"], changes.Select(entry => entry.Reason!.Split("Origin: ")[1].TrimEnd('.')));

        using var live = await browser.SendAsync(Request(HttpMethod.Post, "/_blazor/negotiate", "https://evil.example"));
        await live.Problem(HttpStatusCode.Forbidden, "origin");
        var opened = Assert.Single(await Entries(user.Name, "page:open"));
        Assert.Equal(AuditOutcome.Denied, opened.Outcome);
        Assert.Contains("https://evil.example", opened.Reason, StringComparison.Ordinal);

        // Who has not logged in can be steered just as well.
        using var stranger = server.Browser();
        using var refused = await stranger.SendAsync(Request(HttpMethod.Post, "/_blazor/negotiate", $"https://{user.Name}.example"));
        await refused.Problem(HttpStatusCode.Forbidden, "origin");
        Assert.Contains((await Entries("", "page:open")), entry => entry.Actor.Kind == AuditActorKind.Anonymous && entry.Reason!.Contains(user.Name, StringComparison.Ordinal));
    }

    private async Task<IReadOnlyList<AuditEntry>> Entries(string actor, string action) =>
        (await server.Get<AuditEntries>().Find(ProjectId.DefaultTenant, new() { Actor = actor, Action = action }, before: null, take: 50)).Items;
}
