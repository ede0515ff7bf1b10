using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using PRTS.Api.Artifacts;

namespace PRTS.Cli.Tests.Artifacts;

public sealed class DownloadTests : IAsyncDisposable
{
    private const string Build = "/api/v1/projects/demo/hello/builds/1";
    private const string Files = Build + "/jobs/build/artifacts/site/files";
    private static readonly byte[] Content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 20_000)));
    private readonly Prts prts = new();
    private readonly FakeControlPlane server;

    public DownloadTests()
    {
        server = new FakeControlPlane(prts);
        server.OnJson(Build + "/artifacts", new[] { new ArtifactSummary { Name = "site", Job = "build", Files = 1, Size = Content.Length, CreatedAt = DateTimeOffset.UnixEpoch } });
    }

    private string Target => Path.Combine(prts.Scratch, "here/site/a b/run.sh");

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await prts.DisposeAsync();
    }

    [Fact]
    public async Task Download_OfAFile_IsWholeAndExecutable()
    {
        Serve("a b/run.sh", Content);
        var answer = await DownloadAsync();
        Assert.Equal((0, ""), (answer.ExitCode, answer.Error));
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target, TestContext.Current.CancellationToken));
        Assert.True(File.GetUnixFileMode(Target).HasFlag(UnixFileMode.UserExecute));
    }

    [Fact]
    public async Task Download_ThatWasCut_GoesOnThere()
    {
        Serve("a b/run.sh", Content);
        Directory.CreateDirectory(Path.GetDirectoryName(Target)!);
        await File.WriteAllBytesAsync(Target + ".partial", Content[..70_000], TestContext.Current.CancellationToken);
        Assert.Equal(0, (await DownloadAsync()).ExitCode);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target, TestContext.Current.CancellationToken));
        Assert.Contains(server.Requests, request => request.EndsWith("bytes=70000-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Download_PartOfSomethingElse_BeginsAgain()
    {
        Serve("a b/run.sh", Content);
        Directory.CreateDirectory(Path.GetDirectoryName(Target)!);
        await File.WriteAllTextAsync(Target + ".partial", "of another build", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await DownloadAsync()).ExitCode);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Download_Damaged_NeverGetsItsName()
    {
        Serve("a b/run.sh", Content, damaged: true);
        var answer = await DownloadAsync();
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("damaged", answer.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Target));
    }

    [Theory]
    [InlineData("../../escaped")]
    [InlineData("/etc/escaped")]
    [InlineData("a/../../../escaped")]
    public async Task Download_PathOutside_IsRefused(string path)
    {
        Serve(path, Content);
        var answer = await DownloadAsync();
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("outside of the artifact", answer.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(prts.Scratch, "escaped*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Download_UnknownName_NamesWhatThereIs()
    {
        var answer = await prts.RunAsync("artifact", "download", "demo/hello#1", "sight");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("It has 'site' of build", answer.Error, StringComparison.Ordinal);
    }

    private Task<Answer> DownloadAsync() => prts.RunAsync("artifact", "download", "demo/hello#1", "site", "--output", "here");

    private void Serve(string path, byte[] content, bool damaged = false)
    {
        server.OnJson(Files, new[] { new ArtifactFile { Path = path, Size = content.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)), Executable = true } });
        server.On(Files + "/" + Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal), context => SendAsync(context, damaged ? [.. content.Reverse()] : content));
    }

    private static async Task SendAsync(HttpListenerContext context, byte[] content)
    {
        var range = context.Request.Headers["Range"];
        var from = range is null ? 0 : int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture);
        context.Response.StatusCode = range is null ? 200 : 206;
        context.Response.ContentLength64 = content.Length - from;
        await context.Response.OutputStream.WriteAsync(content.AsMemory(from));
        context.Response.Close();
    }
}
