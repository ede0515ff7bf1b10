using PRTS.Api;
using Xunit;

namespace PRTS.EndToEnd.Tests;

[Collection("One installation")]
public sealed class PipelineTests(PrtsFixture fixture)
{
    /// <summary>The specification's example: it parses, plans and shows its graph, and its jobs say what they wait for.</summary>
    [Fact]
    public async Task Example_Pushed_WaitsAndSaysForWhat()
    {
        var prts = fixture.Prts;
        var clone = await prts.Project("example", await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "example.yaml"), TestContext.Current.CancellationToken));
        await Installation.Git(clone, "push", "--quiet", "origin", "main");

        var build = await prts.WaitFor("bench/example", 1, found => found.Stages is [var first, ..] && first.Jobs.All(job => job.Status == RunStatus.Waiting));

        Assert.Equal(["Build", "Test", "Deploy"], build.Stages!.Select(stage => stage.Name));
        Assert.Equal(["Build"], build.Stages![1].Needs);
        Assert.Contains("node:20", build.Stages![0].Jobs[0].Reason, StringComparison.Ordinal);
        Assert.Contains("python:3.12", build.Stages![0].Jobs[1].Reason, StringComparison.Ordinal);
        Assert.Equal(["build-frontend", "build-backend"], build.Stages![1].Jobs[0].Needs);
        using var canceled = await prts.Http.PostAsync(new Uri("/api/v1/projects/bench/example/builds/1/cancel", UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.True(canceled.IsSuccessStatusCode);
        Assert.Equal(RunStatus.Canceled, (await prts.WaitFor("bench/example", 1, found => found.Status.IsEnded())).Status);
    }

    /// <summary>PRTS builds and tests itself on PRTS, from this very repository.</summary>
    [Fact]
    public async Task OwnRepository_Pushed_Succeeds()
    {
        var prts = fixture.Prts;
        var clone = await prts.Clone("prts");
        await Installation.Git(clone, "fetch", "--quiet", Installation.Checkout(), "HEAD:refs/heads/pushed");
        await Installation.Git(clone, "push", "--quiet", "origin", "pushed:refs/heads/main");

        var build = await prts.WaitForBuild("bench/prts", 1, TimeSpan.FromMinutes(40));

        Assert.Equal("PRTS", build.Name);
        Assert.All(build.Stages!.SelectMany(stage => stage.Jobs).SelectMany(job => job.Steps), step => Assert.Equal(RunStatus.Succeeded, step.Status));
    }
}
