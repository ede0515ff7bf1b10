using Microsoft.Extensions.DependencyInjection;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Storage.Environments;

namespace PRTS.Grains.Tests.Cluster;

/// <summary>Deployments that wait for approval, with real grains and the real database.</summary>
public sealed class EnvironmentTests(TestCluster cluster)
{
    private EnvironmentsStore Environments => cluster.Services.GetRequiredService<EnvironmentsStore>();

    private static JobSummary Deploy(BuildSummary build) => build.Stages!.SelectMany(stage => stage.Jobs).First(job => job.Key == "deploy");

    private async Task<BuildId> Waiting(Api.Environments.EnvironmentSettings settings)
    {
        var id = new BuildId(cluster.NewProject(), 1);
        await Environments.Set(id.Project, "production", settings, TestCluster.Token);
        await cluster.Grains.Build(id).Create(Plans.Request(Plans.Of(Plans.Job("deploy") with { Environment = "production", EnvironmentUrl = "https://x.example" })));
        await cluster.Until(id, build => Deploy(build).Status == RunStatus.Waiting);
        return id;
    }

    [Fact]
    public async Task Approved_GoesOn_AndIsInTheHistory()
    {
        var id = await Waiting(new() { Approvals = 2, Approvers = ["bob", "cid"] });
        var job = cluster.Grains.Job(new(id, "deploy"));
        Assert.Equal("Only bob, cid can approve deployments to production.", await job.Decide("ann", true, ""));
        Assert.Null(await job.Decide("bob", true, "fine"));
        Assert.Equal("bob has approved this deployment already.", await job.Decide("bob", true, ""));
        await cluster.Until(id, build => Deploy(build).Approval?.Given.Count == 1);
        await cluster.DeactivateAll();
        Assert.Null(await cluster.Grains.Job(new(id, "deploy")).Decide("cid", true, ""));
        Assert.Equal(RunStatus.Succeeded, (await cluster.Ended(id)).Status);
        var history = await Environments.Deployments(id.Project, "production", 0, 10, TestCluster.Token);
        var deployment = Assert.Single(history.Items);
        Assert.Equal((RunStatus.Succeeded, 1, "https://x.example", "bob cid"), (deployment.Status, deployment.Number, deployment.Url, string.Join(' ', deployment.Approvals.Select(approval => approval.By))));
        var environment = Assert.Single(await Environments.List(id.Project, TestCluster.Token));
        Assert.Equal((1, 2), (environment.Current!.Number, environment.Settings.Approvals));
        Assert.Equal($"{new JobId(id, "deploy")} does not wait for an approval.", await cluster.Grains.Job(new(id, "deploy")).Decide("cid", true, ""));
    }

    [Fact]
    public async Task Rejected_FailsTheBuild()
    {
        var id = await Waiting(new() { Approvals = 1 });
        Assert.Null(await cluster.Grains.Job(new(id, "deploy")).Decide("bob", false, "no"));
        var build = await cluster.Ended(id);
        Assert.Equal((RunStatus.Failed, "DEPLOY failed: bob rejected the deployment to production: no."), (build.Status, build.Reason));
    }

    [Fact]
    public async Task Settings_MadeLooser_LetItGoOn()
    {
        var id = await Waiting(new() { Approvals = 1 });
        await Environments.Remove(id.Project, "production", TestCluster.Token);
        await cluster.Grains.Build(id).Wake();
        Assert.Equal(RunStatus.Succeeded, (await cluster.Ended(id)).Status);
    }

    [Fact]
    public async Task Canceled_EndsWhileItWaits()
    {
        var id = await Waiting(new() { WaitMinutes = 10 });
        await cluster.Grains.Build(id).Cancel("ann", "");
        Assert.Equal(RunStatus.Canceled, (await cluster.Ended(id)).Status);
    }
}
