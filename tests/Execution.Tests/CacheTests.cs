using PRTS.Api;
using PRTS.Pipelines.Planning;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

public sealed class CacheTests : IAsyncDisposable
{
    private readonly TestMachine machine = new();

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    [Fact]
    public async Task Cache_OfAnotherJob_ComesBackAsItWas()
    {
        var sink = new TestSink();
        await machine.Run(sink, machine.Job(Restore("k"), Step("mkdir -p c/d; echo x > c/d/f; touch -d @1000000000 c/d/f; ln -s /nowhere c/dangling; ln -s d c/e; echo 'a b' > 'c/a b'; chmod +x 'c/a b'"), Save(0, "c")));
        Assert.StartsWith("saved k: 4 files, ", sink.Step(2).Reason, StringComparison.Ordinal);

        var again = new TestSink { Caches = { ["k"] = sink.Caches["k"] } };
        await machine.Run(again, machine.Job(Restore("k"), Step("cat c/e/f; readlink c/dangling; stat -c %Y c/d/f; test -x 'c/a b'; test ! -x c/d/f; touch c/d/new"), Save(0, "c")));
        Assert.StartsWith("restored k of main: 4 files, ", again.Step(0).Reason, StringComparison.Ordinal);
        Assert.Equal("x\n/nowhere\n1000000000\n", again.Log);
        Assert.Equal("k is kept already", again.Step(2).Reason);
    }

    [Fact]
    public async Task Pack_SameFiles_SameBytes()
    {
        var (first, second) = (new TestSink(), new TestSink());
        foreach (var sink in (TestSink[])[first, second])
            await machine.Run(sink, machine.Job(Restore("k"), Step("mkdir c; for i in 3 1 2; do echo $i > c/$i; touch -d @1000000000 c/$i; done"), Save(0, "c", "c/*")));
        Assert.Equal(first.Caches["k"], second.Caches["k"]);
    }

    [Fact]
    public async Task Restore_LinkStandsInTheWay_IsNotFollowedAndTheJobGoesOn()
    {
        var sink = new TestSink();
        await machine.Run(sink, machine.Job(Restore("k"), Step("mkdir c; echo x > c/f"), Save(0, "c")));
        var outside = Directory.CreateTempSubdirectory("prts-outside-").FullName;
        File.SetUnixFileMode(outside, (UnixFileMode)0x1FF);
        var again = new TestSink { Caches = { ["k"] = sink.Caches["k"] } };
        await machine.Run(again, machine.Job(Step($"ln -s {outside} c"), Restore("k")));

        Assert.Equal(RunStatus.Succeeded, again.Step(1).Status);
        Assert.StartsWith("not restored: 'c/f' cannot be written", again.Step(1).Reason, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        Directory.Delete(outside);
    }

    [Fact]
    public async Task Restore_NoArchive_SaysSoAndTheJobGoesOn()
    {
        var sink = new TestSink { Caches = { ["k"] = [1, 2, 3] } };
        await machine.Run(sink, machine.Job(Restore("k"), Step("true")));

        Assert.StartsWith("not restored: ", sink.Step(0).Reason, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
    }

    [Fact]
    public async Task Save_PullRequest_KeepsNothing()
    {
        var sink = new TestSink();
        var job = machine.Job(Restore("k"), Step("touch c"), Save(0, "c"));
        await machine.Run(sink, job with { Event = job.Event with { Kind = "pull_request" } });

        Assert.StartsWith("not saved: a pull_request build keeps no caches", sink.Step(2).Reason, StringComparison.Ordinal);
        Assert.Empty(sink.Caches);
    }

    [Fact]
    public async Task Save_PathOutsideOrLinkedAway_KeepsNothingOfIt()
    {
        var sink = new TestSink();
        await machine.Run(sink, machine.Job(Restore("k"), Step("ln -s /etc away; touch own"), Save(0, "../../x", "/etc/passwd", "away/passwd", "away/*", "own")));

        Assert.StartsWith("saved k: 1 file, ", sink.Step(2).Reason, StringComparison.Ordinal);
    }

    private static PlannedStep Restore(string key) => Of(new() { Key = key, Paths = [] });

    private static PlannedStep Save(int restored, params string[] paths) => Of(new() { Key = "unused", Paths = paths, Restored = restored });

    private static PlannedStep Of(PlannedCache cache) => new() { Index = 0, Name = "Cache", Env = new Dictionary<string, string>(), Cache = cache };
}
