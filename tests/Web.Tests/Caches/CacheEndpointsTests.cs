using System.Net;
using System.Security.Cryptography;
using PRTS.Api;
using PRTS.Api.Caches;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Storage.Blobs;
using PRTS.Storage.Builds;

namespace PRTS.Web.Tests.Caches;

public class CacheEndpointsTests(TestServer server)
{
    private static readonly byte[] Contents = [1, 2, 3];

    [Fact]
    public async Task Cache_Kept_IsFoundByOwnBranchAndFromTheDefaultBranchOnly()
    {
        var project = await server.NewProject();
        var main = await Build(project, 1, "push", "refs/heads/main");
        var topic = await Build(project, 2, "push", "refs/heads/topic");
        var other = await Build(project, 3, "push", "refs/heads/other");
        await Keep(main, "from main");
        await Keep(topic, "from topic");

        var found = await (await topic.Client.GetAsync($"{topic.Address}?key=x&restore_key=from%20t&restore_key=from")).Read<CacheEntry>();
        Assert.Equal(("from topic", "refs/heads/topic", 2, 3L), (found.Key, found.Ref, found.Build, found.Size));
        Assert.Equal(Contents, await topic.Client.GetByteArrayAsync($"{topic.Address}/{found.Id}"));
        Assert.Equal("from main", (await (await other.Client.GetAsync($"{other.Address}?key=x&restore_key=from")).Read<CacheEntry>()).Key);
        Assert.Equal(HttpStatusCode.NoContent, (await other.Client.GetAsync($"{other.Address}?key=from%20topic")).StatusCode);
        await (await other.Client.GetAsync($"{other.Address}/{found.Id}")).Problem(HttpStatusCode.NotFound, "not-found");

        using var viewer = await server.Client(Role.Viewer);
        Assert.Equal(["from main", "from topic"], (await (await viewer.GetAsync($"/api/v1/projects/{project}/caches")).Read<Page<CacheEntry>>()).Items.Select(entry => entry.Key).Order());
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.DeleteAsync($"/api/v1/projects/{project}/caches/{found.Id}")).StatusCode);
        using var developer = await server.Client(Role.Developer);
        Assert.Equal(HttpStatusCode.NoContent, (await developer.DeleteAsync($"/api/v1/projects/{project}/caches/{found.Id}")).StatusCode);
        await (await developer.DeleteAsync($"/api/v1/projects/{project}/caches/{found.Id}")).Problem(HttpStatusCode.NotFound, "not-found");
        await (await topic.Client.GetAsync($"{topic.Address}/{found.Id}")).Problem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task Contents_DamagedWhereTheyLie_AreRemovedByWhoFetchesThem_AndKeptAnew()
    {
        var project = await server.NewProject();
        var main = await Build(project, 1, "push", "refs/heads/main");
        await Keep(main, "one");
        await Keep(main, "two");
        var blobs = server.Get<IBlobStore>();
        var places = new List<string>();
        await foreach (var blob in blobs.List(BlobPlaces.Caches(project)))
        {
            if (blob.Key.EndsWith(Convert.ToHexStringLower(SHA256.HashData(Contents)), StringComparison.Ordinal)) places.Add(blob.Key);
        }

        foreach (var place in places) await blobs.Put(place, new MemoryStream([1, 2, 4]));
        var found = await (await main.Client.GetAsync($"{main.Address}?key=one")).Read<CacheEntry>();
        Assert.Equal([1, 2, 4], await main.Client.GetByteArrayAsync($"{main.Address}/{found.Id}"));
        foreach (var key in (string[])["one", "two"])
            await server.Until(async () => (await main.Client.GetAsync($"{main.Address}?key={key}")).StatusCode, status => status == HttpStatusCode.NoContent);
        await Keep(main, "one");
        var anew = await (await main.Client.GetAsync($"{main.Address}?key=one")).Read<CacheEntry>();
        Assert.Equal(Contents, await main.Client.GetByteArrayAsync($"{main.Address}/{anew.Id}"));
    }

    [Fact]
    public async Task PullRequest_FindsButKeepsNothing()
    {
        var project = await server.NewProject();
        await Keep(await Build(project, 1, "push", "refs/heads/main"), "k");
        var outside = await Build(project, 2, "pull_request", "refs/pull/7/head");
        Assert.Equal("k", (await (await outside.Client.GetAsync($"{outside.Address}?key=k")).Read<CacheEntry>()).Key);
        await (await outside.Client.PostAsync($"{outside.Address}?{Query("poison")}", null)).Problem(HttpStatusCode.Forbidden, "untrusted");
        await (await outside.Client.PutAsync($"{outside.Address}?{Query("poison")}", new ByteArrayContent(Contents))).Problem(HttpStatusCode.Forbidden, "untrusted");
    }

    [Fact]
    public async Task Attempt_OfAnotherProjectOrJob_IsRefused()
    {
        var own = await Build(await server.NewProject(), 1, "push", "refs/heads/main");
        var foreign = await Build(await server.NewProject(), 1, "push", "refs/heads/main");
        await Keep(own, "k");
        Assert.Equal(HttpStatusCode.Forbidden, (await foreign.Client.GetAsync($"{own.Address}?key=k")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await own.Client.GetAsync($"{own.Address.Replace("/build/", "/other/", StringComparison.Ordinal)}?key=k")).StatusCode);
        using var admin = await server.Client(Role.Admin);
        Assert.Equal(HttpStatusCode.Forbidden, (await admin.GetAsync($"{own.Address}?key=k")).StatusCode);
    }

    [Theory]
    [InlineData("key=&sha256=0000000000000000000000000000000000000000000000000000000000000000&size=1", "'key' must be")]
    [InlineData("key=a%0Ab&sha256=0000000000000000000000000000000000000000000000000000000000000000&size=1", "'key' must be")]
    [InlineData("key=k&sha256=..%2F..%2Fsecret&size=1", "'sha256' must be 64")]
    [InlineData("key=k&sha256=0000000000000000000000000000000000000000000000000000000000000000&size=-1", "'size' must be 0 or more")]
    public async Task Offer_OfNonsense_IsRefused(string query, string detail)
    {
        var build = await Build(await server.NewProject(), 1, "push", "refs/heads/main");
        Assert.Contains(detail, (await (await build.Client.PostAsync($"{build.Address}?{query}", null)).Problem(HttpStatusCode.BadRequest, "invalid")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_OtherBytesThanAnnounced_IsRefused()
    {
        var build = await Build(await server.NewProject(), 1, "push", "refs/heads/main");
        await (await build.Client.PutAsync($"{build.Address}?{Query("k")}", new ByteArrayContent([4, 5, 6]))).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Equal(HttpStatusCode.NoContent, (await build.Client.GetAsync($"{build.Address}?key=k")).StatusCode);
    }

    private sealed record RunningBuild(HttpClient Client, string Address);

    private async Task<RunningBuild> Build(ProjectId project, int number, string kind, string gitRef)
    {
        var attempt = new AttemptId(new(new(project, number), "build"), 1);
        await server.Get<BuildsReadModel>().Upsert(attempt.Job.Build, new()
        {
            Org = project.Org,
            Project = project.Name,
            Number = number,
            Status = RunStatus.Running,
            Name = "CI",
            File = ".prts/pipeline.yaml",
            Event = kind,
            Ref = gitRef,
            Commit = new string('a', 40),
            CreatedAt = TimeProvider.System.GetUtcNow(),
            Version = 1,
        });
        return new(server.Client(server.Attempts.Create(attempt, "agent")), $"/api/v1/projects/{project}/builds/{number}/jobs/build/caches");
    }

    private static string Query(string key) => $"key={Uri.EscapeDataString(key)}&sha256={Convert.ToHexStringLower(SHA256.HashData(Contents))}&size={Contents.Length}";

    private static async Task Keep(RunningBuild build, string key)
    {
        var offer = await (await build.Client.PostAsync($"{build.Address}?{Query(key)}", null)).Read<CacheOffer>();
        Assert.Null(offer.Refusal);
        if (!offer.Saved) Assert.Equal(HttpStatusCode.NoContent, (await build.Client.PutAsync($"{build.Address}?{Query(key)}", new ByteArrayContent(Contents))).StatusCode);
    }
}
