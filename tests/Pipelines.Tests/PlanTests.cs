using System.Text.Json;
using CsCheck;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

/// <summary>From a pipeline to the jobs of a build.</summary>
public class PlanTests
{
    [Fact]
    public void Plan_EveryKey_ArrivesInThePlan()
    {
        var job = Sample.Plan("""
            env: {A: 1, B: pipeline}
            stages:
              - name: S
                if: always()
                variables: {B: variable, C: 1.50}
                env: {B: stage}
                jobs:
                  - name: J
                    if: ${{ build.branch == 'main' }}
                    runs_on: [linux, gpu]
                    image: a/b:1
                    services: [db]
                    environment: prod
                    timeout: 1h30m
                    allow_failure: true
                    env: {C: true}
                    steps:
                      - name: Say ${{ env.A }}
                        id: say
                        run: |

                          echo one
                          echo two
                        shell: sh
                        working_directory: a/b
                        timeout: 0.5
                        continue_on_error: true
                        if: failure()
                        variables: {D: x}
                        env: {D: y}
                      - run: "\n  first line\nsecond"
            """).Jobs[0];
        Assert.Equal("(always()) && (build.branch == 'main')", job.If);
        Assert.Equal(["linux", "gpu"], job.RunsOn);
        Assert.Equal(("a/b:1", "prod", true, TimeSpan.FromMinutes(90)), (job.Container!.Image, job.Environment, job.AllowFailure, job.Timeout));
        Assert.Equal(["db"], job.ServiceContainers.Select(service => service.Name));
        Assert.Equal(["A=1 B=pipeline", "B=stage C=1.50", "C=true"], job.Env.Select(level => string.Join(' ', level.Select(variable => $"{variable.Key}={variable.Value}"))));
        var step = job.Steps[0];
        Assert.Equal(("Say ${{ env.A }}", "say", "\necho one\necho two\n", "sh", "a/b"), (step.Name, step.Id, step.Run, step.Shell, step.WorkingDirectory));
        Assert.Equal((TimeSpan.FromSeconds(30), true, "failure()"), (step.Timeout, step.ContinueOnError, step.If));
        Assert.Equal(new Dictionary<string, string> { ["D"] = "y" }, step.Env);
        Assert.Equal((1, "first line", "bash", null, null), (job.Steps[1].Index, job.Steps[1].Name, job.Steps[1].Shell, job.Steps[1].Timeout, job.Steps[1].If));
    }

    [Theory]
    [InlineData("30s", 30)]
    [InlineData("10m", 600)]
    [InlineData("1h30m", 5400)]
    [InlineData("1h1s", 3601)]
    [InlineData("720h", 2_592_000)]
    [InlineData("5", 300)]
    [InlineData("1.5", 90)]
    public void Plan_Timeout_IsADuration(string written, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Sample.Plan($"stages: [{{name: S, jobs: [{{name: J, timeout: {written}, steps: [{{run: ls}}]}}]}}]").Jobs[0].Timeout);

    [Fact]
    public void Plan_Defaults_AreThose()
    {
        var plan = Planner.Plan(PipelineParser.Parse(".prts/nightly.yaml", "stages: [{name: S, jobs: [{name: J, steps: [{run: ls}]}]}]").Pipeline!, Sample.Push())!;
        Assert.Equal(("nightly", ".prts/nightly.yaml"), (plan.Name, plan.File));
        var job = plan.Jobs[0];
        Assert.Equal((null, null, null, null, false, TimeSpan.FromHours(1)), (job.If, job.SkipReason, job.Container?.Image, job.Environment, job.AllowFailure, job.Timeout));
    }

    [Fact]
    public void Plan_Needs_ComeFromStagesJobsAndOrder()
    {
        var plan = Sample.Plan("""
            stages:
              - {name: A, jobs: [{name: a1, steps: [{run: ls}]}, {name: a2, steps: [{run: ls}]}]}
              - {name: B, parallel: true, jobs: [{name: b1, steps: [{run: ls}]}, {name: b2, needs: b1, steps: [{run: ls}]}, {name: b3, steps: [{run: ls}]}]}
              - {name: C, needs: [], jobs: [{name: c1, needs: [a1, a1], steps: [{run: ls}]}]}
              - {name: D, needs: [A, C], jobs: [{name: d1, steps: [{run: ls}]}, {name: d2, steps: [{run: ls}]}]}
            """);
        var needs = plan.Jobs.ToDictionary(j => j.Key, j => string.Join(' ', j.Needs));
        Assert.Equal(new Dictionary<string, string>
        {
            ["a1"] = "",
            ["a2"] = "a1",
            ["b1"] = "a1 a2",
            ["b2"] = "a1 a2 b1",
            ["b3"] = "a1 a2",
            ["c1"] = "a1",
            ["d1"] = "a1 a2 c1",
            ["d2"] = "a1 a2 c1 d1",
        }, needs);
        Assert.Equal([[], ["A"], [], ["A", "C"]], plan.Stages.Select(s => s.Needs.ToArray()));
    }

