using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Git;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Git;

public sealed class GitEndpointsTests(TestServer server) : IDisposable
{
    private readonly GitProgram git = new();

    public void Dispose() => git.Dispose();

    [Fact]
    public async Task PushAndClone_ByPasswordAndToken_CarryTheCommitAndCompareRefs()
    {
        var project = await server.NewProject();
        var user = await server.NewUser(Role.Developer);
        var work = await git.NewRepository();
        await git.Run(work, "push", Address(project, user.Name, TestServer.Password), "HEAD:refs/heads/main");
        Assert.Equal(user.Name, await SyncedBy(project));
        var commit = await git.Run(work, "rev-parse", "HEAD");
        Assert.Equal(commit, (await server.Get<Repositories>().Refs(project))["refs/heads/main"]);
        await git.Run(git.Folder, "clone", "--quiet", Address(project, "any", await server.NewToken(Role.Viewer)), "copy");
        Assert.Equal(commit, await git.Run(Path.Combine(git.Folder, "copy"), "rev-parse", "HEAD"));
    }

    [Fact]
    public async Task Clone_Shallow_GetsOneCommitOnly()
    {
        var project = await server.NewProject();
        var token = await server.NewToken(Role.Developer);
        var work = await git.NewRepository();
        await git.Run(work, "commit", "--quiet", "--allow-empty", "-m", "Second");
        await git.Run(work, "push", Address(project, "any", token), "HEAD:refs/heads/main");
        await git.Run(git.Folder, "clone", "--quiet", "--depth=1", Address(project, "any", token), "shallow");
        Assert.Equal("1", await git.Run(Path.Combine(git.Folder, "shallow"), "rev-list", "--count", "HEAD"));
    }

    [Fact]
    public async Task Clone_AnEmptyRepository_Works()
    {
        var project = await server.NewProject();
        await git.Run(git.Folder, "clone", "--quiet", Address(project, "any", await server.NewToken(Role.Viewer)), "empty");
    }

