using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using PRTS.Execution.Steps;
using PRTS.Execution.Users;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

/// <summary>What must not be taken for unchanged, and what a step finds that was not run again.</summary>
public sealed class StepCacheTests : IAsyncDisposable
{
    private readonly TestMachine machine = new();

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    private static PlannedStep Cached(string run, string[] inputs, params string[] outputs) => Step(run) with { Memo = new() { Inputs = inputs, Outputs = outputs } };

    /// <summary>A job that finds what the one before it kept.</summary>
    private async Task<TestSink> Again(TestSink before, params PlannedStep[] steps)
    {
        var sink = new TestSink();
        foreach (var (key, bytes) in before.Caches)
            sink.Caches.Add(key, bytes);
        return await machine.Run(sink, machine.Job(steps));
    }

    /// <summary>What cannot be read is not the same as nothing: the step runs each time.</summary>
    [Theory]
    [InlineData("ln -sfn $N in; mkdir -p 1 2; echo 1 > 1/f; echo 2 > 2/f", "in", "cat in/f")]
    [InlineData("ln -sfn $N in; mkdir -p 1 2; echo 1 > 1/f; echo 2 > 2/f", "in/f", "cat in/f")]
    [InlineData("ln -sfn $N in; mkdir -p 1 2; echo 1 > 1/f; echo 2 > 2/f", "in/*", "cat in/f")]
    [InlineData("mkdir in; echo $N > in/$(printf '\\377'); echo $N > in/f", "in", "cat in/f")]
    [InlineData("mkdir in; echo $N > in/f", "[z-a]", "cat in/f")]
    [InlineData("mkdir in; echo $N > in/f", "in/../in/f", "cat in/f")]
    public async Task Inputs_ThatCannotBeRead_RunEachTime(string make, string input, string read)
    {
        var first = await machine.Run(Step("N=1; " + make), Cached(read, [input]));
        Assert.Equal("1\n", first.Log);
        var second = await Again(first, Step("N=2; " + make), Cached(read, [input]));
        Assert.Equal("2\n", second.Log);
    }

    [Fact]
    public async Task Inputs_ThatTheStepItselfChanges_AreNotKept()
    {
        PlannedStep[] steps = [Step("mkdir in; echo 1 > in/f"), Cached("cat in/f > out; echo 2 > in/f", ["in"], "out")];
        var first = await machine.Run(steps);
        Assert.Empty(first.Caches);
        Assert.StartsWith("not cached: ", first.Step(1).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inputs_ThatAStepBesideChanges_AreNotKept()
    {
        PlannedStep[] steps =
        [
            Step("mkdir in; echo 1 > in/f"),
            Cached("while [ ! -e in/new ]; do sleep 0.01; done; cat in/new > out", ["in"], "out") with { Parallel = 0 },
            Step("echo x > in/next; mv in/next in/new") with { Parallel = 0 },
        ];
        var first = await machine.Run(steps);
        Assert.Empty(first.Caches);
        Assert.Equal("not cached: in/new, which it reads, was changed while it ran", first.Step(1).Reason);
    }

    [Fact]
    public async Task Service_OtherSettings_IsAnotherKey()
    {
        PlannedStep[] steps = [Cached("true", ["README.md"])];
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var service in (PlannedContainer[])[new() { Image = "db", Name = "db" }, new() { Image = "db", Name = "db", Env = new Dictionary<string, string> { ["A"] = "1" } }, new() { Image = "db", Name = "db", Command = ["x"] }])
        {
            var job = machine.Job(steps);
            job = job with { Job = job.Job with { ServiceContainers = [service] } };
            var workspace = new Workspace(machine.Options, job, JobUser.Own, TimeProvider.System);
            var host = new MachineSteps(workspace, new Dictionary<string, string>());
            using var history = new JobHistory(JobDirectory.Take(machine.Options, job, new(machine.Options)));
            var scope = new StepScope(job, history, 0, new(false, false, null), workspace, host, machine.Options);
            var (key, _) = await new StepCache(job, null!, workspace).KeyOf(job.Job.Steps[0], job.Job.Steps[0].Memo!, scope, host, new WorkspaceFiles(workspace), TestContext.Current.CancellationToken);
            Assert.True(keys.Add(key!.Text));
        }
    }

    /// <summary>It lies damaged where it is kept.</summary>
    [Fact]
    public async Task Archive_Damaged_RunsTheStep()
    {
        PlannedStep[] steps = [Cached("echo run; echo x > out", ["README.md"], "out"), Step("cat out")];
        var first = await machine.Run(steps);
        var sink = new TestSink { DamagesCaches = true };
        sink.Caches.Add(first.Caches.Keys.Single(), first.Caches.Values.Single());
        Assert.Equal("run\nx\n", (await machine.Run(sink, machine.Job(steps))).Log);
    }

    [Fact]
    public async Task Outputs_PutBack_AreAllThatIsThere()
    {
        PlannedStep[] steps = [Step("mkdir -p out; echo old > out/old"), Cached("rm -rf out; mkdir -p out/empty; echo new > out/new; touch out/secret; chmod 600 out/secret", ["README.md"], "out"), Step("find out | sort; stat -c %a out/secret")];
        var first = await machine.Run(steps);
        var second = await Again(first, steps);
        Assert.StartsWith("unchanged", second.Step(1).Reason, StringComparison.Ordinal);
        Assert.Equal(first.Log, second.Log);
    }
}
