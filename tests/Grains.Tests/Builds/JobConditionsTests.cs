using PRTS.Api;
using PRTS.Contracts.Builds;
using PRTS.Grains.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Tests.Builds;

public sealed class JobConditionsTests
{
    private static JobVerdict Evaluate(string? condition, params (PlannedJob Job, RunStatus Status)[] upstream)
    {
        var job = Plans.Job("last", needs: upstream.Length == 0 ? [] : [upstream[^1].Job.Key], @if: condition) with
        {
            Env = [new Dictionary<string, string>(StringComparer.Ordinal) { ["TARGET"] = "web" }],
        };
        var plan = new Blueprint(BuildId.FromKey("default/demo/hello/7"), Plans.Of([.. upstream.Select(up => up.Job), job]));
        var jobs = upstream.ToDictionary(
            up => up.Job.Key,
            up => new BuildJob { Status = up.Status, Outputs = new Dictionary<string, string>(StringComparer.Ordinal) { ["v"] = "2" } },
            StringComparer.Ordinal);
        return JobConditions.Evaluate(Plans.Request(plan.Plan), plan, job, jobs);
    }

    [Theory]
    [InlineData(null, RunStatus.Succeeded, RunStatus.Queued)]
    [InlineData(null, RunStatus.Failed, RunStatus.Skipped)]
    [InlineData(null, RunStatus.Skipped, RunStatus.Skipped)]
    [InlineData("success()", RunStatus.Skipped, RunStatus.Skipped)]
    [InlineData("failure()", RunStatus.Succeeded, RunStatus.Skipped)]
    [InlineData("failure()", RunStatus.Failed, RunStatus.Queued)]
    [InlineData("failure()", RunStatus.Skipped, RunStatus.Skipped)]
    [InlineData("always()", RunStatus.Failed, RunStatus.Queued)]
    [InlineData("always()", RunStatus.Skipped, RunStatus.Queued)]
    [InlineData("!cancelled()", RunStatus.Failed, RunStatus.Queued)]
    [InlineData("build.branch == 'main'", RunStatus.Succeeded, RunStatus.Queued)]
    [InlineData("build.branch == 'main'", RunStatus.Failed, RunStatus.Skipped)]
    [InlineData("build.number == 7 && build.project == 'demo/hello'", RunStatus.Succeeded, RunStatus.Queued)]
    [InlineData("always() && needs.a.result == 'failure' && needs.a.outputs.v == 2", RunStatus.Failed, RunStatus.Queued)]
    [InlineData("env.TARGET == 'web'", RunStatus.Succeeded, RunStatus.Queued)]
    [InlineData("env.TARGET == 'api'", RunStatus.Succeeded, RunStatus.Skipped)]
    public void Evaluate_AfterOneJob(string? condition, RunStatus need, RunStatus verdict) =>
        Assert.Equal(verdict, Evaluate(condition, (Plans.Job("a"), need)).Status);

    [Fact]
    public void Failure_LooksFurtherThanItsOwnNeeds() => Assert.Equal(
        RunStatus.Queued, Evaluate("failure()", (Plans.Job("a"), RunStatus.Failed), (Plans.Job("b", needs: ["a"]), RunStatus.Skipped)).Status);

    [Fact]
    public void Success_LooksPastAJobThatRanInAnyCase()
    {
        var verdict = Evaluate(null, (Plans.Job("a"), RunStatus.Failed), (Plans.Job("b", needs: ["a"], @if: "always()"), RunStatus.Succeeded));
        Assert.Equal((RunStatus.Skipped, "Skipped because A failed."), (verdict.Status, verdict.Reason));
    }

    [Fact]
    public void AllowedFailure_IsASuccess() => Assert.Equal(RunStatus.Queued, Evaluate(null, (Plans.Job("a", allowFailure: true), RunStatus.Failed)).Status);

    [Fact]
    public void UnmetCondition_IsQuoted() =>
        Assert.Equal("Skipped because its condition is not met: build.branch == 'x'", Evaluate("build.branch == 'x'").Reason);

    [Fact]
    public void ConditionThatCannotBeEvaluated_FailsTheJob()
    {
        var verdict = Evaluate("hashFiles('x') == ''");
        Assert.Equal(RunStatus.Failed, verdict.Status);
        Assert.StartsWith("Its condition cannot be evaluated: hashFiles('x') == '': ", verdict.Reason, StringComparison.Ordinal);
    }
}
