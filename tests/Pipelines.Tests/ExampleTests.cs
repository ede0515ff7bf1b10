using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

/// <summary>The example that specifies the language.</summary>
public class ExampleTests
{
    [Fact]
    public void Example_PushToMain_PlansAllStages()
    {
        var plan = Sample.Plan(Sample.Example, Sample.Push("main"));
        Assert.Equal("Build and Deploy", plan.Name);
        Assert.Equal(["Build", "Test", "Deploy"], plan.Stages.Select(s => s.Name));
        Assert.Equal(["build-frontend", "build-backend", "integration-tests", "deploy-to-production"], plan.Jobs.Select(j => j.Key));
        Assert.Equal([[], [], ["build-frontend", "build-backend"], ["integration-tests"]], plan.Jobs.Select(j => j.Needs.ToArray()));
        Assert.All(plan.Jobs, j => Assert.Null(j.SkipReason));
        Assert.Equal("node:20", plan.Jobs[0].Container!.Image);
        Assert.Equal(["npm ci", "npm run build", "Artifact frontend-build"], plan.Jobs[0].Steps.Select(s => s.Name));
        Assert.Equal(new PlannedArtifact { Name = "frontend-build", Path = "dist/" }, plan.Jobs[0].Steps[2].Artifact);
        Assert.Equal(["postgres:15", "redis:7"], plan.Jobs[2].ServiceContainers.Select(service => service.Image));
        Assert.Equal("production", plan.Jobs[3].Environment);
        Assert.All(plan.Jobs, j => Assert.Equal("registry.example.com", j.Env[0]["REGISTRY"]));
    }

    [Fact]
    public void Example_PushToDevelop_SkipsDeploy()
    {
        var plan = Sample.Plan(Sample.Example, Sample.Push("develop"));
        Assert.Equal([null, null, "The stage's when.branch wants main; this build is for branch develop."], plan.Stages.Select(s => s.SkipReason));
        Assert.Equal(plan.Stages[2].SkipReason, plan.Jobs[3].SkipReason);
    }

    [Fact]
    public void Example_OtherBranchOrTag_StartsNothing()
    {
        var pipeline = Sample.Parse(Sample.Example);
        Assert.Null(Planner.Plan(pipeline, Sample.Push("feature/x")));
        Assert.Null(Planner.Plan(pipeline, Sample.Tag("v1")));
        Assert.NotNull(Planner.Plan(pipeline, Sample.Event("manual", "refs/heads/feature/x")));
        Assert.Equal([new ScheduleTrigger("0 2 * * *", null)], Planner.Schedules(pipeline));
        Assert.False(Planner.UsesPaths(pipeline));
    }
}
