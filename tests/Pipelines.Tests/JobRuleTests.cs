using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

/// <summary>Retries, concurrency, priority, inputs, services of stages, and what is skipped.</summary>
public class JobRuleTests
{
    [Theory]
    [InlineData("2", 0, FailureCause.Failure, 1, 0)]
    [InlineData("2", 2, FailureCause.Failure, 1, null)]
    [InlineData("0", 0, FailureCause.Failure, 1, null)]
    [InlineData("{count: 1, on: agent_lost}", 0, FailureCause.Failure, 1, null)]
    [InlineData("{count: 1, on: agent_lost}", 0, FailureCause.AgentLost, null, 0)]
    [InlineData("{count: 1, on: [failure, timeout]}", 0, FailureCause.Timeout, null, 0)]
    [InlineData("{count: 1, exit_codes: [75, 99]}", 0, FailureCause.Failure, 99, 0)]
    [InlineData("{count: 1, exit_codes: [75, 99]}", 0, FailureCause.Failure, 1, null)]
    [InlineData("{count: 1, exit_codes: 75}", 0, FailureCause.Failure, null, null)]
    [InlineData("{count: 1, exit_codes: 75}", 0, FailureCause.AgentLost, null, 0)]
    [InlineData("{count: 9, delay: 10s}", 0, FailureCause.Failure, 1, 10)]
    [InlineData("{count: 9, delay: 10s}", 3, FailureCause.Failure, 1, 80)]
    [InlineData("{count: 10, delay: 20m}", 8, FailureCause.Failure, 1, 3600)]
    public void Retry_Rule_SaysWhetherAndWhen(string rule, int retries, FailureCause cause, int? exitCode, int? seconds)
    {
        var next = Job($"retry: {rule}").Retry!.Next(retries, cause, exitCode);
        Assert.Equal(seconds is { } wait ? TimeSpan.FromSeconds(wait) : null, next);
    }

    [Theory]
    [InlineData("retry: 11", "bad-value")]
    [InlineData("retry: -1", "bad-value")]
    [InlineData("retry: {on: failure}", "missing-key")]
    [InlineData("retry: {count: 1, on: crash}", "bad-value")]
    [InlineData("retry: {count: 1, on: timeout, exit_codes: 3}", "conflicting-keys")]
    [InlineData("retry: {count: 1, exit_codes: 0}", "bad-value")]
    [InlineData("retry: {max: 1, count: 1}", "unknown-key")]
    [InlineData("priority: high", "bad-value")]
    [InlineData("priority: 101", "bad-value")]
    [InlineData("concurrency: {cancel_in_progress: true}", "missing-key")]
    [InlineData("concurrency: [a]", "wrong-type")]
    public void Mistakes_AreSaid(string key, string code) =>
        Assert.Equal(code, Assert.Single(Sample.Errors($"stages: [{{name: S, jobs: [{{name: J, {key}, steps: [{{run: x}}]}}]}}]")).Code);

    [Fact]
    public void Priority_OfTheJob_GoesOverThatOfThePipeline()
    {
        var plan = Sample.Plan("priority: 5\nstages: [{name: S, jobs: [{name: A, steps: [{run: x}]}, {name: B, priority: -1, steps: [{run: x}]}]}]");
        Assert.Equal([5, -1], plan.Jobs.Select(job => job.Priority));
    }

    [Fact]
    public void Services_OfTheStage_AreThoseOfEachJob_UnlessItHasItsOwn()
    {
        var plan = Sample.Plan("stages: [{name: S, services: [postgres:15, redis:7], jobs: [{name: A, steps: [{run: x}]}, {name: B, services: [{image: other/db, name: postgres}], steps: [{run: x}]}]}]");
        Assert.Equal(["postgres:15 redis:7", "redis:7 other/db"], plan.Jobs.Select(job => string.Join(' ', job.ServiceContainers.Select(service => service.Image))));
    }

    [Fact]
    public void Expressions_OfLabelsAndGroups_SeeMatrixAndInputs()
    {
        var plan = Sample.Plan(
            "inputs: {where: {default: eu}}\nconcurrency: 'deploy-${{ inputs.where }}'\nstages: [{name: S, jobs: [{name: J, matrix: {os: [linux]}, runs_on: ['${{ matrix.os }}', x64], concurrency: {group: 'g-${{ inputs.where }}', cancel_in_progress: true}, steps: [{run: x}]}]}]",
            Sample.Event("manual") with { Inputs = new Dictionary<string, string> { ["where"] = "us" } });
        var job = JobScope.Render(plan.Jobs[0], JobScope.Of(Facts(plan), plan.Jobs[0], _ => default));
        Assert.Equal(["linux", "x64"], job.RunsOn);
        Assert.Equal(("g-us", true), (job.Concurrency!.Group, job.Concurrency.CancelInProgress));
        Assert.Equal("deploy-us", JobScope.GroupOf(Facts(plan), plan.Concurrency!));
    }

