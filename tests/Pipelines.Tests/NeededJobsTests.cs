using System.Text;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

/// <summary>What jobs read as <c>needs</c>.</summary>
public class NeededJobsTests
{
    private const string Plan = """
        stages:
          - name: S
            parallel: true
            jobs:
              - {name: Unit Test, matrix: {v: [a, b, c], include: [{v: c, risky: true}]}, allow_failure: '${{ matrix.risky }}', steps: [{run: x}]}
              - {name: Build, steps: [{run: x}]}
              - {name: All, needs: [Build, Unit Test], steps: [{run: x}]}
              - {name: Some, needs: ["Unit Test (a)", "Unit Test (b)"], steps: [{run: x}]}
        """;

    /// <summary>Of the three jobs of the matrix; the last may fail.</summary>
    [Theory]
    [InlineData("success success success", "success")]
    [InlineData("success failure cancelled", "failure")]
    [InlineData("success success failure", "success")]
    [InlineData("skipped skipped failure", "success")]
    [InlineData("success cancelled failure", "cancelled")]
    [InlineData("skipped cancelled skipped", "cancelled")]
    [InlineData("skipped skipped skipped", "skipped")]
    [InlineData("skipped success skipped", "success")]
    public void Result_OfAMatrix_IsThatOfItsJobs(string jobs, string expected)
    {
        var results = jobs.Split(' ').Select(word => Enum.Parse<JobResult>(word, ignoreCase: true)).ToList();
        var plan = Sample.Plan(Plan);
        var needs = NeededJobs.Of(plan.Jobs, Job(plan, "all"), key => new(key == "build" ? JobResult.Failure : results[key[^1] - 'a']));
        Assert.Equal(["build", "unit-test-a", "unit-test-b", "unit-test-c", "unit-test"], needs.Keys);
        Assert.Equal(Enum.Parse<JobResult>(expected, ignoreCase: true), needs["unit-test"].Result);
        Assert.Equal(results, "abc".Select(v => needs[$"unit-test-{v}"].Result));
    }

    [Fact]
    public void Outputs_OfAMatrix_AreMergedInThePlansOrder()
    {
        var plan = Sample.Plan(Plan);
        var turned = Job(plan, "all") with { Needs = ["unit-test-c", "unit-test-a", "unit-test-b"] };
        var outputs = NeededJobs.Of(plan.Jobs, turned, key => new(JobResult.Success, new Dictionary<string, string> { ["last"] = key, [key] = "1" }))["unit-test"].Outputs!;
        Assert.Equal(("unit-test-c", 4), (outputs["last"], outputs.Count));
    }

    [Fact]
    public void Matrix_OfWhichSomeJobsAreNeeded_IsNoWhole()
    {
        var plan = Sample.Plan(Plan);
        Assert.Equal(["unit-test-a", "unit-test-b"], NeededJobs.Of(plan.Jobs, Job(plan, "some"), _ => default).Keys);
    }

    /// <summary>By a job's key, and by an earlier matrix.</summary>
    [Fact]
    public void Key_ThatIsTaken_StaysWhatItIs()
    {
        var plan = Sample.Plan("""
            stages:
              - name: S
                parallel: true
                jobs:
                  - {name: test, steps: [{run: x}]}
                  - {name: Test, matrix: {v: [a]}, steps: [{run: x}]}
                  - {name: Lint, matrix: {v: [a]}, steps: [{run: x}]}
                  - {name: lint!, matrix: {v: [a]}, steps: [{run: x}]}
                  - {name: All, needs: [test, Test, Lint, lint!], steps: [{run: x}]}
            """);
        var needs = NeededJobs.Of(plan.Jobs, Job(plan, "all"), key => new(key is "test" or "lint-a" ? JobResult.Success : JobResult.Cancelled));
        Assert.Equal(["test", "test-a", "lint-a", "lint-a-2", "lint"], needs.Keys);
        Assert.Equal((JobResult.Success, JobResult.Success), (needs["test"].Result, needs["lint"].Result));
    }

    [Fact]
    public void Matrix_ThatAStepGenerated_IsAWholeForWhoeverWaits()
    {
        var plan = Sample.Plan("""
            stages:
              - name: S
                jobs:
                  - {name: Plan, steps: [{generate: jobs.yaml}]}
              - name: T
                jobs:
                  - {name: All, steps: [{run: x}]}
            """);
        var (changed, errors) = GeneratedJobs.Add(plan, new() { Job = "plan", Step = 0, Attempt = 1 }, "jobs.yaml",
            Encoding.UTF8.GetBytes("jobs: [{name: Deep Test, matrix: {v: [1, 2]}, steps: [{run: x}]}]"), Sample.Push());
        Assert.Empty(errors);
        Assert.Equal(["plan", "deep-test-1", "deep-test-2", "deep-test"], NeededJobs.Of(changed.Jobs, Job(changed, "all"), _ => default).Keys);
    }

    private static PlannedJob Job(BuildPlan plan, string key) => plan.Jobs.Single(job => job.Key == key);
}
