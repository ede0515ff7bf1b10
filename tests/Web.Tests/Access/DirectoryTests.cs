using System.Net;
using System.Net.Http.Json;
using PRTS.Api.Access;
using PRTS.Api.Projects;
using PRTS.Contracts.Access;
using PRTS.Storage.Users;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

public class DirectoryTests(TestServer server)
{
    private const string Api = "/api/v1";

    [Fact]
    public async Task Team_GivesItsMembersARoleInOneProject_AtOnce_AndTakesItAgain()
    {
        var project = await server.NewProject();
        var other = await server.NewProject();
        var (admin, org) = await Organization();
        var user = await server.NewUser(Role.None);
        await server.Get<Accounts>().Update("default", user.Name, new() { Role = "viewer" }, by: null);
        await Ok(admin.SendAsync(Delete($"{Api}/grants", new Grant { User = user.Name, Role = "viewer" })));
        using var client = await Client(user);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync($"{Api}/projects/{project}")).StatusCode);

        await Ok(admin.PutAsJsonAsync($"{Api}/organizations/{org}/teams/crew", new Description { Text = "Those who build" }));
        await Ok(admin.PutAsync($"{Api}/organizations/{org}/teams/crew/members/{user.Name}", null));
        await Ok(admin.PostAsJsonAsync($"{Api}/projects/{project}/grants", new Grant { Team = $"{org}/crew", Role = "developer" }));
        await (await client.GetAsync($"{Api}/projects/{project}")).Read<ProjectSummary>();
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync($"{Api}/projects/{other}")).StatusCode);
        Assert.Equal([user.Name], Assert.Single(await (await admin.GetAsync($"{Api}/organizations/{org}/teams")).Read<List<TeamSummary>>()).Members);
        var why = await (await admin.GetAsync($"{Api}/access?user={user.Name}&permission=pipeline:run&scope={project}")).Read<AccessExplanation>();
        Assert.Equal((true, $"{user.Name} may pipeline:run in {project}, by the role developer in {project}, as a member of the team {org}/crew."), (why.Allowed, why.Text));
        var not = await (await admin.GetAsync($"{Api}/access?user={user.Name}&permission=pipeline:run&scope={other}")).Read<AccessExplanation>();
        Assert.Equal((false, $"{user.Name} may not pipeline:run in {other}: no role that {user.Name} has there gives it."), (not.Allowed, not.Text));

        var own = await (await client.GetAsync($"{Api}/account/access?permission=pipeline:run&scope={project}")).Read<AccessExplanation>();
        Assert.Equal((true, user.Name), (own.Allowed, Assert.Single(own.Because).Team is not null ? own.User : ""));
        await (await client.GetAsync($"{Api}/account/access?permission=pipeline:fly")).Problem(HttpStatusCode.BadRequest, "invalid");
        await Ok(admin.DeleteAsync($"{Api}/organizations/{org}/teams/crew"));
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync($"{Api}/projects/{project}")).StatusCode);
        Assert.Empty(await (await admin.GetAsync($"{Api}/projects/{project}/grants")).Read<List<GrantSummary>>());
        await (await admin.DeleteAsync($"{Api}/organizations/{org}/teams/crew")).Problem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task User_WhoManagesUsers_NeitherMakesNorEntersAnAccountThatMayMore()
    {
        var (admin, _) = await Organization();
        var role = server.Unique("people");
        await Ok(admin.PutAsJsonAsync($"{Api}/roles/{role}", new SetRole { Permissions = ["user:manage", "project:read"] }));
        var clerk = await server.NewUser(Role.Viewer);
        await Ok(admin.PostAsJsonAsync($"{Api}/grants", new Grant { User = clerk.Name, Role = role }));
        var boss = await server.NewUser(Role.Admin);
        var peer = await server.NewUser(Role.Viewer);
        using var client = await Client(clerk);

        Assert.Contains("do not have", await (await client.PostAsJsonAsync($"{Api}/users", new CreateUser { Name = server.Unique("new"), Password = TestServer.Password, Role = "admin" })).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Contains("do not have", await (await client.PatchAsJsonAsync($"{Api}/users/{clerk.Name}", new UpdateUser { Role = "admin" })).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Contains("more than you", await (await client.PatchAsJsonAsync($"{Api}/users/{boss.Name}", new UpdateUser { Password = "another horse battery" })).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.DeleteAsync($"{Api}/users/{boss.Name}/second-factor")).StatusCode);
        await (await client.PatchAsJsonAsync($"{Api}/users/{peer.Name}", new UpdateUser { Password = "another horse battery" })).Read<UserSummary>();
    }

    [Fact]
    public async Task Grant_OfMoreThanTheGiverHas_IsRefused_AlsoThroughATeam()
    {
        var (admin, org) = await Organization();
        var head = await server.NewUser(Role.Viewer);
        await Ok(admin.PostAsJsonAsync($"{Api}/organizations/{org}/grants", new Grant { User = head.Name, Role = "admin" }));
        await Ok(admin.PutAsJsonAsync($"{Api}/organizations/{org}/teams/bosses", new Description()));
        await Ok(admin.PostAsJsonAsync($"{Api}/grants", new Grant { Team = $"{org}/bosses", Role = "admin" }));
        using var client = await Client(head);
        await Ok(client.PostAsJsonAsync($"{Api}/organizations/{org}/grants", new Grant { User = head.Name, Role = "maintainer" }));
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsJsonAsync($"{Api}/grants", new Grant { User = head.Name, Role = "admin" })).StatusCode);
        var refusal = await (await client.PutAsync($"{Api}/organizations/{org}/teams/bosses/members/{head.Name}", null)).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Contains("you may not give that", refusal, StringComparison.Ordinal);
        await Ok(admin.PutAsync($"{Api}/organizations/{org}/teams/bosses/members/{head.Name}", null));
        await Ok(client.PostAsJsonAsync($"{Api}/grants", new Grant { User = head.Name, Role = "developer" }));
    }

    [Fact]
    public async Task Role_OfTheTenantsOwn_GivesWhatItSays_AndNoMoreThanItsMakerHas()
    {
        var project = await server.NewProject();
        var (admin, _) = await Organization();
        var name = server.Unique("starter");
        await (await admin.PutAsJsonAsync($"{Api}/roles/{name}", new SetRole { Permissions = ["nothing:here"] })).Problem(HttpStatusCode.BadRequest, "invalid");
        await Ok(admin.PutAsJsonAsync($"{Api}/roles/{name}", new SetRole { Permissions = ["pipeline:run", "build:*"] }));
        var user = await server.NewUser(Role.None);
        await server.Get<Accounts>().Update("default", user.Name, new() { Role = "viewer" }, by: null);
        await Ok(admin.SendAsync(Delete($"{Api}/grants", new Grant { User = user.Name, Role = "viewer" })));
        await Ok(admin.PostAsJsonAsync($"{Api}/projects/{project}/grants", new Grant { User = user.Name, Role = name }));
        using var client = await Client(user);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"{Api}/projects/{project}/builds")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync($"{Api}/projects/{project}/variables")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PutAsJsonAsync($"{Api}/roles/mine", new SetRole { Permissions = ["*"] })).StatusCode);
        Assert.Contains(await (await admin.GetAsync($"{Api}/roles")).Read<List<RoleSummary>>(), role => role.Name == name && !role.BuiltIn);
        await Ok(admin.DeleteAsync($"{Api}/roles/{name}"));
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync($"{Api}/projects/{project}/builds")).StatusCode);
    }

    [Fact]
    public async Task Grant_OfNobodyOrNothing_SaysWhatIsWrong()
    {
        var (admin, org) = await Organization();
        var user = await server.NewUser(Role.Viewer);
        foreach (var (grant, word) in new (Grant, string)[]
        {
            (new() { User = "nobody-here", Role = "viewer" }, "There is no user 'nobody-here'."),
            (new() { Team = $"{org}/none", Role = "viewer" }, "There is no team"),
            (new() { Role = "viewer" }, "Give either"),
            (new() { User = user.Name, Role = "king" }, "'king' is no role. There are viewer, developer, maintainer, admin"),
        })
        {
            Assert.Contains(word, await (await admin.PostAsJsonAsync($"{Api}/organizations/{org}/grants", grant)).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        }

        await (await admin.PutAsJsonAsync($"{Api}/organizations/none-such/teams/x", new Description())).Problem(HttpStatusCode.NotFound, "not-found");
        await (await admin.PostAsJsonAsync($"{Api}/organizations", new CreateOrganization { Name = "Bad Name" })).Problem(HttpStatusCode.BadRequest, "invalid");
        await (await admin.PostAsJsonAsync($"{Api}/organizations", new CreateOrganization { Name = org })).Problem(HttpStatusCode.Conflict, "conflict");
    }

    [Fact]
    public async Task AccessToken_Limited_DoesNotGoFurther_AndMakesNoOthers()
    {
        var project = await server.NewProject();
        var other = await server.NewProject();
        var user = await server.NewUser(Role.Admin);
        using var own = await Client(user);
        await (await own.PostAsJsonAsync($"{Api}/account/tokens", new CreateAccessToken { Name = "x", Permissions = ["fly:away"] })).Problem(HttpStatusCode.BadRequest, "invalid");
        await (await own.PostAsJsonAsync($"{Api}/account/tokens", new CreateAccessToken { Name = "x", Scope = "a/b/c" })).Problem(HttpStatusCode.BadRequest, "invalid");
        var made = await (await own.PostAsJsonAsync($"{Api}/account/tokens", new CreateAccessToken { Name = "read", Permissions = ["build:read", "account:manage"], Scope = project.ToString() }))
            .Read<CreatedAccessToken>(HttpStatusCode.Created);
        Assert.Equal((project.ToString(), 2), (made.Summary.Scope, made.Summary.Permissions!.Count));
        using var limited = server.Client(made.Token);
        Assert.Equal(HttpStatusCode.OK, (await limited.GetAsync($"{Api}/projects/{project}/builds")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await limited.GetAsync($"{Api}/projects/{other}/builds")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await limited.GetAsync($"{Api}/projects/{project}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await limited.GetAsync($"{Api}/users")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await limited.PostAsJsonAsync($"{Api}/account/tokens", new CreateAccessToken { Name = "more" })).StatusCode);
        var wide = await server.Get<AccessTokens>().Create(user.Id, new() { Name = "all", Permissions = ["*"] });
        using var all = server.Client(wide.Token);
        Assert.Equal(HttpStatusCode.OK, (await all.GetAsync($"{Api}/users")).StatusCode);
        await (await all.PostAsJsonAsync($"{Api}/account/tokens", new CreateAccessToken { Name = "more" })).Problem(HttpStatusCode.Forbidden, "forbidden");
    }

    private async Task<(HttpClient Admin, string Org)> Organization()
    {
        var admin = await server.Client(Role.Admin);
        var org = server.Unique("org");
        await (await admin.PostAsJsonAsync($"{Api}/organizations", new CreateOrganization { Name = org })).Read<OrganizationSummary>(HttpStatusCode.Created);
        return (admin, org);
    }

    private async Task<HttpClient> Client(StoredUser user) => server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "test" })).Token);

    private static HttpRequestMessage Delete<T>(string address, T body) => new(HttpMethod.Delete, address) { Content = JsonContent.Create(body) };

    private static async Task Ok(Task<HttpResponseMessage> asked)
    {
        using var answer = await asked;
        Assert.True(answer.StatusCode == HttpStatusCode.NoContent, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }
}