    [Fact]
    public async Task Clone_WrongPasswordOrNone_IsRefused()
    {
        var project = await server.NewProject();
        var user = await server.NewUser(Role.Viewer);
        var (exitCode, output) = await git.Try(git.Folder, "clone", Address(project, user.Name, "wrong"), "x");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("Authentication failed", output, StringComparison.Ordinal);
        using var client = server.Client();
        using var answer = await client.GetAsync($"/git/{project}.git/info/refs?service=git-upload-pack");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Basic", answer.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task Push_ByAViewer_IsRefusedWithTheReason()
    {
        var project = await server.NewProject();
        var token = await server.NewToken(Role.Viewer);
        var (exitCode, output) = await git.Try(await git.NewRepository(), "push", Address(project, "any", token), "HEAD:refs/heads/main");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("repository:write", output, StringComparison.Ordinal);
        using var client = server.Client(token);
        using var body = new ByteArrayContent([]) { Headers = { ContentType = new("application/x-git-receive-pack-request") } };
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsync($"/git/{project}.git/git-receive-pack", body)).StatusCode);
    }

    [Fact]
    public async Task Clone_WithATokenThatMayNot_SaysWhichOneMay()
    {
        var project = await server.NewProject();
        var user = await server.NewUser(Role.Developer);
        var token = (await server.Get<AccessTokens>().Create(user.Id, new() { Name = "builds", Permissions = ["build:*"] })).Token;
        var (exitCode, output) = await git.Try(git.Folder, "clone", Address(project, "any", token), "x");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("remote: The access token does not include repository:read", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clone_WithAnAttemptToken_ReadsItsOwnProjectOnlyAndCannotPush()
    {
        var (own, other) = (await server.NewProject(), await server.NewProject());
        var work = await git.NewRepository();
        var developer = await server.NewToken(Role.Developer);
        await git.Run(work, "push", Address(own, "any", developer), "HEAD:refs/heads/main");
        var token = server.Attempts.Create(new AttemptId(new(new(own, 1), "build"), 1), "agent");
        await git.Run(git.Folder, "clone", "--quiet", Address(own, "job", token), "job");
        Assert.NotEqual(0, (await git.Try(git.Folder, "clone", "--quiet", Address(other, "job", token), "other")).ExitCode);
        Assert.NotEqual(0, (await git.Try(work, "push", Address(own, "job", token), "HEAD:refs/heads/evil")).ExitCode);
        Assert.DoesNotContain("refs/heads/evil", (await server.Get<Repositories>().Refs(own)).Keys);
    }

    [Theory]
    [InlineData("/HEAD")]
    [InlineData("/config")]
    [InlineData("/objects/info/packs")]
    [InlineData("/info/refs")]
    [InlineData("/info/refs?service=git-evil")]
    [InlineData("/info/refs?service=../../bin/sh")]
    [InlineData("/git-upload-archive")]
    public async Task Repository_IsNotServedAsFiles(string path)
    {
        var project = await server.NewProject();
        using var client = await server.Client(Role.Admin);
        using var answer = await client.GetAsync($"/git/{project}.git{path}");
        Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden, $"{answer.StatusCode}");
        Assert.DoesNotContain("[core]", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/git/../git/acme/x.git/info/refs?service=git-upload-pack")]
    [InlineData("/git/acme/..%2f..%2fetc.git/info/refs?service=git-upload-pack")]
    [InlineData("/git/%2e%2e/%2e%2e.git/info/refs?service=git-upload-pack")]
    [InlineData("/git/acme/....git/info/refs?service=git-upload-pack")]
    [InlineData("/git/acme/-x.git/info/refs?service=git-upload-pack")]
    [InlineData("/git/acme/%00.git/info/refs?service=git-upload-pack")]
    [InlineData("/git/acme/missing.git/info/refs?service=git-upload-pack")]
    public async Task Path_ThatLeadsElsewhere_IsNotFound(string target)
    {
        var answer = await Raw($"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {await server.NewToken(Role.Admin)}\r\nConnection: close\r\n\r\n");
        Assert.Matches("^HTTP/1.1 (400|404) ", answer);
    }

    [Fact]
    public async Task Protocol_HeaderWithOddCharacters_IsNotPassedOn()
    {
        var project = await server.NewProject();
        using var client = await server.Client(Role.Viewer);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/git/{project}.git/info/refs?service=git-upload-pack") { Headers = { { "Git-Protocol", "version=2; $(touch /tmp/x)" } } };
        using var answer = await client.SendAsync(request);
        Assert.Equal("001e# service=git-upload-pack", (await answer.Content.ReadAsStringAsync())[..29]);
    }

    [Fact]
    public async Task Push_ThatTheClientLeaves_EndsGitAndStillComparesRefs()
    {
        var project = await server.NewProject();
        var token = await server.NewToken(Role.Developer);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(server.Address.Host, server.Address.Port);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /git/{project}.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nExpect: 100-continue\r\n"
                + "Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 100000\r\n\r\n"));
            // The server reads the body, so git runs.
            var answer = new byte[12];
            await stream.ReadExactlyAsync(answer);
            Assert.Equal("HTTP/1.1 100", Encoding.ASCII.GetString(answer));
            var update = $"{new string('0', 40)} {new string('1', 40)} refs/heads/main\0report-status";
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{update.Length + 4:x4}{update}0000PACK"));
            // What the push wants is written down just before git begins.
            var patience = Stopwatch.StartNew();
            while ((await server.Get<AuditEntries>().Find(project.Tenant, new() { Action = "repository:push", Project = project.ToString() }, before: null, take: 1)).Items.Count == 0 && patience.Elapsed < TimeSpan.FromMinutes(1)) await Task.Delay(20);
        }

        Assert.StartsWith("developer", await SyncedBy(project), StringComparison.Ordinal);
        Assert.Empty(await server.Get<Repositories>().Refs(project));
    }

    private string Address(ProjectId project, string user, string password) =>
        $"http://{user}:{Uri.EscapeDataString(password)}@{server.Address.Authority}/git/{project}.git";

    /// <summary>Waits until the project's refs were compared; says for whom.</summary>
    private async Task<string?> SyncedBy(ProjectId project)
    {
        var syncs = server.Get<Recorder>().Syncs;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            var sync = await syncs.Reader.ReadAsync(patience.Token);
            if (sync.Project == project) return sync.Actor;
            await syncs.Writer.WriteAsync(sync, patience.Token);
            await Task.Yield();
        }
    }

    private async Task<string> Raw(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