    [Fact]
    public void Plan_Keys_AreUniqueAndPlain()
    {
        string[] names = ["Build & Test", "build-test", "构建", "部署", "Café", "-x-", "job", new('n', 90), new string('n', 90) + "2", "a/b\\c"];
        var plan = Sample.Plan($"stages: [{{name: S, jobs: [{string.Join(", ", names.Select(n => $"{{name: '{n}', steps: [{{run: ls}}]}}"))}]}}]");
        Assert.Equal(["build-test", "build-test-2", "job", "job-2", "caf", "x", "job-3", new('n', 80), new string('n', 78) + "-2", "a-b-c"], plan.Jobs.Select(j => j.Key));
        CheckGraph(plan);
    }

    [Fact]
    public void Plan_ThousandJobs_AreAllThere()
    {
        var plan = Sample.Plan(Jobs(10, 100));
        Assert.Equal(1000, plan.Jobs.Count);
        Assert.Equal(100, plan.Jobs[999].Needs.Count);
        CheckGraph(plan);
    }

    [Fact]
    public void Parse_TooMuchToPlan_IsAnError()
    {
        Assert.Equal(DiagnosticCodes.TooManyJobs, Assert.Single(Sample.Errors(Jobs(1, 1001))).Code);
        Assert.Equal(DiagnosticCodes.PlanTooLarge, Assert.Single(Sample.Errors($"env: {{A: {new string('x', 100_000)}}}\n{Jobs(1, 100)}")).Code);
    }

    [Fact]
    public void Plan_AnyGraph_IsAcyclicAndItsNeedsExist()
    {
        var job = Gen.Select(Gen.Int[0, 30].Array[0, 3], Gen.Bool);
        Gen.Select(job.Array[1, 6], Gen.Bool, Gen.Int[0, 8].Array[0, 2], Gen.Bool).Array[1, 6].Sample(stages =>
        {
            var text = Write(stages);
            var result = PipelineParser.Parse(Sample.File, text);
            if (result.Pipeline is null)
                Assert.All(result.Errors, e => Assert.True(e.Code is DiagnosticCodes.Cycle or DiagnosticCodes.UnknownNeed, $"{e}\n{text}"));
            else
            {
                var plan = Planner.Plan(result.Pipeline, Sample.Push())!;
                CheckGraph(plan);
                Assert.Equal(JsonSerializer.Serialize(plan), JsonSerializer.Serialize(Planner.Plan(result.Pipeline, Sample.Push())));
            }
        }, iter: 3000);
    }

    /// <summary>Keys are unique and well-formed, needs exist, and the jobs can be put in an order.</summary>
    internal static void CheckGraph(BuildPlan plan)
    {
        var keys = plan.Jobs.Select(j => j.Key).ToHashSet();
        Assert.Equal(plan.Jobs.Count, keys.Count);
        Assert.All(keys, k => Assert.True(k.Length is > 0 and <= 80 && k.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'), k));
        var stages = plan.Stages.Select(s => s.Name).ToHashSet();
        Assert.All(plan.Stages, s => Assert.Subset(stages, s.Needs.ToHashSet()));
        var waiting = plan.Jobs.ToList();
        var ended = new HashSet<string>();
        while (waiting.Count > 0)
        {
            Assert.All(waiting, j => Assert.Subset(keys, j.Needs.ToHashSet()));
            var ready = waiting.Where(j => j.Needs.All(ended.Contains)).ToList();
            Assert.NotEmpty(ready);
            ended.UnionWith(ready.Select(j => j.Key));
            waiting.RemoveAll(ready.Contains);
        }
    }

    private static string Jobs(int stages, int jobs) => "stages:\n" + string.Concat(Enumerable.Range(0, stages).Select(s =>
        $"- name: S{s}\n  parallel: true\n  jobs:\n" + string.Concat(Enumerable.Range(0, jobs).Select(j => $"  - {{name: J {s} {j}, steps: [{{run: ls}}]}}\n"))));

    private static string Write(((int[] Needs, bool HasNeeds)[] Jobs, bool Parallel, int[] Needs, bool HasNeeds)[] stages)
    {
        var text = "stages:\n";
        var number = 0;
        foreach (var (index, stage) in stages.Index())
        {
            text += $"- name: S{index}\n  parallel: {(stage.Parallel ? "true" : "false")}\n{(stage.HasNeeds ? $"  needs: [{string.Join(", ", stage.Needs.Select(n => $"S{n}"))}]\n" : "")}  jobs:\n";
            foreach (var job in stage.Jobs)
                text += $"  - {{name: J{number++}, {(job.HasNeeds ? $"needs: [{string.Join(", ", job.Needs.Select(n => $"J{n}"))}], " : "")}steps: [{{run: ls}}]}}\n";
        }

        return text;
    }
}
