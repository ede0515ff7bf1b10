using System.Net;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Agents;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Storage.Builds;

namespace PRTS.Web.Tests.Builds;

public class BuildEndpointsTests(TestServer server)
{
    [Fact]
    public async Task Events_TellTheBuildAtOnceAfterEachChangeAndItsEnd()
    {
        var id = await NewBuild(RunStatus.Queued);
        using var client = await server.Client(Role.Viewer);
        using var answer = await client.GetAsync($"{Address(id)}/events", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal(RunStatus.Queued, (await Next(reader)).Status);
        await Change(id, RunStatus.Running, tell: true);
        Assert.Equal(RunStatus.Running, (await Next(reader)).Status);
        // Nobody tells of the end: the stream finds it all the same.
        await Change(id, RunStatus.Succeeded, tell: false);
        Assert.Equal(RunStatus.Succeeded, (await Next(reader)).Status);
        Assert.Contains("event: end", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_FiltersByStatusBranchAuthorAndText()
    {
        var id = await NewBuild(RunStatus.Failed);
        using var client = await server.Client(Role.Viewer);
        foreach (var (query, expected) in new[] { ("", 1), ("status=failed", 1), ("status=running", 0), ("branch=main", 1), ("branch=dev", 0), ("author=ann", 1), ("author=bob", 0), ("text=first", 1), ("text=%25", 0) })
            Assert.Equal(expected, (await (await client.GetAsync($"/api/v1/projects/{id.Project}/builds?{query}")).Read<Page<BuildSummary>>()).Total);
    }

    [Fact]
    public async Task Cancel_RunningBuild_NamesWhoDidIt_EndedOneIsAConflict()
    {
        var id = await NewBuild(RunStatus.Running);
        using var client = await server.Client(Role.Developer);
        var canceled = await (await client.PostAsync($"{Address(id)}/cancel", null)).Read<BuildSummary>();
        Assert.Equal(RunStatus.Canceled, canceled.Status);
        Assert.Contains("developer", canceled.Reason, StringComparison.Ordinal);
        await (await client.PostAsync($"{Address(id)}/cancel", null)).Problem(HttpStatusCode.Conflict, "conflict");
        using var viewer = await server.Client(Role.Viewer);
        await (await viewer.PostAsync($"{Address(id)}/cancel", null)).Problem(HttpStatusCode.Forbidden, "forbidden");
        await (await client.GetAsync($"/api/v1/projects/{id.Project}/builds/99")).Problem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task Agents_DrainAndTokens_AreForAdministrators()
    {
        var name = server.Unique("agent");
        server.Get<Recorder>().Agents[name] = new() { Name = name, Status = AgentStatus.Online };
        using var admin = await server.Client(Role.Admin);
        Assert.Equal(AgentStatus.Draining, (await (await admin.PostAsync($"/api/v1/agents/{name}/drain", null)).Read<AgentSummary>()).Status);
        Assert.Equal(AgentStatus.Online, (await (await admin.PostAsync($"/api/v1/agents/{name}/resume", null)).Read<AgentSummary>()).Status);
        await (await admin.PostAsync("/api/v1/agents/nobody/drain", null)).Problem(HttpStatusCode.NotFound, "not-found");
        using var body = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        var token = await (await admin.PostAsync("/api/v1/agents/tokens", body)).Read<AgentToken>(HttpStatusCode.Created);
        Assert.Equal($"curl -fsSH 'Authorization: Bearer {token.Token}' http://prts.test/cluster/agent/install.sh | sh", token.Command);
    }

    private async Task<BuildId> NewBuild(RunStatus status)
    {
        var id = new BuildId(await server.NewProject(), 1);
        await server.Get<BuildsReadModel>().Upsert(id, new()
        {
            Org = id.Project.Org,
            Project = id.Project.Name,
            Number = 1,
            Status = status,
            Name = "CI",
            File = ".prts/pipeline.yaml",
            Event = "push",
            Ref = "refs/heads/main",
            Commit = new string('a', 40),
            Message = "First",
            Author = "Ann",
            CreatedAt = TimeProvider.System.GetUtcNow(),
            Version = 1,
        });
        return id;
    }

    private async Task Change(BuildId id, RunStatus status, bool tell)
    {
        var builds = server.Get<BuildsReadModel>();
        var build = (await builds.Get(id))!;
        await builds.Upsert(id, build with { Status = status, Version = build.Version + 1 });
        if (tell) await server.Get<IClusterClient>().GetStreamProvider(Streams.Provider).GetStream<BuildChanged>(Streams.Build(id.Project.Tenant)).OnNextAsync(new() { Build = id, Version = build.Version + 1 });
    }

    private static async Task<BuildSummary> Next(StreamReader reader)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await reader.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("data: {\"org\"", StringComparison.Ordinal)) return JsonSerializer.Deserialize<BuildSummary>(line[6..], ApiJson.Options)!;
        }

        throw new InvalidOperationException("The stream ended too early.");
    }

    private static string Address(BuildId id) => $"/api/v1/projects/{id.Project}/builds/{id.Number}";
}
