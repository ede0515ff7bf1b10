using CsCheck;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests.Hostile;

/// <summary>What costs much to check: each is bounded, however the file is written.</summary>
public class PipelineCostTests
{
    [Theory]
    [InlineData("0 0 30 2 *", "no day of the calendar")]
    [InlineData("@every_second", "once a minute")]
    [InlineData("* * * * * *", "five fields")]
    public void Cron_ThatNeverOrAlwaysComes_IsAnError(string cron, string why)
    {
        var error = Assert.Single(Sample.Errors($"triggers: [{{schedule: {{cron: '{cron}'}}}}]\n{Job("")}"));
        Assert.Equal("bad-cron", error.Code);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cron_LeapDay_IsValid() => Sample.Parse($"triggers: [{{schedule: {{cron: '0 0 29 2 *'}}}}]\n{Job("")}");

    [Fact]
    public void UnknownKeys_AsManyAsFit_AreReportedUpToTheLimit() =>
        Assert.Equal(201, Sample.Errors(string.Concat(Enumerable.Range(0, 49_000).Select(i => $"k{i}: 1\n"))).Count);

    [Fact]
    public void UnknownNeeds_AsManyAsFit_AreReportedUpToTheLimit()
    {
        var jobs = Enumerable.Range(0, 900).Select(i => $"  - {{name: job number {i}, steps: [run: a]}}\n");
        var needs = string.Join(",", Enumerable.Range(0, 40_000).Select(i => $"something {i}"));
        Assert.Equal(201, Sample.Errors($"stages:\n- name: S\n  parallel: true\n  jobs:\n{string.Concat(jobs)}  - {{name: L, needs: [{needs}], steps: [run: a]}}\n").Count);
    }

    [Fact]
    public void Cycles_ManyAndLong_AreReported()
    {
        var jobs = Enumerable.Range(0, 1000).Select(i => $"  - {{name: j{i}, needs: [{string.Join(",", Enumerable.Range(950, 50).Select(n => $"j{n}"))}], steps: [run: a]}}\n");
        Assert.Contains(Sample.Errors($"stages:\n- name: S\n  jobs:\n{string.Concat(jobs)}"), e => e.Code == "cycle");
    }

    [Fact]
    public void Jobs_TooMany_IsOneError()
    {
        var jobs = string.Concat(Enumerable.Range(0, 1001).Select(i => $"  - {{name: j{i}, needs: [j1, j2, nothing], steps: [run: a]}}\n"));
        Assert.Equal(["too-many-jobs"], Sample.Errors($"stages:\n- name: S\n  jobs:\n{jobs}").Select(e => e.Code));
    }

    [Fact]
    public void WhatEveryJobRepeats_Large_IsTooLargeAPlan()
    {
        var jobs = string.Concat(Enumerable.Range(0, 1000).Select(i => $"  - {{name: j{i}, steps: [run: a]}}\n"));
        Assert.Equal(["plan-too-large"], Sample.Errors($"stages:\n- name: S\n  if: \"'{new string('x', 20_000)}' != ''\"\n  jobs:\n{jobs}").Select(e => e.Code));
        var wide = string.Concat(Enumerable.Range(0, 2).Select(s => $"- name: S{s}\n  parallel: true\n  jobs:\n"
            + string.Concat(Enumerable.Range(0, 500).Select(i => $"  - {{name: {new string('j', 70)} {s} {i}, steps: [run: a]}}\n"))));
        Assert.Equal(["plan-too-large"], Sample.Errors($"stages:\n{wide}").Select(e => e.Code));
    }

    [Fact]
    public void Plan_MorePathsThanCanBeCompared_CountsThemAsUnknown()
    {
        var patterns = string.Join(", ", Enumerable.Range(0, 1000).Select(i => $"'**/*a*b*c{i}'"));
        var paths = Enumerable.Range(0, 10_000).Select(i => $"src/some/folder/with/a/long/name/abababab/file{i}.txt").ToArray();
        var filter = $"triggers: [push: {{paths: [{patterns}]}}]";
        Assert.True(Sample.Starts(filter, Sample.Push("main", paths)));
        Assert.False(Sample.Starts(filter, Sample.Push("main", paths[..10])));
    }

    [Fact]
    public void Glob_AnyPatternAndText_MatchesOrIsRefused()
    {
        var text = Gen.OneOf("*", "**", "?", "+", "[", "]", "!", "/", "a", "b-z", "\\", ".", "é", "\ud800").Array[0, 30];
        Gen.Select(text, text).Sample((pattern, name) =>
        {
            try
            {
                Glob.MatchesAny([Glob.Parse(string.Concat(pattern))], string.Concat(name));
            }
            catch (FormatException refused)
            {
                Assert.NotEmpty(refused.Message);
            }
        }, iter: 50_000);
    }

    private static string Job(string key) => $"stages: [{{name: S, jobs: [{{name: J, steps: [{{run: a}}]{(key.Length > 0 ? ", " + key : "")}}}]}}]";
}
