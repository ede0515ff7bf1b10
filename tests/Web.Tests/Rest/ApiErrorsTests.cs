using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Access;
using PRTS.Api.Builds;
using PRTS.Api.Projects;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Rest;

public class ApiErrorsTests(TestServer server)
{
    [Theory]
    [InlineData("{\"org\":\"a\",\"name\":\"b\",\"bogus\":1}", "bogus")]
    [InlineData("{\"org\":\"a\",\"name\":5}", "$.name")]
    [InlineData("{\"org\":\"a\"}", "name")]
    [InlineData("{\"org\":", "line 1")]
    [InlineData("[]", "$")]
    public async Task Body_ThatIsWrong_SaysWhere(string body, string where)
    {
        using var client = await server.Client(Role.Admin);
        var detail = await (await client.PostAsync("/api/v1/projects", Json(body))).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Contains(where, detail, StringComparison.Ordinal);
        Assert.DoesNotContain("PRTS.Api", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_OfEveryKind_AreProblems()
    {
        using var viewer = await server.Client(Role.Viewer);
        await (await viewer.GetAsync("/api/v1/nothing/here")).Problem(HttpStatusCode.NotFound, "not-found");
        await (await viewer.DeleteAsync("/api/v1/projects")).Problem(HttpStatusCode.MethodNotAllowed, "method-not-allowed");
        Assert.Contains("project:create", await (await viewer.PostAsync("/api/v1/projects", Json("{}"))).Problem(HttpStatusCode.Forbidden, "forbidden"), StringComparison.Ordinal);
        using var admin = await server.Client(Role.Admin);
        await (await admin.PostAsync("/api/v1/projects", new StringContent("x"))).Problem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
        Assert.Contains("'take'", await (await viewer.GetAsync("/api/v1/projects?take=1000")).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Contains("'abc'", await (await viewer.GetAsync("/api/v1/projects?take=abc")).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Contains("succeeded", await (await viewer.GetAsync("/api/v1/builds?status=3")).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", await (await viewer.GetAsync("/api/v1/test/failure")).Problem(HttpStatusCode.InternalServerError, "internal"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forbidden_ByTheLimitOfAToken_SaysWhichTokenWouldDo()
    {
        var (project, other) = (await server.NewProject(), await server.NewProject());
        var user = await server.NewUser(Role.Maintainer);
        var key = (await server.Get<AccessTokens>().Create(user.Id, new() { Name = "narrow", Permissions = ["build:read"], Scope = project.ToString() })).Token;
        using var narrow = server.Client(key);
        async Task Says(HttpClient client, HttpMethod method, string address, string expected)
        {
            using var request = new HttpRequestMessage(method, $"/api/v1/{address}") { Content = method == HttpMethod.Post ? Json("{}") : null };
            using var answer = await client.SendAsync(request);
            Assert.Equal(expected, await answer.Problem(HttpStatusCode.Forbidden, "forbidden"));
        }

        await Says(narrow, HttpMethod.Post, $"projects/{project}/builds", $"The access token does not include pipeline:run in {project}, which {user.Name} has: create one with the permission pipeline:run on the account page.");
        await Says(narrow, HttpMethod.Get, $"projects/{other}/builds", $"The access token does not include build:read in {other}, which {user.Name} has: create one with the scope {other} on the account page.");
        await Says(narrow, HttpMethod.Post, $"projects/{other}/builds", $"The access token does not include pipeline:run in {other}, which {user.Name} has: create one with the permission pipeline:run and the scope {other} on the account page.");
        await Says(narrow, HttpMethod.Get, "agents", $"The access token does not include agent:read, which {user.Name} has: create one with the permission agent:read and no scope on the account page.");
        await Says(narrow, HttpMethod.Post, "projects", $"The access token does not include project:create, which {user.Name} has: create one with the permission project:create on the account page.");
        // What the account has not, no token has.
        await Says(narrow, HttpMethod.Get, "users", $"{user.Name} lacks the permission user:manage; an administrator can give a role that has it.");

        using var exchange = await narrow.PostAsync("/api/v1/account/tokens/short-lived", Json("{}"));
        using var brief = server.Client((await exchange.Read<ShortLivedToken>()).Token);
        await Says(brief, HttpMethod.Post, $"projects/{project}/builds", $"The short-lived access token does not include pipeline:run in {project}, which {user.Name} has: create one with the permission pipeline:run with an access token that has it.");
        using var viewer = await server.Client(Role.Viewer);
        Assert.EndsWith(" lacks the permission project:create; an administrator can give a role that has it.", await (await viewer.PostAsync("/api/v1/projects", Json("{}"))).Problem(HttpStatusCode.Forbidden, "forbidden"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Projects_AreCreatedListedAndShown()
    {
        await server.Grains.Organization(ProjectId.DefaultTenant, "acme").Create("");
        using var client = await server.Client(Role.Maintainer);
        var name = server.Unique("new");
        var created = await (await client.PostAsJsonAsync("/api/v1/projects", new CreateProject { Org = "acme", Name = name })).Read<ProjectSummary>(HttpStatusCode.Created);
        Assert.Equal($"http://prts.test/git/acme/{name}.git", created.CloneUrl);
        await (await client.PostAsJsonAsync("/api/v1/projects", new CreateProject { Org = "acme", Name = name })).Problem(HttpStatusCode.Conflict, "conflict");
        await (await client.PostAsJsonAsync("/api/v1/projects", new CreateProject { Org = "../x", Name = "y" })).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Equal(1, (await (await client.GetAsync($"/api/v1/projects?search={name}")).Read<Page<ProjectSummary>>()).Total);
        Assert.Equal(name, (await (await client.GetAsync($"/api/v1/projects/acme/{name}")).Read<ProjectSummary>()).Name);
        await (await client.GetAsync("/api/v1/projects/acme/missing")).Problem(HttpStatusCode.NotFound, "not-found");
        await (await client.GetAsync("/api/v1/projects/acme/missing/builds")).Problem(HttpStatusCode.NotFound, "not-found");
        Assert.Contains("nowhere", await (await client.PostAsJsonAsync($"/api/v1/projects/acme/{name}/builds", new StartBuild { Ref = "nowhere" })).Problem(HttpStatusCode.UnprocessableEntity, "not-started"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Description_CoversEveryEndpointWithASummary()
    {
        using var client = await server.Client(Role.Viewer);
        using var document = JsonDocument.Parse(await client.GetStringAsync("/openapi/v1.json"));
        var operations = document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => (path.Name, operation))).ToList();
        Assert.True(operations.Count > 25);
        Assert.Empty(operations.Where(entry => !entry.operation.Value.TryGetProperty("summary", out _) && !entry.Name.Contains("/test/", StringComparison.Ordinal)).Select(entry => entry.Name));
        var page = await client.GetAsync("/api/docs/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.DoesNotContain("https://cdn", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}
