using PRTS.Execution.Caches;
using PRTS.Execution.Users;
using PRTS.Execution.Workspaces;

namespace PRTS.Execution.Tests;

/// <summary>What is told of a commit without a checkout is what a checkout has.</summary>
public sealed class CommitFilesTests : IAsyncDisposable
{
    private static readonly string[] Patterns =
        ["src", "src/", "src/a", "src/*", "src/**", "**/*.txt", "*.txt", "src/sub", "src/sub/deep.txt", "src/link", "lib*", "[a-s]rc/**", "nothing", "README.md", "**", ".", "src/../x", "/etc", "src/**/a*", "bad name", "[b-a]", "src/link/deep.txt", "src/link/*"];

    private readonly TestMachine machine = new();

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_OfRandomCommits_IsAsInTheirCheckouts()
    {
        var random = new Random(20261124);
        for (var round = 0; round < 25; round++)
        {
            Change(random);
            machine.Write("count", $"{round}");
            var job = machine.Job() with { Event = machine.Job().Event with { Commit = machine.Commit } };
            var workspace = new Workspace(machine.Options, job, JobUser.Own, TimeProvider.System);
            await workspace.Prepare(Test);
            var mirror = new Mirror(machine.Options, job, TimeProvider.System);
            var commit = await CommitFiles.Of(mirror, machine.Commit, Test);
            Assert.NotNull(commit);
            foreach (var pattern in Patterns)
            {
                Assert.Equal(await Told(new WorkspaceFiles(workspace), pattern), await Told(commit, pattern));
            }
        }
    }

    [Fact]
    public async Task Of_ACommitWithAttributes_IsNotTold()
    {
        machine.Write("sub/.gitattributes", "*.txt text eol=crlf\n");
        var job = machine.Job();
        var mirror = new Mirror(machine.Options, job, TimeProvider.System);
        await mirror.Fetch(anew: false, Test);
        Assert.Null(await CommitFiles.Of(mirror, machine.Commit, Test));
    }

    private static async Task<string> Told(IStepFiles files, string pattern)
    {
        try
        {
            return Text(await files.Read([pattern], Test));
        }
        catch (IOException)
        {
            return "cannot be told";
        }
    }

    private void Change(Random random)
    {
        for (var changes = random.Next(1, 8); changes > 0; changes--)
        {
            var path = Path.Combine(machine.Repository, random.Next(8) switch { 0 => "src/a", 1 => "src/b.txt", 2 => "src/sub/deep.txt", 3 => "src/link", 4 => "lib.txt", 5 => "src/a b", 6 => "bad name", _ => "src/sub/link" });
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Delete(path);
            switch (random.Next(5))
            {
                case 0:
                    break;
                case 1:
                    File.CreateSymbolicLink(path, random.Next(2) == 0 ? "sub" : "../lib.txt");
                    break;
                case 2:
                    File.WriteAllText(path, "#!x");
                    File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
                    break;
                default:
                    File.WriteAllBytes(path, [.. Enumerable.Range(0, random.Next(3) * 40_000).Select(_ => (byte)random.Next(12))]);
                    break;
            }
        }
    }

    private static string Text((IReadOnlyList<StepFile> Files, IReadOnlyList<(string Path, string Target)> Links) read) =>
        string.Join('\n', read.Files.Select(file => file.ToString()).Order(StringComparer.Ordinal).Concat(read.Links.Select(link => link.ToString()).Order(StringComparer.Ordinal)));
}
