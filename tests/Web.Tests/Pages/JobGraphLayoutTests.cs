using PRTS.Api.Builds;
using PRTS.Web.Builds;
using Xunit;

namespace PRTS.Web.Tests.Pages;

public sealed class JobGraphLayoutTests
{
    [Fact]
    public void Of_StagesThatNeedOneAnother_StandInColumns()
    {
        var layout = JobGraphLayout.Of(
        [
            Samples.Stage("Build", [], Samples.Job("a", "Build"), Samples.Job("b", "Build")),
            Samples.Stage("Test", ["Build"], Samples.Job("t", "Test")),
            Samples.Stage("Docs", ["Build"], Samples.Job("d", "Docs")),
            Samples.Stage("Release", ["Test", "Docs"], Samples.Job("r", "Release")),
        ]);
        var boxes = layout.Stages.ToDictionary(box => box.Stage.Name, StringComparer.Ordinal);
        Assert.True(boxes["Build"].X < boxes["Test"].X);
        Assert.Equal(boxes["Test"].X, boxes["Docs"].X);
        Assert.True(boxes["Docs"].Y >= boxes["Test"].Y + boxes["Test"].Height);
        Assert.True(boxes["Docs"].X < boxes["Release"].X);
        Assert.Equal(4, layout.Edges.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(300)]
    public void Of_ManyJobs_LieInTheirStageAndApart(int count)
    {
        var layout = JobGraphLayout.Of([Samples.Stage("All", [], [.. Enumerable.Range(0, count).Select(index => Samples.Job($"j{index}", "All"))])]);
        var box = Assert.Single(layout.Stages);
        Assert.Equal(count, layout.Jobs.Select(node => (node.X, node.Y)).Distinct().Count());
        Assert.All(layout.Jobs, node =>
        {
            Assert.InRange(node.X, box.X, box.X + box.Width - JobGraphLayout.NodeWidth);
            Assert.InRange(node.Y, box.Y, box.Y + box.Height - JobGraphLayout.NodeHeight);
        });
        Assert.Equal((box.Width, box.Height), (layout.Width, layout.Height));
    }

    [Fact]
    public void Of_JobsInTurn_AreLinkedOnceEach()
    {
        var layout = JobGraphLayout.Of([Samples.Stage("Build", [], Samples.Job("a", "Build"), Samples.Job("b", "Build", needs: "a"), Samples.Job("c", "Build", needs: ["a", "b"]))]);
        Assert.Equal(2, layout.Edges.Count);
    }

    [Fact]
    public void Of_JobThatNeedsAJobOfAnUnrelatedStage_HasAnEdge()
    {
        var layout = JobGraphLayout.Of([Samples.Stage("One", [], Samples.Job("a", "One")), Samples.Stage("Two", [], Samples.Job("b", "Two", needs: "a"))]);
        Assert.Single(layout.Edges);
    }

    [Fact]
    public void Of_NothingOrACircle_StillHasALayout()
    {
        Assert.Equal((0, 0), (JobGraphLayout.Of([]).Width, JobGraphLayout.Of([]).Height));
        Assert.Equal(2, JobGraphLayout.Of([Samples.Stage("A", ["B"]), Samples.Stage("B", ["A"])]).Stages.Count);
    }

    [Fact]
    public void Of_StatusChanges_MoveNothing()
    {
        StageSummary[] Stages(PRTS.Api.RunStatus status) => [Samples.Stage("Build", [], Samples.Job("a", "Build", status), Samples.Job("b", "Build", status))];
        var before = JobGraphLayout.Of(Stages(PRTS.Api.RunStatus.Queued));
        var after = JobGraphLayout.Of(Stages(PRTS.Api.RunStatus.Failed));
        Assert.Equal(before.Jobs.Select(node => (node.X, node.Y)), after.Jobs.Select(node => (node.X, node.Y)));
    }
}
