using System.Diagnostics;
using PRTS.Cli.Processes;

namespace PRTS.Cli.Tests.Local;

/// <summary><c>prts run</c> in a git working tree, with real steps under the real supervisor.</summary>
public sealed class RunTests : IAsyncDisposable
{
    private readonly Prts prts = new();

    public RunTests()
    {
        Git("init", "-q", "-b", "main");
        Write(".gitignore", "*.log\n");
    }

    public ValueTask DisposeAsync() => prts.DisposeAsync();

    [Fact]
    public async Task Run_DirtyTree_IsSeenAsItIs()
    {
        Write("a.txt", "old\n");
        Write("gone.txt", "x\n");
        Pipeline("""
            stages:
              - name: Test
                jobs:
                  - name: Look
                    env: {WHO: world}
                    steps:
                      - run: cat a.txt b.txt; ls *.log 2>/dev/null || echo no logs; git status --short
                      - run: echo "hello $WHO on $PRTS_BRANCH by $PRTS_EVENT"; printf 'no end'
            """);
        Write("a.txt", "new\n");
        Write("b.txt", "untracked\n");
        Write("c.log", "ignored\n");
        File.Delete(Path.Combine(prts.Scratch, "gone.txt"));

        var answer = await prts.RunAsync("run");

        Assert.Equal("new\nuntracked\nno logs\n M a.txt\n D gone.txt\n?? b.txt\nhello world on main by manual\nno end", answer.Output);
        Assert.Equal(0, answer.ExitCode);
        Assert.Equal("new\n", await File.ReadAllTextAsync(Path.Combine(prts.Scratch, "a.txt"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Run_MatrixRetryAndInputs_AreAsOnAServer()
    {
        Pipeline("""
            inputs: {who: {required: true}}
            stages:
              - name: Test
                jobs:
                  - name: Flaky
                    retry: 1
                    steps: [{run: 'echo "${{ inputs.who }} $PRTS_ATTEMPT"; test "$PRTS_ATTEMPT" = 2'}]
              - name: Matrix
                jobs:
                  - name: M
                    matrix: {v: [bad, a, b], max_parallel: 1}
                    steps: [{run: 'test ${{ matrix.v }} != bad'}]
            """);
        Assert.Equal(2, (await prts.RunAsync("run")).ExitCode);
        var answer = await prts.RunAsync("run", "--input", "who=ann");
        Assert.Equal("Flaky | ann 1\nFlaky | ann 2\n", answer.Output);
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("Flaky: tried again, retry 1 of 1", answer.Error, StringComparison.Ordinal);
        Assert.Contains("M (b): Canceled because M (bad) failed, and the matrix is fail_fast.", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_MatrixAsAWhole_IsOfTheNeeds()
    {
        Pipeline("""
            stages:
              - name: Test
                jobs:
                  - name: M
                    matrix: {v: [a, b]}
                    steps: [{id: o, run: 'echo v=${{ matrix.v }} >> "$PRTS_OUTPUT"'}]
                  - name: Last
                    if: needs.m.outputs.v == 'b'
                    steps: [{run: 'echo ${{ needs.m.result }} ${{ needs.m.outputs.v }} ${{ needs.m-a.outputs.v }}'}]
            """);
        var answer = await prts.RunAsync("run");
        Assert.Equal((0, "success b a\n"), (answer.ExitCode, answer.Output.Replace("Last | ", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_OnceConcurrencyAndPriority_AreAsOnAServer()
    {
        // The jobs' users may write there.
        var shared = Directory.CreateTempSubdirectory("prts-cli-shared-");
        File.SetUnixFileMode(shared.FullName, (UnixFileMode)0b111_111_111);
        Pipeline("""
            stages:
              - name: Main
                parallel: true
                jobs:
                  - name: Failing
                    retry: 2
                    steps: [{once: true, run: echo failing; exit 1}]
                  - name: Later
                    retry: 1
                    steps: [{id: x, once: true, run: 'echo once; echo v=1 >> "$PRTS_OUTPUT"'}, {run: 'echo "${{ steps.x.outputs.v }} $PRTS_ATTEMPT"; test "$PRTS_ATTEMPT" = 2'}]
              - name: Group
                if: always()
                parallel: true
                jobs:
                  - {name: A, concurrency: g, steps: [{run: 'mkdir "LOCK"; sleep 0.3; rmdir "LOCK"'}]}
                  - {name: B, concurrency: g, steps: [{run: 'mkdir "LOCK"; sleep 0.3; rmdir "LOCK"'}]}
              - name: Superseded
                if: always()
                parallel: true
                jobs:
                  - {name: Old, priority: 1, concurrency: s, steps: [{run: sleep 60}]}
                  - {name: New, concurrency: {group: s, cancel_in_progress: true}, steps: [{run: echo new}]}
            """.Replace("LOCK", Path.Combine(shared.FullName, "lock"), StringComparison.Ordinal));
        var answer = await prts.RunAsync("run");
        shared.Delete();
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("A: succeeded", answer.Error, StringComparison.Ordinal);
        Assert.Contains("B: succeeded", answer.Error, StringComparison.Ordinal);
        Assert.Equal(["Failing | failing", "Later | 1 1", "Later | 1 2", "Later | once", "New | new"], answer.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Contains("Old: Canceled because New took its place in the concurrency group s.", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_ShowsJobsWithoutRunningThem_AndSaysWhatIsWrong()
    {
        Pipeline("""
            inputs: {n: {type: number}}
            stages:
              - name: Test
                jobs:
                  - {name: A, matrix: {v: [1, 2]}, retry: 2, steps: [{run: touch ran}]}
                  - {name: B, when: {branch: other}, steps: [{run: touch ran}]}
            """);
        var plan = await prts.RunAsync("plan");
        Assert.Equal(0, plan.ExitCode);
        Assert.Contains("  A (1)  (a-1)\n    tried 3 times at most\n    1. touch ran\n", plan.Output, StringComparison.Ordinal);
        Assert.Contains("    skipped: The job's when.branch wants other; this build is for branch main.\n", plan.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(prts.Scratch, "ran")));
        var json = await prts.RunAsync("plan", "--json", "--input", "n=3.0");
        using var document = System.Text.Json.JsonDocument.Parse(json.Output);
        Assert.Equal(".prts/pipeline.yaml", document.RootElement.GetProperty("file").GetString());
        Assert.Equal("3", document.RootElement.GetProperty("inputs").GetProperty("n").GetString());
        Assert.Equal((2, "prts: There is no input 'm'; there are n.\n"), ((await prts.RunAsync("plan", "--input", "m=1")).ExitCode, (await prts.RunAsync("plan", "--input", "m=1")).Error));
        Assert.Equal(2, (await prts.RunAsync("plan", "--input", "n")).ExitCode);
    }

    [Fact]
    public async Task Run_SeveralJobs_GoByNeedsConditionsAndOutputs()
    {
        Pipeline("""
            stages:
              - name: Build
                parallel: true
                jobs:
                  - name: Version
                    steps:
                      - id: v
                        run: echo "number=7" >> $PRTS_OUTPUT
                  - name: Broken
                    steps: [run: exit 3]
              - name: After
                parallel: true
                jobs:
                  - name: Ship
                    steps: [run: echo never]
                  - name: Clean
                    if: always()
                    steps: [run: "echo cleaning ${{ needs.version.outputs.number }}"]
                  - name: Boxed
                    if: always()
                    image: node:20
                    steps: [run: echo never]
            """);

        prts["PRTS_CONTAINERS"] = "none";
        var answer = await prts.RunAsync("run");

        Assert.Equal((1, "Clean | cleaning 7\n"), (answer.ExitCode, answer.Output));
        Assert.Contains("– Ship: Skipped because Broken failed.", answer.Error, StringComparison.Ordinal);
        Assert.Contains("the job needs containers, and this agent has no container engine", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Artifacts_AreKeptWhereAsked()
    {
        Pipeline("""
            stages:
              - name: Build
                jobs:
                  - name: Pack
                    steps:
                      - run: mkdir -p dist/deep; echo hi > dist/deep/hi.txt
                      - artifact: {name: site, path: dist/}
            """);

        var answer = await prts.RunAsync("run", "--artifacts", "kept");

        Assert.Equal(0, answer.ExitCode);
        Assert.Equal("hi\n", await File.ReadAllTextAsync(Path.Combine(prts.Scratch, "kept/pack/site/deep/hi.txt"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Run_Interrupted_StopsTheStepAndExits130()
    {
        Pipeline("""
            stages:
              - name: Build
                jobs:
                  - name: Wait
                    steps: [run: "echo begun; sleep 600"]
            """);
        using var process = prts.Start("run");
        Assert.Equal("begun", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        Unix.Signal(process.Id, Unix.SigInt);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(130, process.ExitCode);
    }

    [Fact]
    public async Task Run_InvalidPipelineOrNoTrigger_Exits2()
    {
        Pipeline("stages: 7\n");
        var invalid = await prts.RunAsync("run");
        Assert.Equal(2, invalid.ExitCode);
        Assert.Contains(".prts/pipeline.yaml:1:", invalid.Error, StringComparison.Ordinal);

        Pipeline("triggers: [push: {branches: [release]}]\nstages: [{name: S, jobs: [{name: J, steps: [run: ls]}]}]\n");
        var untriggered = await prts.RunAsync("run", "--event", "push");
        Assert.Equal((2, "prts: No trigger of .prts/pipeline.yaml asks for a push of refs/heads/main.\n"), (untriggered.ExitCode, untriggered.Error));
    }

    private void Pipeline(string text)
    {
        Write(".prts/pipeline.yaml", text);
        Git("add", ".");
        Git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x");
    }

    private void Write(string path, string text)
    {
        var full = Path.Combine(prts.Scratch, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    private void Git(params string[] arguments)
    {
        using var git = Process.Start("git", ["-C", prts.Scratch, .. arguments]);
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
    }
}
