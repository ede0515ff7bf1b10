using System.Net;
using System.Net.Http.Json;
using PRTS.Api;
using PRTS.Api.Environments;
using PRTS.Contracts.Access;
using PRTS.Storage.Environments;

namespace PRTS.Web.Tests.Builds;

public class EnvironmentEndpointsTests(TestServer server)
{
    [Fact]
    public async Task Settings_AreSetShownAndForgotten()
    {
        var project = await server.NewProject();
        using var client = await server.Client(Role.Maintainer);
        var address = $"/api/v1/projects/{project}/environments/production";
        var set = await (await client.PutAsJsonAsync(address, new EnvironmentSettings { Approvals = 1, Approvers = ["ann"], WaitMinutes = 5, Branches = ["main"] }, ApiJson.Options)).Read<EnvironmentSummary>();
        Assert.Equal(("production", 1, 5), (set.Name, set.Settings.Approvals, set.Settings.WaitMinutes));
        Assert.Single(await (await client.GetAsync($"/api/v1/projects/{project}/environments")).Read<List<EnvironmentSummary>>());
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync(address)).StatusCode);
        await (await client.DeleteAsync(address)).Problem(HttpStatusCode.NotFound, "not-found");
        await (await client.GetAsync(address)).Problem(HttpStatusCode.NotFound, "not-found");
    }

    [Theory]
    [InlineData("production", """{"approvals": 11}""", "'approvals' is 11")]
    [InlineData("production", """{"approvals": 2, "approvers": ["ann", "ann"]}""", "nothing could ever be deployed")]
    [InlineData("production", """{"waitMinutes": -1}""", "'waitMinutes' is -1")]
    [InlineData("production", """{"branches": ["[a"]}""", "is not closed")]
    [InlineData("%20x", "{}", "cannot be an environment's name")]
    public async Task Settings_ThatCannotBe_AreRefused(string name, string body, string why)
    {
        var project = await server.NewProject();
        using var client = await server.Client(Role.Maintainer);
        var answer = await client.PutAsync($"/api/v1/projects/{project}/environments/{name}", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.Contains(why, await answer.Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_AreForMaintainers_AndHistoryForAll()
    {
        var project = await server.NewProject();
        using var developer = await server.Client(Role.Developer);
        await (await developer.PutAsJsonAsync($"/api/v1/projects/{project}/environments/x", new EnvironmentSettings(), ApiJson.Options)).Problem(HttpStatusCode.Forbidden, "forbidden");
        await server.Get<EnvironmentsStore>().Upsert(new(project, 3), new()
        {
            Environment = "x",
            Number = 3,
            Job = "deploy",
            JobName = "Deploy",
            Status = RunStatus.Succeeded,
            Ref = "refs/heads/main",
            Commit = new string('a', 40),
            Version = 1,
        });
        using var viewer = await server.Client(Role.Viewer);
        var history = await (await viewer.GetAsync($"/api/v1/projects/{project}/environments/x/deployments")).Read<Page<DeploymentSummary>>();
        Assert.Equal((1, 3), (history.Total, history.Items[0].Number));
        await (await viewer.PostAsJsonAsync($"/api/v1/projects/{project}/builds/3/jobs/deploy/approve", new DeploymentDecision(), ApiJson.Options)).Problem(HttpStatusCode.Forbidden, "forbidden");
        await (await developer.PostAsJsonAsync($"/api/v1/projects/{project}/builds/9/jobs/deploy/approve", new DeploymentDecision(), ApiJson.Options)).Problem(HttpStatusCode.NotFound, "not-found");
    }
}
