using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Git;

namespace PRTS.Web.Tests.Git;

/// <summary>What a push may change, and what the audit log says of it.</summary>
public sealed class PushTests(TestServer server) : IDisposable
{
    private const string Nothing = "0000000000000000000000000000000000000000";
    private readonly GitProgram git = new();

    public void Dispose() => git.Dispose();

    [Fact]
    public async Task Push_IsInTheLogWithEachRefBeforeAndAfter()
    {
        var (project, work, token) = await New(Role.Developer);
        await Push(work, project, token, "HEAD:refs/heads/main", "HEAD:refs/heads/other");
        var first = await git.Run(work, "rev-parse", "HEAD");
        await git.Run(work, "commit", "--quiet", "--allow-empty", "-m", "Second");
        await git.Run(work, "tag", "-a", "v1", "-m", "One");
        await Push(work, project, token, "HEAD:refs/heads/main", ":refs/heads/other", "v1");
        var (second, tag) = (await git.Run(work, "rev-parse", "HEAD"), await git.Run(work, "rev-parse", "v1"));

        Assert.Equal(
            [
                (AuditOutcome.Allowed, "", $"refs/heads/main {first}, refs/heads/other {first}"),
                (AuditOutcome.Allowed, $"refs/heads/main {first}, refs/heads/other {first}", $"refs/heads/main {second}, refs/heads/other removed, refs/tags/v1 {tag}"),
            ],
            (await Entries(project)).Select(entry => (entry.Outcome, entry.Before!["refs"].ToString(), entry.After!["refs"].ToString())));
    }

    [Fact]
    public async Task Push_ThatGitRefuses_IsInTheLogAsFailed()
    {
        var (project, work, token) = await New(Role.Developer);
        await Push(work, project, token, "HEAD:refs/heads/main");
        using var client = server.Client(token);
        // The client says that main was something else.
        var wrong = new string('1', 40);
        var request = Line($"{wrong} {Nothing} refs/heads/main\0report-status") + "0000";
        Assert.Contains("ng refs/heads/main", await Send(client, project, Encoding.UTF8.GetBytes(request)), StringComparison.Ordinal);
        Assert.Contains("refs/heads/main", (await server.Get<Repositories>().Refs(project)).Keys);
        // It is compared after the answer.
        AuditEntry? failed = null;
        for (var tries = 0; failed is null && tries < 3000; tries++)
        {
            await Task.Delay(20);
            failed = (await Entries(project)).FirstOrDefault(entry => entry.Outcome == AuditOutcome.Failed);
        }

        Assert.Equal(((AuditOutcome?)AuditOutcome.Failed, "Not done: refs/heads/main."), (failed?.Outcome, failed?.Reason));
    }

