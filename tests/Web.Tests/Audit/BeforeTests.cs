using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Access;
using PRTS.Api.Environments;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Web.Access;
using PRTS.Web.Audit;

namespace PRTS.Web.Tests.Audit;

/// <summary>Entries of a change say what held before.</summary>
public class BeforeTests(TestServer server)
{
    /// <summary>What has no former state: it makes something new, or asks for something to be done. An endpoint that is no more fails the test.</summary>
    private static readonly string[] Without =
    [
        "POST /api/v1/projects", "POST /api/v1/organizations", "POST /api/v1/tenants", "POST /api/v1/users",
        "POST /api/v1/agents/tokens", "POST /api/v1/account/tokens", "POST /api/v1/account/tokens/short-lived",
        // A password's former state is a secret.
        "POST /api/v1/account/password",
        // What becomes of builds is told by the builds.
        "POST /api/v1/projects/{org}/{project}/builds",
        "POST /api/v1/projects/{org}/{project}/builds/{number:int:min(1)}/cancel",
        "POST /api/v1/projects/{org}/{project}/builds/{number:int:min(1)}/retry",
        "POST /api/v1/projects/{org}/{project}/builds/{number:int:min(1)}/jobs/{job}/answer",
        "POST /api/v1/projects/{org}/{project}/builds/{number:int:min(1)}/jobs/{job}/approve",
        "POST /api/v1/projects/{org}/{project}/builds/{number:int:min(1)}/jobs/{job}/reject",
    ];

