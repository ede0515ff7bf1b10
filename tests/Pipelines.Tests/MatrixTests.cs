using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

/// <summary>What a matrix makes of a job.</summary>
public class MatrixTests
{
    [Theory]
    [InlineData("{a: [1, 2], b: [x, y]}", "J (1, x); J (1, y); J (2, x); J (2, y)")]
    [InlineData("{a: [1, 2], b: [x, y], exclude: [{a: 1, b: y}]}", "J (1, x); J (2, x); J (2, y)")]
    [InlineData("{a: [1, 2], b: [x, y], exclude: [{b: y}]}", "J (1, x); J (2, x)")]
    [InlineData("{a: [1, 2], include: [{a: 3}]}", "J (1); J (2); J (3)")]
    [InlineData("{include: [{a: 1, b: 2}, {a: 3}]}", "J (1, 2); J (3)")]
    [InlineData("{a: [1.10, 'two', true, null]}", "J (1.10); J (two); J (true); J (null)")]
    [InlineData("{a: [{x: 1}, [2, 3]]}", "J ({\"x\":\"1\"}); J ([\"2\",\"3\"])")]
    [InlineData("{a: [1, 1, 2]}", "J (1); J (2)")]
    public void Combinations_MakeJobs(string matrix, string names) => Assert.Equal(names, string.Join("; ", Plan(matrix).Jobs.Select(job => job.Name)));

    /// <summary>The example of GitHub's reference.</summary>
    [Fact]
    public void Include_AsOnGitHub_AddsToWhatItFits()
    {
        var jobs = Plan("{fruit: [apple, pear], animal: [cat, dog], include: [{color: green}, {color: pink, animal: cat}, {fruit: apple, shape: circle}, {fruit: banana}, {fruit: banana, animal: cat}]}").Jobs;
        Assert.Equal(
            [
                "apple cat pink circle", "apple dog green circle", "pear cat pink ", "pear dog green ", "banana   ", "banana cat  ",
            ],
            jobs.Select(job => string.Join(' ', new[] { "fruit", "animal", "color", "shape" }.Select(name => job.Matrix!.Values.GetValueOrDefault(name)?.Trim('"')))));
    }

    [Fact]
    public void Name_WithExpressions_IsUsedAsItIs()
    {
        var jobs = Plan("{a: [1, 2]}", "Test ${{ matrix.a }} of ${{ matrix.b || 'none' }}").Jobs;
        Assert.Equal(["Test 1 of none", "Test 2 of none"], jobs.Select(job => job.Name));
        Assert.Equal(["test-1-of-none", "test-2-of-none"], jobs.Select(job => job.Key));
        Assert.All(jobs, job => Assert.Equal("Test ${{ matrix.a }} of ${{ matrix.b || 'none' }}", job.Matrix!.Group));
    }

    [Fact]
    public void Needs_OfTheGroupAndOfOne_AreEdges()
    {
        var plan = Sample.Plan("""
            stages:
              - name: S
                jobs:
                  - {name: A, matrix: {x: [1, 2], fail_fast: false, max_parallel: 1}, steps: [{run: a}]}
                  - {name: B, matrix: {x: [1, 2]}, steps: [{run: b}]}
              - name: T
                needs: []
                parallel: true
                jobs:
                  - {name: C, needs: [A], steps: [{run: c}]}
                  - {name: D, needs: ["B (2)"], steps: [{run: d}]}
            """);
        var needs = plan.Jobs.ToDictionary(job => job.Key, job => string.Join(' ', job.Needs));
        Assert.Equal(("", "", "a-1 a-2", "a-1 a-2", "a-1 a-2", "b-2"), (needs["a-1"], needs["a-2"], needs["b-1"], needs["b-2"], needs["c"], needs["d"]));
        Assert.Equal((false, 1), (plan.Jobs[0].Matrix!.FailFast, plan.Jobs[0].Matrix!.MaxParallel));
        Assert.Equal((true, 0), (plan.Jobs[2].Matrix!.FailFast, plan.Jobs[2].Matrix!.MaxParallel));
    }

    [Fact]
    public void AllowFailure_OfSomeValues_HoldsForTheirJobs()
    {
        var plan = Sample.Plan("stages: [{name: S, jobs: [{name: J, matrix: {v: [1, 2], include: [{v: 2, risky: true}]}, allow_failure: '${{ matrix.risky }}', steps: [{run: x}]}]}]");
        Assert.Equal([false, true], plan.Jobs.Select(job => job.AllowFailure));
    }

    [Theory]
    [InlineData("{}", "empty-value")]
    [InlineData("[1]", "wrong-type")]
    [InlineData("{a: 1}", "wrong-type")]
    [InlineData("{a: []}", "empty-value")]
    [InlineData("{a: [1], exclude: [{b: 1}]}", "bad-value")]
    [InlineData("{a: [1], exclude: [{a: 1}]}", "empty-value")]
    [InlineData("{a: [1], max_parallel: 0}", "bad-value")]
    [InlineData("{a: [1], fail_fast: maybe}", "wrong-type")]
    [InlineData("{'a b': [1]}", "bad-name")]
    [InlineData("{a: ['${{ build.ref }}']}", "bad-expression")]
    [InlineData("{a: [1, 2, 3, 4, 5, 6, 7], b: [1, 2, 3, 4, 5, 6, 7], c: [1, 2, 3, 4, 5, 6]}", "too-many-jobs")]
    public void Mistakes_AreSaid(string matrix, string code) =>
        Assert.Equal(code, Assert.Single(Sample.Errors($"stages: [{{name: S, jobs: [{{name: J, matrix: {matrix}, steps: [{{run: x}}]}}]}}]")).Code);

    [Theory]
    [InlineData("name: '${{ env.A }}', matrix: {a: [1]}")]
    [InlineData("name: '${{ matrix.a }}'")]
    [InlineData("name: J, matrix: {a: [1]}, allow_failure: '${{ failure() }}'")]
    public void Expressions_ThatAskForMore_AreErrors(string job) =>
        Assert.Equal("bad-expression", Assert.Single(Sample.Errors($"stages: [{{name: S, jobs: [{{{job}, steps: [{{run: x}}]}}]}}]")).Code);

    [Fact]
    public void Names_ThatMeet_AreErrors() => Assert.All(
        Sample.Errors("stages: [{name: S, jobs: [{name: 'J ${{ matrix.b }}', matrix: {a: [1, 2]}, steps: [{run: x}]}]}]"), error => Assert.Equal("duplicate-name", error.Code));

    private static BuildPlan Plan(string matrix, string name = "J") =>
        Sample.Plan($"stages: [{{name: S, jobs: [{{name: \"{name}\", matrix: {matrix}, steps: [{{run: x}}]}}]}}]");
}
