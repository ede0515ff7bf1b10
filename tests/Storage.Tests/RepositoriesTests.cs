using System.Diagnostics;
using System.Text;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Parsing;
using PRTS.Storage.Git;

namespace PRTS.Storage.Tests;

public sealed class RepositoriesTests : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("prts-git-").FullName;
    private readonly ProjectId project = new(ProjectId.DefaultTenant, "demo", "hello");
    private Repositories repositories = null!;

    private string Work => Path.Combine(directory, "work");

    public async ValueTask InitializeAsync()
    {
        repositories = new(Path.Combine(directory, "repositories"));
        await repositories.Create(project, "trunk");
        await Git(directory, "clone", "--quiet", repositories.Path(project), Work);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Create_Again_KeepsWhatIsThere()
    {
        var sha = await Push("a.txt", "a"u8);

        await Task.WhenAll(repositories.Create(project, "other"), repositories.Create(new("default", "demo", "two")), repositories.Create(new("default", "demo", "two")));

        Assert.Equal(sha, (await repositories.Refs(project))["refs/heads/trunk"]);
        Assert.Equal("ref: refs/heads/trunk\n", await File.ReadAllTextAsync(Path.Combine(repositories.Path(project), "HEAD")));
        Assert.Equal(2, Directory.GetFileSystemEntries(Path.Combine(directory, "repositories", "default", "demo")).Length);
    }

    [Theory]
    [InlineData("..", "a", "b")]
    [InlineData("default", "../../etc", "b")]
    [InlineData("default", "a", "b/../../c")]
    [InlineData("default", "a", "b.git")]
    [InlineData("default", "-a", "b")]
    [InlineData("", "a", "b")]
    public void Path_NameThatLeavesItsPlace_IsRefused(string tenant, string org, string name) =>
        Assert.Throws<ArgumentException>(() => repositories.Path(new(tenant, org, name)));

    [Fact]
    public async Task Refs_BranchesAndTags_GiveCommits()
    {
        var first = await Push("a.txt", "a"u8);
        await Git(Work, "tag", "light");
        await Git(Work, "tag", "-a", "-m", "annotated", "heavy");
        var second = await Push("a.txt", "b"u8);
        await Git(Work, "push", "--quiet", "--tags", "origin", "HEAD:refs/heads/feature/ä-ö");

        var refs = await repositories.Refs(project);

        Assert.Equal(4, refs.Count);
        Assert.Equal(first, refs["refs/tags/light"]);
        Assert.Equal(first, refs["refs/tags/heavy"]);
        Assert.Equal(second, refs["refs/heads/trunk"]);
        Assert.Equal(second, refs["refs/heads/feature/ä-ö"]);
    }

    [Fact]
    public async Task Snapshot_CommitWithPipelines_GivesInfoAndFilesOfTheFolderOnly()
    {
        Directory.CreateDirectory(Path.Combine(Work, ".prts", "deeper"));
        await File.WriteAllTextAsync(Path.Combine(Work, ".prts", "pipeline.yaml"), "name: ä\n");
        await File.WriteAllTextAsync(Path.Combine(Work, ".prts", "with space\nand line.yml"), "name: b");
        await File.WriteAllTextAsync(Path.Combine(Work, ".prts", "notes.txt"), "no");
        await File.WriteAllTextAsync(Path.Combine(Work, ".prts", "deeper", "no.yaml"), "no");
        File.CreateSymbolicLink(Path.Combine(Work, ".prts", "link.yaml"), "/etc/passwd");
        var sha = await Push("a.txt", "a"u8, "Subject with ü\nand a second line\n\nBody");

        var snapshot = await repositories.Snapshot(project, sha);

        var (commit, files) = Assert.NotNull(snapshot);
        Assert.Equal((sha, "Zoë Writer", "zoe@example.com", "Subject with ü and a second line"), (commit.Sha, commit.Author, commit.Email, commit.Subject));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), commit.At);
        Assert.Equal([".prts/pipeline.yaml", ".prts/with space\nand line.yml"], files.Select(file => file.Path));
        Assert.Equal("name: ä\n", Encoding.UTF8.GetString(files[0].Content.Span));
    }

    [Fact]
    public async Task Snapshot_PipelineTooLarge_IsCutWhereTheParserSaysSo()
    {
        Directory.CreateDirectory(Path.Combine(Work, ".prts"));
        await File.WriteAllBytesAsync(Path.Combine(Work, ".prts", "big.yaml"), new byte[3 << 20]);
        await File.WriteAllTextAsync(Path.Combine(Work, ".prts", "small.yaml"), "name: a");
        var sha = await Push("a.txt", "a"u8);

        var files = await repositories.PipelineFiles(project, sha);

        Assert.Equal([(".prts/big.yaml", (1 << 20) + 1), (".prts/small.yaml", 7)], files.Select(file => (file.Path, file.Content.Length)));
        Assert.Equal(DiagnosticCodes.FileTooLarge, Assert.Single(PipelineParser.Parse(files[0].Path, files[0].Content.Span).Errors).Code);
    }

    [Fact]
    public async Task CommitInfo_OtherEncodingAndStrangeTime_IsRead()
    {
        var tree = await Git(Work, "hash-object", "-t", "tree", "-w", "--stdin");
        var raw = Path.Combine(directory, "commit");
        byte[] content = [.. Encoding.Latin1.GetBytes($"tree {tree}\nauthor Jörg <j@x> 99999999999999 +0000\ncommitter Jörg <j@x> 1 +0000\nencoding ISO-8859-1\n\n\nfrüh\n")];
        await File.WriteAllBytesAsync(raw, content);
        var sha = await Git(repositories.Path(project), "hash-object", "-t", "commit", "-w", "--literally", raw);

        var commit = (await repositories.CommitInfo(project, sha))!;

        Assert.Equal(("Jörg", "früh"), (commit.Author, commit.Subject));
        Assert.Null(await repositories.CommitInfo(project, new string('1', 40)));
    }

    [Fact]
    public async Task ChangedPaths_WeirdNames_AreWhole()
    {
        var first = await Push("a.txt", "a"u8);
        await Push("b\nc \"d\" é.txt", "b"u8);
        var second = await Push("a.txt", "a2"u8);

        Assert.Equal(["a.txt", "b\nc \"d\" é.txt"], await repositories.ChangedPaths(project, first, second));
        Assert.Equal([], await repositories.ChangedPaths(project, second, second));
        Assert.Null(await repositories.ChangedPaths(project, new string('0', 40), second));
        Assert.Null(await repositories.ChangedPaths(project, new string('1', 40), second));
        Assert.Null(await repositories.ChangedPaths(project, null, second));
    }

    [Fact]
    public async Task IsIn_OfTheTipAndWhatIsBeforeIt_AndNothingElse()
    {
        var first = await Push("a.txt", "a"u8);
        var second = await Push("a.txt", "b"u8);

        Assert.True(await repositories.IsIn(project, first, second));
        Assert.True(await repositories.IsIn(project, second, second));
        Assert.False(await repositories.IsIn(project, second, first));
    }

    [Fact]
    public async Task Resolve_NamesAndHashes_GiveTheCommit()
    {
        var first = await Push("a.txt", "a"u8);
        await Git(Work, "tag", "-a", "-m", "x", "v1");
        var second = await Push("a.txt", "b"u8);
        await Git(Work, "push", "--quiet", "--tags");

        Assert.Equal(new("refs/heads/trunk", second), await repositories.Resolve(project, "trunk"));
        Assert.Equal(new("refs/tags/v1", first), await repositories.Resolve(project, "v1"));
        Assert.Equal(new("refs/tags/v1", first), await repositories.Resolve(project, "refs/tags/v1"));
        Assert.Equal(new(null, first), await repositories.Resolve(project, first));
        Assert.Equal(new(null, first), await repositories.Resolve(project, first[..8]));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("trunk~1")]
    [InlineData("trunk:a.txt")]
    [InlineData(":/a")]
    [InlineData("-h")]
    [InlineData("trunk\nrefs/heads/trunk")]
    [InlineData("a..b")]
    [InlineData("@{-1}")]
    [InlineData("")]
    public async Task Resolve_NoName_IsNull(string name)
    {
        await Push("a.txt", "a"u8);
        await Push("a.txt", "b"u8);

        Assert.Null(await repositories.Resolve(project, name));
    }

    private Task<string> Push(string file, ReadOnlySpan<byte> content, string message = "A change")
    {
        File.WriteAllBytes(Path.Combine(Work, file), content);
        return Commit();

        async Task<string> Commit()
        {
            await Git(Work, "add", "-A");
            await Git(Work, "commit", "--quiet", "-m", message);
            await Git(Work, "push", "--quiet", "origin", "HEAD:trunk");
            return await Git(Work, "rev-parse", "HEAD");
        }
    }

    private static async Task<string> Git(string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo("git")
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["GIT_CONFIG_GLOBAL"] = "/dev/null", ["GIT_AUTHOR_NAME"] = "Zoë Writer", ["GIT_AUTHOR_EMAIL"] = "zoe@example.com", ["GIT_AUTHOR_DATE"] = "1700000000 +0100",
                ["GIT_COMMITTER_NAME"] = "C", ["GIT_COMMITTER_EMAIL"] = "c@example.com",
            },
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"git {string.Join(' ', arguments)}: {await errors}");
        return output.Trim();
    }
}
