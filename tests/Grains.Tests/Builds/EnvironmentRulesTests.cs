using PRTS.Api;
using PRTS.Api.Environments;
using PRTS.Contracts.Builds;
using PRTS.Grains.Builds;
using PRTS.Grains.Environments;

namespace PRTS.Grains.Tests.Builds;

public sealed class EnvironmentRulesTests
{
    private static readonly DateTimeOffset Now = Plans.Now;
    private static readonly JobStart Start = Plans.Start(Plans.Job("deploy") with { Environment = "production" });

    private static EnvironmentVerdict Decide(EnvironmentSettings settings, DateTimeOffset? now = null, params string[] approvals) =>
        EnvironmentRules.Decide("production", settings, Start, new() { Since = Now, Approvals = [.. approvals.Select(by => new Approval { By = by, At = Now })] }, now ?? Now);

    [Fact]
    public void WithoutSettings_Admits() => Assert.True(Decide(new()).Admitted);

    [Theory]
    [InlineData("main", null)]
    [InlineData("release/**", "The environment production takes deployments of release/** only, and this build is for main.")]
    public void Branches_OfOthers_AreRefused(string branch, string? refusal) => Assert.Equal(refusal, Decide(new() { Branches = [branch] }).Refusal);

    [Theory]
    [InlineData("main", "main", false)]
    [InlineData("tag:main", "main", true)]
    [InlineData("tag:v*", "v1", true)]
    [InlineData("**", "v1", false)]
    [InlineData("!tag:v1", "v1", false)]
    public void Branches_AreNoTags(string pattern, string tag, bool admitted)
    {
        var start = Start with { Event = Start.Event with { Ref = $"refs/tags/{tag}" } };
        Assert.Equal(admitted, EnvironmentRules.Decide("production", new() { Branches = [pattern] }, start, new() { Since = Now }, Now).Admitted);
    }

    [Fact]
    public void Approvals_OfEnoughPeople_Admit()
    {
        var settings = new EnvironmentSettings { Approvals = 2, Approvers = ["ann", "bob", "cid"] };
        Assert.Equal("Deploying to production needs 2 approvals; ann, bob, cid can approve.", Decide(settings).WaitReason);
        Assert.Equal("Deploying to production needs 2 approvals, 1 given (bob); ann, bob, cid can approve.", Decide(settings, null, "bob").WaitReason);
        Assert.True(Decide(settings, null, "bob", "cid").Admitted);
        // Who was an approver when he approved, and is none any more, does not count.
        Assert.False(Decide(settings, null, "bob", "dan").Admitted);
    }

    [Fact]
    public void SelfApproval_WhereItIsNotAllowed_DoesNotCount()
    {
        var settings = new EnvironmentSettings { Approvals = 1, AllowSelfApproval = false };
        Assert.False(Decide(settings, null, "ann").Admitted);
        Assert.True(Decide(settings, null, "bob").Admitted);
        Assert.Equal("ann started this build, and deployments to production need somebody else's approval.", EnvironmentRules.WhyNot("production", settings, Start, new() { Since = Now }, "ann"));
        Assert.Null(EnvironmentRules.WhyNot("production", settings, Start, new() { Since = Now }, "bob"));
    }

    [Fact]
    public void Timer_LetsItStartLater()
    {
        var settings = new EnvironmentSettings { WaitMinutes = 10 };
        var verdict = Decide(settings, Now.AddMinutes(9));
        Assert.Equal(("The environment production lets deployments start after a while: not before 2026-11-23 12:10 UTC.", Now.AddMinutes(10)), (verdict.WaitReason, verdict.Waits!.NotBefore));
        Assert.True(Decide(settings, Now.AddMinutes(10)).Admitted);
    }

    [Fact]
    public void Job_WaitsForItsEnvironment_BeforeAnythingElse()
    {
        var queued = JobLifecycle.Start(new(), Start, Now);
        Assert.Equal(JobEffect.CheckEnvironment, JobWork.Next(queued, new()));
        var waiting = JobLifecycle.Decided(queued, Decide(new() { Approvals = 1 }), Now);
        Assert.Equal((RunStatus.Waiting, JobEffect.None), (waiting.Status, JobWork.Next(waiting, new() { CheckedEnvironment = true })));
        Assert.Same(waiting, JobLifecycle.Decided(waiting, Decide(new() { Approvals = 1 }), Now.AddHours(1)));
        Assert.Equal(1, Summaries.Of(Start, waiting).Approval!.Required);
        var approved = JobLifecycle.Approve(waiting, new() { By = "ann", At = Now });
        var admitted = JobLifecycle.Decided(approved, default, Now);
        Assert.Equal((RunStatus.Queued, true, JobEffect.Ask), (admitted.Status, admitted.Gate!.Admitted, JobWork.Next(admitted, new())));
        Assert.Null(Summaries.Of(Start, admitted).Approval);
        Assert.Same(admitted, JobLifecycle.Reject(admitted, new() { By = "bob", At = Now }));
    }

    [Fact]
    public void Rejected_Fails()
    {
        var waiting = JobLifecycle.Decided(JobLifecycle.Start(new(), Start, Now), Decide(new() { Approvals = 1 }), Now);
        var rejected = JobLifecycle.Reject(waiting, new() { By = "bob", At = Now, Comment = "Not on a Friday." });
        Assert.Equal((RunStatus.Failed, "bob rejected the deployment to production: Not on a Friday."), (rejected.Status, rejected.Reason));
    }

    [Fact]
    public void Refused_Fails() =>
        Assert.Equal(RunStatus.Failed, JobLifecycle.Decided(JobLifecycle.Start(new(), Start, Now), Decide(new() { Branches = ["release"] }), Now).Status);
}
