using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

/// <summary>Which events start a pipeline, and what <c>when</c> skips.</summary>
public class TriggerTests
{
    [Theory]
    [InlineData("", "main", true)]
    [InlineData("", "tag:v1", false)]
    [InlineData("triggers: [push]", "main", true)]
    [InlineData("triggers: [push]", "tag:v1", true)]
    [InlineData("triggers:\n- push:", "any/branch", true)]
    [InlineData("triggers: [{push: {branches: main}}]", "main", true)]
    [InlineData("triggers: [{push: {branches: main}}]", "maint", false)]
    [InlineData("triggers: [{push: {branches: main}}]", "tag:main", false)]
    [InlineData("triggers: [{push: {branches: 'release/*'}}]", "release/1", true)]
    [InlineData("triggers: [{push: {branches: 'release/*'}}]", "release/1/2", false)]
    [InlineData("triggers: [{push: {branches: 'release/**'}}]", "release/1/2", true)]
    [InlineData("triggers: [{push: {branches: ['**', '!wip/**']}}]", "wip/a", false)]
    [InlineData("triggers: [{push: {branches: ['**', '!wip/**', wip/keep]}}]", "wip/keep", true)]
    [InlineData("triggers: [{push: {branches_ignore: [wip]}}]", "wip", false)]
    [InlineData("triggers: [{push: {branches_ignore: [wip]}}]", "main", true)]
    [InlineData("triggers: [{push: {branches_ignore: [wip]}}]", "tag:v1", false)]
    [InlineData("triggers: [{push: {tags: 'v*'}}]", "tag:v1", true)]
    [InlineData("triggers: [{push: {tags: 'v*'}}]", "tag:x", false)]
    [InlineData("triggers: [{push: {tags: 'v*'}}]", "main", false)]
    [InlineData("triggers: [{push: {tags_ignore: 'v*'}}]", "tag:v1", false)]
    [InlineData("triggers: [{push: {branches: main, tags: v1}}]", "tag:v1", true)]
    [InlineData("triggers: [pull_request, manual]", "main", false)]
    [InlineData("triggers: [{push: {branches: a}}, {push: {branches: b}}]", "b", true)]
    public void Starts_Push_FollowsTheFilters(string triggers, string name, bool starts) =>
        Assert.Equal(starts, Sample.Starts(triggers, name.StartsWith("tag:", StringComparison.Ordinal) ? Sample.Tag(name[4..]) : Sample.Push(name)));

