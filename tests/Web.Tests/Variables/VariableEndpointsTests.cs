using System.Net;
using System.Net.Http.Json;
using PRTS.Api.Projects;
using PRTS.Contracts.Access;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Variables;

namespace PRTS.Web.Tests.Variables;

public class VariableEndpointsTests(TestServer server)
{
    [Fact]
    public async Task Variable_SetListedAndRemoved_ByAMaintainer()
    {
        var address = $"/api/v1/projects/{await server.NewProject()}/variables";
        using var maintainer = await server.Client(Role.Maintainer);
        await (await maintainer.PutAsJsonAsync($"{address}/REGION", new SetVariable { Value = "all" })).Read<ProjectVariable>();
        await (await maintainer.PutAsJsonAsync($"{address}/REGION", new SetVariable { Value = "old", Environment = "prod" })).Read<ProjectVariable>();
        var set = await (await maintainer.PutAsJsonAsync($"{address}/REGION", new SetVariable { Value = "eu-1", Environment = "prod" })).Read<ProjectVariable>();
        Assert.Equal(("REGION", "eu-1", "prod", null), (set.Name, set.Value, set.Environment, set.Branch));

        using var viewer = await server.Client(Role.Viewer);
        Assert.Equal(["all ", "eu-1 prod"], (await (await viewer.GetAsync(address)).Read<List<ProjectVariable>>()).Select(variable => $"{variable.Value} {variable.Environment}"));
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PutAsJsonAsync($"{address}/X", new SetVariable { Value = "1" })).StatusCode);
        using var developer = await server.Client(Role.Developer);
        Assert.Equal(HttpStatusCode.Forbidden, (await developer.DeleteAsync($"{address}/REGION")).StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, (await maintainer.DeleteAsync($"{address}/REGION?environment=prod")).StatusCode);
        await (await maintainer.DeleteAsync($"{address}/REGION?environment=prod")).Problem(HttpStatusCode.NotFound, "not-found");
        Assert.Equal("all", Assert.Single(await (await viewer.GetAsync(address)).Read<List<ProjectVariable>>()).Value);
    }

    [Fact]
    public async Task Variables_OfEachPlace_AreApartAndReachWhatIsWithin()
    {
        var project = await server.NewProject();
        var (name, org) = (server.Unique("WIDE_"), $"/api/v1/organizations/{project.Org}/variables");
        using var maintainer = await server.Client(Role.Maintainer);
        foreach (var (place, value) in new[] { ("/api/v1/variables", "tenant"), (org, "organization"), ($"/api/v1/projects/{project}/variables", "project") })
        {
            await (await maintainer.PutAsJsonAsync($"{place}/{name}", new SetVariable { Value = value })).Read<ProjectVariable>();
            Assert.Equal(value, Assert.Single(await (await maintainer.GetAsync(place)).Read<List<ProjectVariable>>(), variable => variable.Name == name).Value);
        }

        async Task<IEnumerable<string>> Reaching(string place) =>
            (await (await maintainer.GetAsync($"{place}?inherited=true")).Read<List<ProjectVariable>>()).Where(variable => variable.Name == name).Select(variable => $"{variable.Value}:{variable.Org}/{variable.Project}");
        Assert.Equal(["tenant:/", $"organization:{project.Org}/"], await Reaching(org));
        Assert.Equal(["tenant:/", $"organization:{project.Org}/", $"project:{project.Org}/{project.Name}"], await Reaching($"/api/v1/projects/{project}/variables"));
        var used = ProjectVariables.OfJob(ProjectVariables.OfBuild(await server.Get<VariablesStore>().Reaching(project), "main"), null);
        Assert.Equal("project", used[name]);
        Assert.Equal(HttpStatusCode.NoContent, (await maintainer.DeleteAsync($"/api/v1/projects/{project}/variables/{name}")).StatusCode);
        Assert.Equal("organization", ProjectVariables.OfJob(await server.Get<VariablesStore>().Reaching(project), null)[name]);
        await (await maintainer.DeleteAsync($"/api/v1/projects/{project}/variables/{name}")).Problem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task Variable_ThatCannotBe_IsRefused()
    {
        var address = $"/api/v1/projects/{await server.NewProject()}/variables";
        using var maintainer = await server.Client(Role.Maintainer);
        Assert.Contains("are reserved", await (await maintainer.PutAsJsonAsync($"{address}/PRTS_X", new SetVariable { Value = "1" })).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Contains("no pattern", await (await maintainer.PutAsJsonAsync($"{address}/X", new SetVariable { Value = "1", Branch = "[" })).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await maintainer.PutAsJsonAsync("/api/v1/projects/no/such/variables/X", new SetVariable { Value = "1" })).StatusCode);
    }
}
