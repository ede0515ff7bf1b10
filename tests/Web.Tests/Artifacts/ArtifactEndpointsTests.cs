using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using PRTS.Api.Artifacts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Storage.Artifacts;
using PRTS.Web.Artifacts;

namespace PRTS.Web.Tests.Artifacts;

public class ArtifactEndpointsTests(TestServer server)
{
    [Fact]
    public async Task Artifact_UploadedAndCompleted_IsListedServedAndZipped()
    {
        var (attempt, agent) = await Agent();
        var own = Address(attempt, "site");
        await (await agent.PostAsync(own, null)).Read<ArtifactProgress>();
        var page = "<script>alert(1)</script>"u8.ToArray();
        await Put(agent, own, "dist/index.html", page);
        await Put(agent, own, "dist/run.sh", "#!/bin/sh\n"u8.ToArray(), executable: true);
        await Put(agent, own, "notes.txt", "0123456789"u8.ToArray());
        using var viewer = await server.Client(Role.Viewer);
        await (await viewer.GetAsync(own + "/files")).Problem(HttpStatusCode.NotFound, "not-found");
        Assert.Equal(3, (await (await agent.PostAsync(own + "/complete", null)).Read<ArtifactSummary>()).Files);

        Assert.Equal("site", Assert.Single(await (await viewer.GetAsync($"/api/v1/projects/{attempt.Job.Build.Project}/builds/1/artifacts")).Read<List<ArtifactSummary>>()).Name);
        Assert.Equal(["dist/index.html", "dist/run.sh"], (await (await viewer.GetAsync(own + "/files?path=dist")).Read<List<ArtifactFile>>()).Select(file => file.Path));
        using var html = await viewer.GetAsync(own + "/files/dist/index.html");
        Assert.Equal(page, await html.Content.ReadAsByteArrayAsync());
        Assert.StartsWith("sandbox;", html.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal($"\"{Convert.ToHexStringLower(SHA256.HashData(page))}\"", html.Headers.ETag?.Tag);
        using var again = new HttpRequestMessage(HttpMethod.Get, own + "/files/dist/index.html") { Headers = { IfNoneMatch = { html.Headers.ETag! } } };
        Assert.Equal(HttpStatusCode.NotModified, (await viewer.SendAsync(again)).StatusCode);
        using var part = new HttpRequestMessage(HttpMethod.Get, own + "/files/notes.txt") { Headers = { Range = new RangeHeaderValue(2, 4) } };
        Assert.Equal("234", await (await viewer.SendAsync(part)).Content.ReadAsStringAsync());

        using var zip = new ZipArchive(await (await viewer.GetAsync(own + "/zip?path=dist")).Content.ReadAsStreamAsync());
        Assert.Equal(["index.html", "run.sh"], zip.Entries.Select(entry => entry.FullName));
        Assert.Equal(0x81ED, zip.GetEntry("run.sh")!.ExternalAttributes >>> 16);
        await (await agent.PutAsync(own + "/files?path=late", new ByteArrayContent([1]))).Problem(HttpStatusCode.Conflict, "conflict");
    }

    [Fact]
    public async Task Upload_ThatBrokeOff_GoesOnWhereItWas()
    {
        var (attempt, agent) = await Agent();
        var own = Address(attempt, "big");
        var bytes = RandomNumberGenerator.GetBytes(20 << 20);
        var address = $"{own}/files?path=big.bin&sha256={Convert.ToHexStringLower(SHA256.HashData(bytes))}";
        await (await agent.PostAsync(own, null)).Read<ArtifactProgress>();
        Assert.Equal(0, await Held(agent, address));
        await Assert.ThrowsAnyAsync<Exception>(() => agent.PutAsync(address, new StreamContent(new BreakingStream(bytes, 18 << 20)) { Headers = { ContentLength = bytes.Length } }));
        var held = await server.Until(() => Held(agent, address), length => length > 0);
        Assert.InRange(held, 1, 18 << 20);
        using var wrong = await agent.PutAsync($"{address}&offset={held + 1}", new ByteArrayContent(bytes[(int)(held + 1)..]));
        await wrong.Problem(HttpStatusCode.RequestedRangeNotSatisfiable, "offset");
        Assert.Equal(held.ToString(System.Globalization.CultureInfo.InvariantCulture), wrong.Headers.GetValues("Upload-Offset").Single());
        Assert.Equal(bytes.Length, (await (await agent.PutAsync($"{address}&offset={held}", new ByteArrayContent(bytes[(int)held..]))).Read<ArtifactFile>()).Size);
        Assert.Equal(bytes.Length, await Held(agent, address));
        await (await agent.PutAsync($"{address}&offset={bytes.Length}", new ByteArrayContent([]))).Read<ArtifactFile>();
        await (await agent.PostAsync(own + "/complete", null)).Read<ArtifactSummary>();
        using var viewer = await server.Client(Role.Viewer);
        Assert.Equal(bytes, await viewer.GetByteArrayAsync(own + "/files/big.bin"));
    }

    [Fact]
    public async Task Upload_WrongHashOrTooLarge_IsRefused()
    {
        var (attempt, agent) = await Agent();
        var own = Address(attempt, "bad");
        await (await agent.PostAsync(own, null)).Read<ArtifactProgress>();
        await (await agent.PutAsync($"{own}/files?path=a&sha256={new string('0', 64)}", new ByteArrayContent([1]))).Problem(HttpStatusCode.BadRequest, "invalid");
        await (await agent.PutAsync($"{own}/files?path=a&sha256=xyz", new ByteArrayContent([1]))).Problem(HttpStatusCode.BadRequest, "invalid");
        await (await agent.PutAsync($"{own}/files?path=a&offset={64 << 20}", new ByteArrayContent([1]))).Problem(HttpStatusCode.RequestEntityTooLarge, "too-large");
        Assert.Equal(0, (await (await agent.PostAsync(own + "/complete", null)).Read<ArtifactSummary>()).Files);
    }

    [Fact]
    public async Task Upload_OfAPathThatLeadsElsewhere_IsRefused()
    {
        var (attempt, agent) = await Agent();
        foreach (var path in new[] { "..%2Fx", "%2Fetc%2Fpasswd", "a%2F..%2F..%2Fx", "a%5Cb", "a%00b", "a%0d%0ab", "C:%2Fx", "a%2F%2Fb", ".", "a%2F", new string('a', 300) })
            await (await agent.PutAsync($"{Address(attempt, "x")}/files?path={path}", new ByteArrayContent([1]))).Problem(HttpStatusCode.BadRequest, "invalid");
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("dist/app (1).js", true)]
    [InlineData("..", false)]
    [InlineData("a/./b", false)]
    [InlineData("...", true)]
    public void Path_OnlyNames(string path, bool right) => Assert.Equal(right, ArtifactPaths.Problem(path) is null);

    [Fact]
    public async Task Download_NameWithQuotesAndLineFeeds_StaysInItsHeader()
    {
        var (attempt, _) = await Agent();
        var artifacts = server.Get<ArtifactsReadModel>();
        var upload = await artifacts.BeginUpload(attempt, "odd", default);
        var key = $"artifacts/{attempt.Key}/odd";
        await server.Get<PRTS.Storage.Blobs.IBlobStore>().Put(key, new MemoryStream([7]));
        const string Name = "a\"; filename=\"evil.exe";
        await artifacts.AddFile(upload.Id, new() { Path = Name, Size = 1, Sha256 = new string('a', 64) }, key);
        await artifacts.Complete(upload.Id);
        using var viewer = await server.Client(Role.Viewer);
        using var answer = await viewer.GetAsync($"{Address(attempt, "odd")}/files/{Uri.EscapeDataString(Name)}");
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Equal(Name, answer.Content.Headers.ContentDisposition?.FileNameStar);
    }

    private async Task<(AttemptId Attempt, HttpClient Client)> Agent()
    {
        var attempt = new AttemptId(new(new(await server.NewProject(), 1), "build"), 1);
        return (attempt, server.Client(server.Attempts.Create(attempt, "agent")));
    }

    private static async Task Put(HttpClient agent, string artifact, string path, byte[] bytes, bool executable = false)
    {
        var query = $"path={Uri.EscapeDataString(path)}&sha256={Convert.ToHexStringLower(SHA256.HashData(bytes))}&executable={(executable ? "true" : "false")}&offset=0";
        await (await agent.PutAsync($"{artifact}/files?{query}", new ByteArrayContent(bytes))).Read<ArtifactFile>();
    }

    private static async Task<long> Held(HttpClient agent, string address)
    {
        using var answer = await agent.SendAsync(new HttpRequestMessage(HttpMethod.Head, address));
        return long.Parse(answer.Headers.GetValues("Upload-Offset").Single(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string Address(AttemptId attempt, string name) => $"/api/v1/projects/{attempt.Job.Build.Project}/builds/1/jobs/{attempt.Job.Name}/artifacts/{name}";

    /// <summary>Fails after so many bytes, as a network does.</summary>
    private sealed class BreakingStream(byte[] bytes, int after) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position >= after ? throw new IOException("broken") : base.ReadAsync(buffer[..(int)Math.Min(buffer.Length, after - Position)], cancellationToken);
    }
}