    [Fact]
    public async Task Push_ToAProtectedBranch_IsForMaintainers()
    {
        var (project, work, token) = await New(Role.Developer);
        var maintainer = await server.NewToken(Role.Maintainer);
        await Push(work, project, token, "HEAD:refs/heads/main", "HEAD:refs/tags/v1");
        var main = await git.Run(work, "rev-parse", "HEAD");
        await Protect(project, "main", "release/**", "tag:v*");
        await git.Run(work, "commit", "--quiet", "--allow-empty", "-m", "Second");

        foreach (var refs in new string[][] { ["HEAD:refs/heads/main"], ["+HEAD:refs/heads/main"], [":refs/heads/main"], ["HEAD:refs/heads/release/1/2"], ["HEAD:refs/tags/v2"], [":refs/tags/v1"], ["HEAD:refs/heads/topic", "HEAD:refs/heads/main"] })
        {
            var (exitCode, output) = await git.Try(work, ["push", Address(project, token), .. refs]);
            Assert.NotEqual(0, exitCode);
            Assert.Contains("protected", output, StringComparison.Ordinal);
            Assert.Contains($"needs the permission {Permissions.RepositoryManage}", output.ReplaceLineEndings(" ").Replace("remote: ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        Assert.Equal(new Dictionary<string, string>(StringComparer.Ordinal) { ["refs/heads/main"] = main, ["refs/tags/v1"] = main }, await server.Get<Repositories>().Refs(project));
        Assert.Equal(7, (await Entries(project)).Count(entry => entry.Outcome == AuditOutcome.Denied && entry.Reason!.Contains("protected", StringComparison.Ordinal)));

        await Push(work, project, token, "HEAD:refs/heads/topic", "HEAD:refs/heads/main2", "HEAD:refs/tags/other");
        await Push(work, project, maintainer, "HEAD:refs/heads/main", "HEAD:refs/heads/release/1/2", "HEAD:refs/tags/v2", ":refs/tags/v1");
        Assert.Equal(["refs/heads/main", "refs/heads/main2", "refs/heads/release/1/2", "refs/heads/topic", "refs/tags/other", "refs/tags/v2"], (await server.Get<Repositories>().Refs(project)).Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Push_OfARefInTheWayOfProtectedOnes_IsForMaintainers()
    {
        var (project, work, token) = await New(Role.Developer);
        var maintainer = await server.NewToken(Role.Maintainer);
        await Push(work, project, token, "HEAD:refs/heads/old");
        await Protect(project, "release/**", "old/*", "tag:builds/nightly/*");

        foreach (var refs in new string[][] { ["HEAD:refs/heads/release"], ["HEAD:refs/tags/builds"], ["HEAD:refs/tags/builds/nightly"], ["HEAD:refs/heads/topic", "HEAD:refs/heads/release"] })
        {
            var (exitCode, output) = await git.Try(work, ["push", Address(project, token), .. refs]);
            Assert.NotEqual(0, exitCode);
            Assert.Contains("(in the way of the protected ", output, StringComparison.Ordinal);
            Assert.Contains("it can have none below it", output.ReplaceLineEndings(" ").Replace("remote: ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        Assert.Equal(["refs/heads/old"], (await server.Get<Repositories>().Refs(project)).Keys);
        Assert.Equal(4, (await Entries(project)).Count(entry => entry.Outcome == AuditOutcome.Denied));
        // What was there before may change and go, and others' names may begin alike.
        await git.Run(work, "commit", "--quiet", "--allow-empty", "-m", "Second");
        await Push(work, project, token, "HEAD:refs/heads/old", "HEAD:refs/heads/release-notes", "HEAD:refs/tags/release");
        await Push(work, project, token, ":refs/heads/old");
        await Push(work, project, maintainer, "HEAD:refs/heads/release/1");
        Assert.Equal(["refs/heads/release-notes", "refs/heads/release/1", "refs/tags/release"], (await server.Get<Repositories>().Refs(project)).Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>More than a client sends before it looks for an answer.</summary>
    [Fact]
    public async Task Push_OfMuchToAProtectedBranch_IsRefusedWithTheReason()
    {
        var (project, work, token) = await New(Role.Developer);
        await Protect(project, "main");
        await File.WriteAllBytesAsync(Path.Combine(work, "large"), System.Security.Cryptography.RandomNumberGenerator.GetBytes(8 << 20));
        await git.Run(work, "add", "large");
        await git.Run(work, "commit", "--quiet", "-m", "Large");
        var (exitCode, output) = await git.Try(work, "push", Address(project, token), "HEAD:refs/heads/main");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("[remote rejected] HEAD -> main (protected)", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "report-status")]
    [InlineData(true, "report-status")]
    [InlineData(false, "report-status-v2 side-band-64k")]
    [InlineData(false, "")]
    public async Task Push_InAnyForm_DoesNotReachAProtectedBranch(bool isPacked, string capabilities)
    {
        var (project, work, token) = await New(Role.Developer);
        await Push(work, project, token, "HEAD:refs/heads/main", "HEAD:refs/heads/other");
        var main = await git.Run(work, "rev-parse", "HEAD");
        await Protect(project, "main");
        using var client = server.Client(token);
        foreach (var lines in new[]
        {
            Line($"{main} {Nothing} refs/heads/main\0{capabilities}"),
            Line($"{main} {Nothing} refs/heads/main\n\0{capabilities}"),
            Line($"{main} {Nothing} refs/heads/other\0{capabilities}") + Line($"{main} {Nothing} refs/heads/main\n"),
            Line($"shallow {main}") + Line($"{main} {Nothing} refs/heads/main\0{capabilities}"),
            Line($"{main} {Nothing} refs/heads/main\0{capabilities}") + Line($"{main} {Nothing} refs/heads/main"),
        })
        {
            var answer = await Send(client, project, Encoding.UTF8.GetBytes(lines + "0000"), isPacked);
            Assert.Contains(capabilities.Length == 0 ? Permissions.RepositoryManage : "ng refs/heads/main protected", answer, StringComparison.Ordinal);
        }

        Assert.Equal(["refs/heads/main", "refs/heads/other"], (await server.Get<Repositories>().Refs(project)).Keys.Order(StringComparer.Ordinal));
        // The same without protection is done, so it is not something else that stood in the way.
        var done = await Send(client, project, Encoding.UTF8.GetBytes(Line($"{main} {Nothing} refs/heads/other\0report-status") + "0000"), isPacked);
        Assert.Contains("ok refs/heads/other", done, StringComparison.Ordinal);
        Assert.Equal(["refs/heads/main"], (await server.Get<Repositories>().Refs(project)).Keys);
    }

    [Theory]
    [InlineData("", "ends before")]
    [InlineData("00", "ends before")]
    [InlineData("zzzz", "does not begin")]
    [InlineData("0001", "length")]
    [InlineData("0008ab", "ends before")]
    [InlineData("0008abcd0000", "not what git sends")]
    [InlineData("0016push-cert\0nonce=1\n0000", "Signed pushes")]
    public async Task Push_ThatIsNone_IsRefusedWithWhatIsWrong(string body, string words)
    {
        var project = await server.NewProject();
        using var client = await server.Client(Role.Maintainer);
        using var answer = await client.SendAsync(Request(project, Encoding.UTF8.GetBytes(body), isPacked: false));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(words, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(await Entries(project));
    }

    [Theory]
    [InlineData("refs/heads/main", "without refs/heads/")]
    [InlineData("[", "[")]
    [InlineData(" main", "spaces")]
    public async Task Protection_WithAPatternThatIsNone_IsRefused(string pattern, string words)
    {
        var project = await server.NewProject();
        using var client = await server.Client(Role.Maintainer);
        using var answer = await client.PutAsJsonAsync($"/api/v1/projects/{project}/protection", new RefProtection { Refs = ["main", pattern] });
        Assert.Contains(words, await answer.Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
    }

    private async Task<(ProjectId Project, string Work, string Token)> New(Role role) => (await server.NewProject(), await git.NewRepository(), await server.NewToken(role));

    private Task Push(string work, ProjectId project, string token, params string[] refs) => git.Run(work, ["push", "--quiet", Address(project, token), .. refs]);

    private async Task Protect(ProjectId project, params string[] refs)
    {
        using var client = await server.Client(Role.Maintainer);
        using var answer = await client.PutAsJsonAsync($"/api/v1/projects/{project}/protection", new RefProtection { Refs = refs });
        Assert.Equal(refs, (await answer.Read<ProjectSummary>()).Protection.Refs);
    }

    private string Address(ProjectId project, string token) => server.Address.AbsoluteUri.Replace("://", $"://any:{token}@", StringComparison.Ordinal) + $"git/{project}.git";

    private static string Line(string text) => $"{Encoding.UTF8.GetByteCount(text) + 4:x4}{text}";

    private static async Task<string> Send(HttpClient client, ProjectId project, byte[] body, bool isPacked = false)
    {
        using var answer = await client.SendAsync(Request(project, body, isPacked));
        return await answer.Content.ReadAsStringAsync();
    }

    private static HttpRequestMessage Request(ProjectId project, byte[] body, bool isPacked)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zip.Write(body);
        var content = new ByteArrayContent(isPacked ? packed.ToArray() : body) { Headers = { ContentType = new("application/x-git-receive-pack-request") } };
        if (isPacked) content.Headers.ContentEncoding.Add("gzip");
        return new(HttpMethod.Post, $"/git/{project}.git/git-receive-pack") { Content = content };
    }

    private async Task<IReadOnlyList<AuditEntry>> Entries(ProjectId project) =>
        [.. (await server.Get<AuditEntries>().Find(project.Tenant, new() { Action = "repository:push", Project = project.ToString() }, before: null, take: 100)).Items.Reverse()];
}
