using System.Globalization;
using PRTS.Api;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

public sealed class WorkspaceTests : IAsyncDisposable
{
    private readonly TestMachine machine = new();

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    [Fact]
    public async Task Checkout_EachCommit_IsFreshAndGitWorks()
    {
        machine.Git("-c", "user.name=T", "-c", "user.email=t@example.com", "tag", "-a", "v1", "-m", "v1");
        await machine.Run(Step("touch left-behind; git status --short"));
        machine.Write("new", "2\n");

        var sink = await machine.Run(Step("ls; git status --short; git describe; git rev-parse --abbrev-ref HEAD; git log --format=%s; git config --get remote.origin.url; git for-each-ref --format='%(refname)'; git commit --quiet --allow-empty -m x -c HEAD 2>&1 | head -1 | cut -c1-6"));

        Assert.StartsWith("README.md\nnew\nv1-1-g", sink.Log, StringComparison.Ordinal);
        Assert.Contains("\nmain\nChange new\nChange README.md\n", sink.Log, StringComparison.Ordinal);
        Assert.Contains("refs/heads/main\nrefs/remotes/origin/main\nrefs/tags/v1\n", sink.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checkout_OldCommitAfterForcePush_StillWorks()
    {
        var job = machine.Job(Step("cat lost"));
        var lost = machine.Write("lost", "found\n");
        machine.Git("reset", "--quiet", "--hard", "HEAD~1");

        var sink = await machine.Run(new TestSink(), job with { Event = job.Event with { Commit = lost } });

        Assert.Equal("found\n", sink.Log);
    }

    [Fact]
    public async Task Checkout_AnswersCutOff_AreAskedForAgain()
    {
        machine.Server.Cuts = 3;

        var sink = await machine.Run(Step("cat README.md"));

        Assert.Equal((0, "hello\n"), (machine.Server.Cuts, sink.Log));
    }

    [Fact]
    public async Task Checkout_BranchAndTagGone_AreGoneHereToo()
    {
        machine.Git("branch", "old");
        machine.Git("tag", "gone");
        await machine.Run(Step("true"));
        machine.Git("branch", "-D", "old");
        machine.Git("tag", "-d", "gone");
        machine.Write("new", "2\n");

        var sink = await machine.Run(Step("git for-each-ref --format='%(refname)'; git fsck --connectivity-only 2>&1"));

        Assert.Equal("refs/heads/main\nrefs/remotes/origin/main\n", sink.Log);
    }

    [Fact]
    public async Task Checkout_NoSuchRepository_FailsTheJobAtOnce()
    {
        var sink = await machine.Run(new TestSink(), machine.Job(Step("true")) with { Project = "other" });

        Assert.Equal(RunStatus.Failed, sink.Ended!.Status);
        Assert.Contains("answered 404: There is no such repository.", sink.Ended.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checkout_UnknownCommit_FailsTheJobWithGitsWords()
    {
        var job = machine.Job(Step("true"));
        var sink = await machine.Run(new TestSink(), job with { Event = job.Event with { Commit = new string('a', 40) } });

        Assert.Equal(RunStatus.Failed, sink.Ended!.Status);
        Assert.StartsWith("checkout failed: ", sink.Ended.Reason, StringComparison.Ordinal);
        Assert.Contains("not our ref", sink.Ended.Reason, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Skipped, sink.Step(0).Status);
    }

    [Fact]
    public async Task Checkout_BrokenMirror_IsMadeAnew()
    {
        await machine.Run(Step("true"));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(machine.Options.MirrorsDirectory, "demo", "hello.git", "objects", "pack")))
            await File.WriteAllTextAsync(file, "garbage", TestContext.Current.CancellationToken);
        machine.Write("new", "2\n");

        var sink = await machine.Run(Step("cat new"));

        Assert.Equal("2\n", sink.Log);
    }

    [Fact]
    public async Task Steps_AgentIsRoot_RunAsAUserOfTheirOwn()
    {
        Assert.SkipUnless(Environment.UserName == "root", "The agent does not run as root here.");
        var sinks = await Task.WhenAll(
            machine.Run(Step("id -u; id -g; id -G; grep NoNewPrivs /proc/self/status; touch ok $HOME/ok $TMPDIR/ok; echo to stdout > /dev/stdout; echo to stderr > /dev/stderr; sleep 1")),
            machine.Run(Step("id -u; sleep 1")));

        var lines = sinks[0].Log.Split('\n');
        Assert.InRange(int.Parse(lines[0], CultureInfo.InvariantCulture), 70_000, 79_999);
        Assert.Equal([lines[0], lines[0], lines[0], "NoNewPrivs:\t1", "to stdout", "to stderr"], lines[..6]);
        Assert.NotEqual(lines[0], sinks[1].Log.Trim());
    }

    [Fact]
    public async Task Steps_AgentIsRoot_CannotReachTheAgentsFilesOrOtherJobs()
    {
        Assert.SkipUnless(Environment.UserName == "root", "The agent does not run as root here.");
        var work = machine.Options.WorkDirectory;
        var sink = await machine.Run(
            Step($"! ls {machine.Options.JobsDirectory} && ! ls {machine.Options.MirrorsDirectory} && ! ls {work} && ! ls {work}/.trash && ! kill -0 $PPID && ! cat /proc/$PPID/environ"),
            Step("! touch ../steps/x && ! rm $PRTS_OUTPUT && ! echo evil >> $0 && ! touch ../x"),
            Step("bash -c 'echo $LD_PRELOAD'") with { Env = new Dictionary<string, string> { ["LD_PRELOAD"] = "./evil.so" } });

        Assert.Null(sink.Step(0).Reason);
        Assert.Null(sink.Step(1).Reason);
        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
    }

    [Fact]
    public void Validate_WorkDirectoryClosedToOthers_SaysWhichDirectoryAndWhat()
    {
        Assert.SkipUnless(Environment.UserName == "root", "The agent does not run as root here.");
        var closed = Path.Combine(machine.Root, "closed");
        Directory.CreateDirectory(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var options = new ExecutionOptions
        {
            JobsDirectory = machine.Options.JobsDirectory,
            WorkDirectory = Path.Combine(closed, "work"),
            MirrorsDirectory = machine.Options.MirrorsDirectory,
            SupervisorPath = "/none",
            AgentName = "a",
            JobUser = "root",
        };

        var problems = options.Validate();

        Assert.Equal(3, problems.Count);
        Assert.Contains(problems, problem => problem.Contains($"through {closed} (no x for others)", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("PRTS_JOB_USER 'root' cannot be used: steps must not run as root", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("/none does not exist", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("mkdir -p $HOME/cache/deep; touch $HOME/cache/deep/file; chmod -R a-w $HOME/cache; chmod 000 $HOME/cache")]
    [InlineData("mkdir \"$(printf '\\344')\"; touch \"$(printf '\\344')/$(printf '\\377').txt\"")]
    [InlineData("long=$(printf 'x%.0s' {1..250}); for i in {1..20}; do mkdir $long; cd $long; done")]
    public async Task CleanUp_WhatIsHardToDelete_IsDeleted(string command)
    {
        var sink = await machine.Run(Step(command));
        Assert.Equal(RunStatus.Succeeded, sink.Step(0).Status);
        await machine.DisposeAgents();

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(machine.Options.WorkDirectory, ".trash")));
        Assert.Equal([".trash"], Directory.EnumerateFileSystemEntries(machine.Options.WorkDirectory).Select(Path.GetFileName));
    }
}