    [Theory]
    [InlineData("runs_on: '${{ matrix.os }}'")]
    [InlineData("concurrency: '${{ matrix.os }}'")]
    public void Expressions_ThatGiveNothing_SaySo(string key)
    {
        var plan = Sample.Plan($"stages: [{{name: S, jobs: [{{name: J, {key}, steps: [{{run: x}}]}}]}}]");
        var admission = JobAdmission.Decide(Facts(plan), _ => plan.Jobs[0], plan.Jobs[0], _ => default);
        Assert.Equal(JobResult.Failure, admission.Instead);
        Assert.Contains("${{ matrix.os }} gives ''", admission.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{a: }", "a=x", "\"x\"")]
    [InlineData("{a: {type: number}}", "a=1.50", "1.5")]
    [InlineData("{a: {type: boolean, default: false}}", "", "false")]
    [InlineData("{a: {options: [x, y]}}", "a=y", "\"y\"")]
    [InlineData("{a: {}}", "", "null")]
    [InlineData("{a: {type: number}}", "a=many", "null")]
    [InlineData("{a: {type: boolean}}", "a=yes", "null")]
    public void Inputs_Given_AreValues(string inputs, string given, string json) => Assert.Equal(json, Manual(inputs, given).Inputs["a"]);

    [Theory]
    [InlineData("{a: {type: number}}", "a=x", "The input 'a' is a number such as 3 or 0.5, not 'x'.")]
    [InlineData("{a: {type: boolean}}", "a=yes", "The input 'a' is true or false, not 'yes'.")]
    [InlineData("{a: {options: [x, y]}}", "a=z", "The input 'a' is one of x or y, not 'z'.")]
    [InlineData("{a: {required: true, description: Say it.}}", "", "The input 'a' is required: Say it.")]
    [InlineData("{a: {required: true, default: x}}", "", "")]
    public void Inputs_ThatCannotBe_AreSaid(string inputs, string given, string problem) =>
        Assert.Equal(problem, string.Join('|', InputValues.Problems(Sample.Parse($"inputs: {inputs}\n{Stages}"), Given(given))));

    [Theory]
    [InlineData("[a]", "wrong-type")]
    [InlineData("{'1a': {}}", "bad-name")]
    [InlineData("{a: {type: text}}", "bad-value")]
    [InlineData("{a: {type: choice}}", "missing-key")]
    [InlineData("{a: {type: number, options: [1]}}", "conflicting-keys")]
    [InlineData("{a: {type: number, default: x}}", "bad-value")]
    public void Inputs_Mistakes_AreSaid(string inputs, string code) => Assert.Equal(code, Assert.Single(Sample.Errors($"inputs: {inputs}\n{Stages}")).Code);

    [Theory]
    [InlineData("paths: src/**", "docs/a.md", "The push changed only docs/a.md, which the pipeline's path filters leave out.")]
    [InlineData("paths_ignore: docs/**", "docs/a.md", "The push changed only docs/a.md, which the pipeline's path filters leave out.")]
    [InlineData("paths: src/**", "src/a.cs", null)]
    [InlineData("{branches: other, paths: src/**}", "docs/a.md", null)]
    public void PathFilters_ThatDoNotMatch_AreAReason(string filter, string changed, string? reason)
    {
        var pipeline = Sample.Parse($"triggers: [{{push: {(filter.StartsWith('{') ? filter : $"{{{filter}}}")}}}]\n{Stages}");
        Assert.Equal(reason, Planner.WhySkipped(pipeline, Sample.Push("main", changed)));
    }

    [Theory]
    [InlineData("fix [skip ci]", "[skip ci]")]
    [InlineData("[CI Skip] fix\n\nbody", "[CI Skip]")]
    [InlineData("no mark here", null)]
    public void SkipMark_IsFound(string message, string? mark) => Assert.Equal(mark, SkipMark.In(message));

    private const string Stages = "stages: [{name: S, jobs: [{name: J, steps: [{run: x}]}]}]";

    private static PlannedJob Job(string key) => Sample.Plan($"stages: [{{name: S, jobs: [{{name: J, {key}, steps: [{{run: x}}]}}]}}]").Jobs[0];

    private static BuildPlan Manual(string inputs, string given) => Sample.Plan($"inputs: {inputs}\n{Stages}", Sample.Event("manual") with { Inputs = Given(given) });

    private static Dictionary<string, string> Given(string text) =>
        text.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[1]);

    private static BuildFacts Facts(BuildPlan plan) => new() { Org = "o", Project = "p", Number = 1, Event = Sample.Push(), Actor = "a", Jobs = plan.Jobs, Inputs = plan.Inputs };
}
