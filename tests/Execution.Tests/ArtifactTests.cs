using PRTS.Api;
using PRTS.Pipelines.Planning;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

public sealed class ArtifactTests : IAsyncDisposable
{
    private readonly TestMachine machine = new();

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    [Fact]
    public async Task Keep_Directory_TakesAllFilesBelow()
    {
        var sink = await machine.Run(Step("mkdir -p dist/a/b; echo 1 > dist/x; echo 2 > dist/a/b/y; chmod +x dist/x; touch dist/.hidden"), Keep("site", "dist/"));

        Assert.Equal([".hidden", "a/b/y", "x*"], sink.Artifacts["site"].Keys.Order(StringComparer.Ordinal));
        Assert.Equal("2\n"u8.ToArray(), sink.Artifacts["site"]["a/b/y"]);
    }

    [Theory]
    [InlineData("out/*.txt", "a.txt b.txt")]
    [InlineData("out/**/*.txt", "a.txt b.txt deep/er/c.txt")]
    [InlineData("./out/a.txt", "a.txt")]
    [InlineData("out/[!a].txt", "b.txt")]
    [InlineData("**/c.txt", "out/deep/er/c.txt")]
    public async Task Keep_Pattern_TakesWhatMatches(string pattern, string expected)
    {
        var sink = await machine.Run(Step("mkdir -p out/deep/er; touch out/a.txt out/b.txt out/c.bin out/deep/er/c.txt"), Keep("files", pattern));

        Assert.Null(sink.Step(1).Reason);
        Assert.Equal(expected, string.Join(' ', sink.Artifacts["files"].Keys.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("${{ 'a/b' }}", "'a/b' cannot be an artifact's name; names have 1 to 100 characters without slashes")]
    [InlineData("${{ '..' }}", "'..' cannot be an artifact's name; names have 1 to 100 characters without slashes")]
    [InlineData("${{ env.NOTHING }}", "'' cannot be an artifact's name; names have 1 to 100 characters without slashes")]
    public async Task Keep_EvaluatedNameIsNone_FailsAndSaysSo(string name, string expected)
    {
        var sink = await machine.Run(Step("touch x"), Keep(name, "x"));

        Assert.Equal(expected, sink.Step(1).Reason);
        Assert.Empty(sink.Artifacts);
    }

    [Theory]
    [InlineData("/etc/passwd", "is not relative")]
    [InlineData("../../secret", "contains '..'")]
    [InlineData("a/../../b", "contains '..'")]
    [InlineData("missing/", "No such file or directory")]
    [InlineData("*.zip", "no file matches '*.zip'")]
    [InlineData("link-to-file", "links are not followed")]
    [InlineData("link-to-directory/passwd", "links are not followed")]
    [InlineData("link-to-directory/*", "links are not followed")]
    [InlineData("pipes/", "pipes/fifo is no regular file")]
    [InlineData("links/", "links/shadow is a symbolic link")]
    public async Task Keep_Attack_IsRefusedAndNamed(string path, string reason)
    {
        var sink = await machine.Run(
            Step("ln -s /etc/passwd link-to-file; ln -s /etc link-to-directory; mkdir pipes links; mkfifo pipes/fifo; ln -s /etc/shadow links/shadow"), Keep("loot", path));

        Assert.Equal(RunStatus.Failed, sink.Step(1).Status);
        Assert.Contains(reason, sink.Step(1).Reason, StringComparison.Ordinal);
        Assert.Empty(sink.Artifacts);
    }

    [Fact]
    public async Task Keep_LinksAmongFiles_AreLeftOutAndNamed()
    {
        var sink = await machine.Run(Step("mkdir d; echo ok > d/file; ln -s /etc/shadow d/link; ln -s / d/root; mkfifo d/fifo"), Keep("d", "d"));

        Assert.Equal(["file"], sink.Artifacts["d"].Keys);
        Assert.Equal((RunStatus.Succeeded, "left out: d/fifo is no regular file, d/link is a symbolic link, d/root is a symbolic link"), (sink.Step(1).Status, sink.Step(1).Reason));
    }

    [Fact]
    public async Task Keep_NameInAnotherEncoding_IsToldSo()
    {
        var sink = await machine.Run(Step("mkdir d; echo ok > d/file; echo lost > \"d/$(printf '\\344').txt\""), Keep("d", "d"));

        Assert.Equal(RunStatus.Failed, sink.Step(1).Status);
        Assert.Contains("d/\uFFFD.txt has a name that is not valid UTF-8; rename it", sink.Step(1).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keep_FileTheJobCannotRead_IsNotReadAsRoot()
    {
        var sink = await machine.Run(Step("mkdir d; echo secret > d/file; chmod 000 d/file"), Keep("d", "d"));

        Assert.Contains("d/file cannot be opened: Permission denied", sink.Step(1).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keep_RefusedByTheStore_FailsWithItsWords()
    {
        var sink = await machine.Run(Keep("refused", "README.md"));

        Assert.Equal("artifact 'refused' exists already", sink.Step(0).Reason);
    }

    [Fact]
    public async Task Keep_SinkFails_IsRepeated()
    {
        var sink = new TestSink { FailurePercent = 40 };
        await machine.Run(sink, machine.Job(Keep("readme", "README.md")));

        Assert.Equal("hello\n"u8.ToArray(), sink.Artifacts["readme"]["README.md"]);
    }

    [Fact]
    public async Task Fetch_ConnectionBreaksAndBytesAreDamaged_ArrivesWhole()
    {
        var files = Enumerable.Range(0, 40).ToDictionary(n => $"deep/file{n}", n => Enumerable.Range(0, 1000 + n).Select(i => (byte)(i * n)).ToArray());
        var sink = new TestSink { FailurePercent = 30, Kept = { [("build", "dist")] = files } };
        await machine.Run(sink, machine.Job(Fetch("dist", "in"), Keep("back", "in")));

        Assert.Equal((RunStatus.Succeeded, $"40 files, {files.Values.Sum(bytes => bytes.Length)} bytes"), (sink.Step(0).Status, sink.Step(0).Reason));
        Assert.Equal(files, sink.Artifacts["back"]);
    }

    [Fact]
    public async Task Fetch_IntoAFolderOfAnotherUser_IsRefused()
    {
        var sink = new TestSink { Kept = { [("build", "dist")] = new() { ["file"] = "x"u8.ToArray() } } };
        await machine.Run(sink, machine.Job(Step("mkdir locked; chmod 500 locked"), Fetch("dist", "locked")));

        Assert.Equal(RunStatus.Failed, sink.Step(1).Status);
        Assert.Contains("'locked/file' cannot be written: file: Permission denied", sink.Step(1).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_OfAnotherJob_IsNotSeen()
    {
        var sink = new TestSink { Kept = { [("other", "dist")] = new() { ["file"] = "x"u8.ToArray() } } };
        await machine.Run(sink, machine.Job(Fetch("dist", "")));

        Assert.Equal((RunStatus.Failed, "no artifact 'dist' was kept by build"), (sink.Step(0).Status, sink.Step(0).Reason));
    }

    [Fact]
    public async Task Fetch_Canceled_Ends()
    {
        var sink = new TestSink { Kept = { [("build", "dist")] = new() { ["file"] = "x"u8.ToArray() } }, DownloadsStall = true };
        await using var agent = machine.Agent(sink);
        var job = machine.Job(Fetch("dist", ""));
        var running = agent.Run(job, CancellationToken.None);
        await sink.Until(s => s.Stalled);
        await agent.Cancel(job.Attempt, "enough");
        await running;

        Assert.Equal((RunStatus.Canceled, "enough"), (sink.Step(0).Status, sink.Step(0).Reason));
        Assert.Equal(RunStatus.Canceled, sink.Ended!.Status);
    }

    private static PlannedStep Fetch(string name, string path) =>
        new() { Index = 0, Name = $"Download {name}", Env = new Dictionary<string, string>(), Download = new() { Name = name, Path = path, Jobs = ["build"] } };
}