    [Fact]
    public void Changes_OfAFormerState_AreRecordedWithIt()
    {
        var changing = server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint => endpoint.Metadata.GetMetadata<AuditedAction>() is not null)
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => (Name: $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}", endpoint.Metadata.GetMetadata<AuditedAction>()!.HasBefore)))
            .ToList();
        Assert.True(changing.Count > 40);
        Assert.Empty(changing.Where(endpoint => !endpoint.HasBefore && !Without.Contains(endpoint.Name, StringComparer.Ordinal)).Select(endpoint => endpoint.Name));
        Assert.Empty(Without.Except(changing.Where(endpoint => !endpoint.HasBefore).Select(endpoint => endpoint.Name), StringComparer.Ordinal));
    }

    [Fact]
    public async Task Change_OfWhatIsThere_HasBeforeAndAfter()
    {
        var project = await server.NewProject();
        var (client, actor) = await Administrator();
        var other = (await server.NewUser(Role.Viewer)).Name;
        var (org, team, role) = (server.Unique("org"), server.Unique("team"), server.Unique("role"));
        await Do(client, HttpMethod.Post, "organizations", new { name = org }, HttpStatusCode.Created);
        var secret = new JsonObject { ["value"] = "canary-before-1", ["description"] = "first" };
        foreach (var round in new[] { 1, 2 })
        {
            await Do(client, HttpMethod.Put, $"projects/{project}/variables/REGION", new SetVariable { Value = $"eu-{round}" });
            await Do(client, HttpMethod.Put, $"projects/{project}/environments/live", new EnvironmentSettings { Approvals = round });
            await Do(client, HttpMethod.Put, $"projects/{project}/secrets/TOKEN", secret);
            secret = new() { ["value"] = "canary-before-2", ["description"] = "second" };
            await Do(client, HttpMethod.Put, $"roles/{role}", new SetRole { Permissions = round == 1 ? ["build:read"] : ["build:read", "pipeline:run"] }, HttpStatusCode.NoContent);
            await Do(client, HttpMethod.Put, $"organizations/{org}/teams/{team}", new Description { Text = $"round {round}" }, HttpStatusCode.NoContent);
            await Do(client, HttpMethod.Patch, $"users/{other}", new UpdateUser { Role = round == 1 ? "developer" : "maintainer" });
        }

        await Do(client, HttpMethod.Put, $"organizations/{org}/teams/{team}/members/{other}", new { }, HttpStatusCode.NoContent);
        await Do(client, HttpMethod.Post, "grants", new Grant { Team = $"{org}/{team}", Role = "viewer" }, HttpStatusCode.NoContent);
        await Do(client, HttpMethod.Post, $"projects/{project}/grants", new Grant { Team = $"{org}/{team}", Role = "developer" }, HttpStatusCode.NoContent);
        await Do(client, HttpMethod.Delete, $"organizations/{org}/teams/{team}", null, HttpStatusCode.NoContent);
        await Do(client, HttpMethod.Post, $"projects/{project}/grants", new Grant { User = other, Role = "viewer" }, HttpStatusCode.NoContent);
        await Do(client, HttpMethod.Delete, $"projects/{project}/grants", new Grant { User = other, Role = "viewer" }, HttpStatusCode.NoContent);
        await Do(client, HttpMethod.Delete, $"projects/{project}/variables/REGION", null, HttpStatusCode.NoContent);
        await Do(client, HttpMethod.Delete, $"projects/{project}/secrets/TOKEN", null, HttpStatusCode.NoContent);

        var entries = (await server.Get<AuditEntries>().Find(ProjectId.DefaultTenant, new() { Actor = actor }, before: null, take: 100)).Items.Reverse().ToList();
        (string?, string?) Changed(string action, int round) => entries.Where(entry => entry.Action == action).ElementAt(round - 1) is var entry ? (Text(entry.Before), Text(entry.After)) : default;
        Assert.Equal((null, """{"branch":"","environment":"","value":"eu-1"}"""), Changed("variable:set", 1));
        Assert.Equal(("""{"branch":"","environment":"","value":"eu-1"}""", """{"branch":"","environment":"","value":"eu-2"}"""), Changed("variable:set", 2));
        Assert.Equal(("""{"branch":"","environment":"","value":"eu-2"}""", null), Changed("variable:remove", 1));
        Assert.Contains("\"approvals\":1", Changed("environment:set", 2).Item1, StringComparison.Ordinal);
        Assert.Contains("\"approvals\":2", Changed("environment:set", 2).Item2, StringComparison.Ordinal);
        Assert.Equal(("""{"permissions":"build:read"}""", """{"permissions":"build:read pipeline:run"}"""), Changed("role:set", 2));
        Assert.Equal(("""{"description":"round 1","members":[]}""", """{"description":"round 2"}"""), Changed("team:set", 2));
        Assert.EndsWith($$""","members":["{{other}}"],"roles":["developer {{project}}","viewer"]}""", Changed("team:remove", 1).Item1, StringComparison.Ordinal);
        Assert.Equal(("""{"enabled":true,"role":"viewer"}""", """{"role":"developer"}"""), Changed("user:update", 1));
        Assert.Equal(("""{"enabled":true,"role":"developer"}""", """{"role":"maintainer"}"""), Changed("user:update", 2));
        Assert.Null(Changed("grant:give", 3).Item1);
        Assert.Equal($$"""{"role":"viewer","team":"","user":"{{other}}"}""", Changed("grant:take", 1).Item1);
        Assert.Contains("\"description\":\"first\"", Changed("secret:set", 2).Item1, StringComparison.Ordinal);
        Assert.Contains("\"value\":\"[secret]\"", Changed("secret:remove", 1).Item1, StringComparison.Ordinal);
        Assert.DoesNotContain("canary-before", string.Join('\n', entries.Select(entry => System.Text.Encoding.UTF8.GetString(Canonical.Bytes(entry)))), StringComparison.Ordinal);
    }

    private static string? Text(AuditFields? fields) => fields is null ? null : Canonical.Text(fields);

    private async Task<(HttpClient Client, string Name)> Administrator()
    {
        var user = await server.NewUser(Role.Admin);
        return (server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "test" })).Token), user.Name);
    }

    private static async Task Do(HttpClient client, HttpMethod method, string address, object? body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = new HttpRequestMessage(method, $"/api/v1/{address}");
        if (body is not null) request.Content = JsonContent.Create(body, body.GetType());
        using var answer = await client.SendAsync(request);
        Assert.True(answer.StatusCode == expected, $"{method} {address}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }
}
