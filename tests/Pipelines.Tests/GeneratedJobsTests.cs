using System.Globalization;
using System.Text;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

/// <summary>Jobs that a step adds to a plan.</summary>
public sealed class GeneratedJobsTests
{
    private const string Pipeline = """
        stages:
          - name: Test
            jobs:
              - {name: Gen, steps: [{generate: g.yaml}]}
              - {name: Next, steps: [{run: x}]}
          - name: Deploy
            jobs: [{name: Ship, steps: [{download: any}]}]
        """;

    private static readonly TriggerEvent Push = new() { Kind = "push", Ref = "refs/heads/main", Commit = "c" };

    private static BuildPlan Plan { get; } = Planner.Plan(PipelineParser.Parse("p.yaml", Pipeline).Pipeline!, Push)!;

    private static PlannedOrigin Origin(int attempt = 1, int step = 0, string job = "gen") => new() { Job = job, Step = step, Attempt = attempt };

    private static (BuildPlan Plan, IReadOnlyList<Diagnostic> Errors) Add(BuildPlan plan, string yaml, PlannedOrigin? origin = null) =>
        GeneratedJobs.Add(plan, origin ?? Origin(), "g.yaml", Encoding.UTF8.GetBytes(yaml), Push);

    private static string Jobs(params string[] names) => "jobs:\n" + string.Concat(names.Select(name => $"  - {{name: {name}, steps: [{{run: x}}, {{artifact: {{name: any, path: x}}}}]}}\n"));

    private static PlannedJob Job(BuildPlan plan, string key) => plan.Jobs.Single(job => job.Key == key);

    [Fact]
    public void Add_JoinsTheStageAndWhatWaitsForTheGeneratorWaits()
    {
        var (plan, errors) = Add(Plan, Jobs("A", "B"));
        Assert.Empty(errors);
        Assert.Equal(["gen", "next", "ship", "a", "b"], plan.Jobs.Select(job => job.Key));
        Assert.Equal(("Test", "gen"), (Job(plan, "a").Stage, Assert.Single(Job(plan, "a").Needs)));
        Assert.Equal(["gen", "a", "b"], Job(plan, "next").Needs);
        Assert.Equal(["gen", "next", "a", "b"], Job(plan, "ship").Needs);
        Assert.Equal(["a", "b"], Job(plan, "ship").Steps[0].Download!.Jobs);
    }

    [Fact]
    public void Add_Again_ChangesNothing()
    {
        var once = Add(Plan, Jobs("A", "B")).Plan;
        Assert.Equivalent(once, Add(once, Jobs("A", "B")).Plan, strict: true);
    }

    [Fact]
    public void Add_AnotherAttempt_TakesThePlaceOfAllThatTheOneBeforeAdded()
    {
        var first = Add(Add(Plan, Jobs("A", "B")).Plan, Jobs("C"), Origin(step: 1)).Plan;
        var deep = Add(first, Jobs("Deep"), Origin(job: "a")).Plan;
        Assert.Equal(["gen", "next", "ship", "a", "b", "c", "deep"], deep.Jobs.Select(job => job.Key));
        Assert.Equal(["gen", "a", "b", "c", "deep"], Job(deep, "next").Needs);

        var second = Add(deep, Jobs("A"), Origin(attempt: 2)).Plan;
        Assert.Equal(["gen", "next", "ship", "a"], second.Jobs.Select(job => job.Key));
        Assert.Equal(["gen", "a"], Job(second, "next").Needs);
        Assert.Equal(["gen", "next", "ship"], GeneratedJobs.OfAttempt(second, "gen", 3).Jobs.Select(job => job.Key));
        Assert.Same(second, GeneratedJobs.OfAttempt(second, "gen", 2));
        Assert.Equivalent(Plan, GeneratedJobs.Strip(deep), strict: true);
    }

    [Theory]
    [InlineData("", "empty-file", 1)]
    [InlineData("stages: []", "conflicting-keys", 1)]
    [InlineData("jobs:\n  - {name: Ship, steps: [{run: x}]}", "duplicate-name", 2)]
    [InlineData("jobs:\n  - {name: A, needs: [Next], steps: [{run: x}]}", "unknown-need", 2)]
    [InlineData("jobs:\n  - {name: A, needs: [B], steps: [{run: x}]}\n  - {name: B, needs: [A], steps: [{run: x}]}", "cycle", 2)]
    [InlineData("jobs:\n  - {name: A, steps: [{download: nothing}]}", "unknown-artifact", 2)]
    [InlineData("jobs:\n  - {nam: A, steps: [{run: x}]}", "unknown-key", 2)]
    public void Add_WithErrors_SaysWhereAndLeavesThePlan(string yaml, string code, int line)
    {
        var (plan, errors) = Add(Plan, yaml);
        Assert.Same(Plan, plan);
        Assert.Contains(errors, error => error.Code == code && error.Line == line && error.File == "g.yaml");
    }

    [Fact]
    public void Add_TooMany_IsRefused()
    {
        string[] Names(int from, int count) => [.. Enumerable.Range(from, count).Select(number => "J" + number.ToString(CultureInfo.InvariantCulture))];
        Assert.Equal("too-many-jobs", Assert.Single(Add(Plan, Jobs(Names(0, 201))).Errors).Code);
        var plan = Plan;
        for (var step = 0; step < 4; step++) plan = Add(plan, Jobs(Names(step * 200, 200)), Origin(step: step)).Plan;
        Assert.Equal(803, plan.Jobs.Count);
        Assert.Equal("too-many-jobs", Assert.Single(Add(plan, Jobs(Names(800, 198)), Origin(step: 4)).Errors).Code);
        Assert.Empty(Add(plan, Jobs(Names(800, 197)), Origin(step: 4)).Errors);
    }
}
