using PRTS.Api.Agents;
using PRTS.Api.Artifacts;
using PRTS.Contracts.Builds;
using PRTS.Storage.Agents;
using PRTS.Storage.Artifacts;

namespace PRTS.Storage.Tests;

public sealed class AgentAndArtifactTests(StorageFixture storage)
{
    private readonly string tenant = $"t{Guid.NewGuid():N}";
    private readonly ManualTime time = ManualTime.Start;

    [Fact]
    public async Task Agents_OlderRevision_ChangesNothing()
    {
        var agents = new AgentsReadModel(storage.Database);
        await agents.Upsert(tenant, new() { Name = "b", Status = AgentStatus.Online, Revision = 2 });
        await agents.Upsert(tenant, new() { Name = "b", Status = AgentStatus.Offline, Revision = 1 });
        await agents.Upsert(tenant, new() { Name = "a", Status = AgentStatus.Draining, Labels = ["gpu"] });

        Assert.Equal([("a", AgentStatus.Draining), ("b", AgentStatus.Online)], (await agents.List(tenant)).Select(agent => (agent.Name, agent.Status)));
        Assert.True(await agents.Remove(tenant, "b"));
        Assert.False(await agents.Remove(tenant, "b"));
        Assert.Null(await agents.Get(tenant, "b"));
        Assert.Equal(["gpu"], (await agents.Get(tenant, "a"))!.Labels);
    }

    [Fact]
    public async Task Join_OneTokenManyAgents_ServesOne()
    {
        var identities = new AgentIdentities(storage.Database, time);
        var token = Secret();
        await identities.CreateToken(token, new() { Tenant = tenant, Name = "builder", Labels = ["linux"], ExpiresAt = time.Now.AddHours(1) });

        var joined = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => identities.Join(token, $"from {i}", given => Identity(given.Name!, (byte)i))));

        var winner = Assert.Single(joined, identity => identity is not null)!;
        Assert.True(await identities.Verify(tenant, "builder", winner.CredentialHash));
        Assert.False(await identities.Verify(tenant, "builder", [99]));
        Assert.True(await identities.Revoke(tenant, "builder"));
        Assert.False(await identities.Revoke(tenant, "builder"));
        Assert.False(await identities.Verify(tenant, "builder", winner.CredentialHash));
        await identities.Register(Identity("builder", 42));
        Assert.True(await identities.Verify(tenant, "builder", [42]));
    }

    [Fact]
    public async Task Join_IdentityCannotBeIssued_KeepsTheToken()
    {
        var identities = new AgentIdentities(storage.Database, time);
        var token = Secret();
        await identities.CreateToken(token, new() { Tenant = tenant, ExpiresAt = time.Now.AddHours(1) });

        await Assert.ThrowsAsync<InvalidOperationException>(() => identities.Join(token, "x", _ => throw new InvalidOperationException("no")));

        Assert.NotNull(await identities.Join(token, "x", _ => Identity("a", 1)));
    }

    [Fact]
    public async Task Join_ExpiredOrUnknownToken_IsNull()
    {
        var identities = new AgentIdentities(storage.Database, time);
        var token = Secret();
        await identities.CreateToken(token, new() { Tenant = tenant, ExpiresAt = time.Now.AddHours(1) });
        time.Now = time.Now.AddHours(1);

        Assert.Null(await identities.Join(token, "x", _ => Identity("a", 1)));
        Assert.Null(await identities.Join(Secret(), "x", _ => Identity("a", 1)));
    }

    [Fact]
    public async Task Artifact_Unfinished_IsNotListed()
    {
        var artifacts = new ArtifactsReadModel(storage.Database, time);
        var job = new JobId(new(new(tenant, "demo", "hello"), 1), "build");
        var upload = await artifacts.BeginUpload(new(job, 1), "dist");
        await artifacts.AddFile(upload.Id, File("b/ü.txt", 5), "k1");
        await artifacts.AddFile(upload.Id, File("a.txt", 7), "k2");
        await artifacts.AddFile(upload.Id, File("a.txt", 8), "k3");

        Assert.Empty(await artifacts.List(job.Build));
        Assert.Empty(await artifacts.Files(job, "dist"));
        Assert.Equal(upload, await artifacts.BeginUpload(new(job, 1), "dist"));
        Assert.Equal(2, (await artifacts.Uploaded(upload.Id)).Count);

        await artifacts.Complete(upload.Id);
        await artifacts.Complete(upload.Id);

        var listed = Assert.Single(await artifacts.List(job.Build));
        Assert.Equal(("dist", "build", 2, 13L), (listed.Name, listed.Job, listed.Files, listed.Size));
        Assert.Equal([("a.txt", "k3"), ("b/ü.txt", "k1")], (await artifacts.Files(job, "dist")).Select(file => (file.File.Path, file.BlobKey)));
        Assert.Equal("k1", (await artifacts.File(job, "dist", "b/ü.txt"))!.BlobKey);
        Assert.Null(await artifacts.File(job, "dist", "none"));
        Assert.False(await artifacts.AddFile(upload.Id, File("late.txt", 1), "k4"));
        Assert.True((await artifacts.BeginUpload(new(job, 1), "dist")).Completed);
    }

    [Fact]
    public async Task Artifact_LaterAttempt_ReplacesOnceComplete()
    {
        var artifacts = new ArtifactsReadModel(storage.Database, time);
        var job = new JobId(new(new(tenant, "demo", "hello"), 1), "build");
        foreach (var attempt in new[] { 1, 2 })
        {
            var upload = await artifacts.BeginUpload(new(job, attempt), "dist");
            await artifacts.AddFile(upload.Id, File("a.txt", attempt), $"k{attempt}");
            await artifacts.Complete(upload.Id);
        }

        await artifacts.BeginUpload(new(job, 3), "dist");

        Assert.Equal(2, Assert.Single(await artifacts.List(job.Build)).Size);
        Assert.Equal("k2", Assert.Single(await artifacts.Files(job, "dist")).BlobKey);
    }

    private static ArtifactFile File(string path, long size) => new() { Path = path, Size = size, Sha256 = "00" };

    private AgentIdentity Identity(string name, byte credential) =>
        new() { Tenant = tenant, Name = name, CredentialHash = [credential], Thumbprint = "t", CreatedAt = time.Now };

    private static byte[] Secret() => Guid.NewGuid().ToByteArray();
}