    [Theory]
    [InlineData("paths: 'docs/**'", "docs/a.md,src/b", true)]
    [InlineData("paths: 'docs/**'", "src/b", false)]
    [InlineData("paths: 'docs/**'", "", false)]
    [InlineData("paths: ['docs/**', '!docs/x']", "docs/x", false)]
    [InlineData("paths_ignore: '**.md'", "a.md,b/c.md", false)]
    [InlineData("paths_ignore: '**.md'", "a.md,b", true)]
    public void Starts_Paths_LookAtChangedFiles(string filter, string changed, bool starts)
    {
        var paths = changed.Split(',', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(starts, Sample.Starts($"triggers: [{{push: {{{filter}}}}}]", Sample.Push("main", paths)));
        Assert.True(Sample.Starts($"triggers: [{{push: {{{filter}}}}}]", Sample.Push("main", null)));
    }

    [Fact]
    public void Starts_ScheduleAndPullRequest_FollowTheirKeys()
    {
        var night = Sample.Event("schedule") with { Cron = "0 2 * * *" };
        Assert.True(Sample.Starts("triggers: [{schedule: {cron: 0 2 * * *}}]", night));
        Assert.False(Sample.Starts("triggers: [{schedule: {cron: 0 3 * * *}}]", night));
        Assert.False(Sample.Starts("triggers: [{schedule: {cron: 0 2 * * *, branch: dev}}]", night));
        Assert.False(Sample.Starts("", night));
        var opened = Sample.Event("pull_request") with { Activity = "opened" };
        Assert.True(Sample.Starts("triggers: [pull_request]", opened));
        Assert.False(Sample.Starts("triggers: [pull_request]", opened with { Activity = "labeled" }));
        Assert.True(Sample.Starts("triggers: [{pull_request: {types: labeled}}]", opened with { Activity = "labeled" }));
        Assert.False(Sample.Starts("triggers: [{pull_request: {branches: dev}}]", opened));
        Assert.True(Sample.Starts("triggers: [{pull_request: {branches: dev}}]", Sample.Event("manual")));
    }

    [Fact]
    public void Schedules_AreListedOnce()
    {
        var pipeline = Sample.Parse("triggers: [{schedule: {cron: 0 2 * * *}}, push, {schedule: {cron: '@daily', branch: dev}}, {schedule: {cron: 0 2 * * *}}]\nstages: [{name: S, jobs: [{name: J, steps: [{run: ls}]}]}]");
        Assert.Equal([new ScheduleTrigger("0 2 * * *", null), new ScheduleTrigger("@daily", "dev")], Planner.Schedules(pipeline));
    }

    [Theory]
    [InlineData("branch: main", null)]
    [InlineData("branch: [dev, 'release/*']", "The job's when.branch wants dev or release/*; this build is for branch main.")]
    [InlineData("branch: '!main'", "bad-glob")]
    [InlineData("tag: v*", "The job's when.tag wants v*; this build is for branch main, which is no tag.")]
    [InlineData("event: push", null)]
    [InlineData("event: [tag, schedule]", "The job's when.event wants tag or schedule; this build's event is push.")]
    [InlineData("paths: src/**", null)]
    [InlineData("paths: docs/**", "The job's when.paths wants docs/**; the push changed only src/a and b.")]
    [InlineData("{branch: main, event: tag}", "The job's when.event wants tag; this build's event is push.")]
    public void When_NotMet_SkipsAndSaysWhy(string when, string? reason)
    {
        var text = $"stages: [{{name: S, jobs: [{{name: J, when: {(when[0] == '{' ? when : $"{{{when}}}")}, steps: [{{run: ls}}]}}]}}]";
        if (reason == "bad-glob") Assert.Equal(reason, Assert.Single(Sample.Errors(text)).Code);
        else Assert.Equal(reason, Sample.Plan(text, Sample.Push("main", "src/a", "b")).Jobs[0].SkipReason);
    }

    [Fact]
    public void When_TagBuild_IsNoBranch()
    {
        var pipeline = Sample.Parse("triggers: [push]\nstages: [{name: S, when: {branch: main}, jobs: [{name: J, when: {tag: v2}, steps: [{run: ls}]}]}]");
        var plan = Planner.Plan(pipeline, Sample.Tag("v1"))!;
        Assert.Equal("The stage's when.branch wants main; this build is for tag v1, which is no branch.", plan.Stages[0].SkipReason);
        Assert.Equal(plan.Stages[0].SkipReason, plan.Jobs[0].SkipReason);
    }

    [Theory]
    [InlineData("triggers: [{push: {paths: a}}]", "", true)]
    [InlineData("triggers: [{push: {paths_ignore: a}}]", "", true)]
    [InlineData("", "when: {paths: a}, ", true)]
    [InlineData("triggers: [push]", "when: {branch: a}, ", false)]
    public void UsesPaths_OnlyWhenTheyMatter(string triggers, string when, bool uses)
    {
        Assert.Equal(uses, Planner.UsesPaths(Sample.Parse($"{triggers}\nstages: [{{name: S, {when}jobs: [{{name: J, steps: [{{run: ls}}]}}]}}]")));
        Assert.Equal(uses, Planner.UsesPaths(Sample.Parse($"{triggers}\nstages: [{{name: S, jobs: [{{name: J, {when}steps: [{{run: ls}}]}}]}}]")));
    }
}
