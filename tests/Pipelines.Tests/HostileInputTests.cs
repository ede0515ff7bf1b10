using CsCheck;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

/// <summary>Whatever the text is, the parser answers, and what it accepts can be planned.</summary>
public class HostileInputTests
{
    private static readonly string[] Fragments =
    [
        "stages:", "- ", "  ", "\n", "name: ", "jobs:", "steps:", "run: ", "[", "]", "{", "}", ": ", ", ", "&a ", "*a", "<<: ", "!!str ", "!x ", "|", ">", "|2-", "'", "\"", "\\", "#",
        "---\n", "...\n", "%YAML 1.2\n", "%TAG ! x\n", "? ", "\t", "${{ ", " }}", "needs: ", "when: ", "branch: ", "cron: ", "timeout: ", "1h", "~", "a", "é", "\u0000", "\uD800", "\u2028", "\r", "@", "`",
    ];

    [Fact]
    public void Parse_RandomText_Answers() => Gen.String.Sample(Check, iter: 3000);

    [Fact]
    public void Parse_RandomFragments_Answers() =>
        Gen.Int[0, Fragments.Length - 1].Select(i => Fragments[i]).Array[0, 60].Select(string.Concat).Sample(Check, iter: 10_000);

    [Fact]
    public void Parse_MutatedExample_Answers()
    {
        var example = Sample.Example;
        Gen.Select(Gen.Int[0, example.Length - 1], Gen.Int[0, 30], Gen.Int[0, Fragments.Length - 1].Select(i => Fragments[i]), Gen.Bool).Array[1, 4]
            .Select(edits => edits.Aggregate(example, Mutate)).Sample(Check, iter: 5000);
    }

    private static string Mutate(string text, (int At, int Length, string Fragment, bool Insert) edit)
    {
        var at = Math.Min(edit.At, text.Length);
        return text[..at] + edit.Fragment + text[(edit.Insert ? at : Math.Min(text.Length, at + edit.Length))..];
    }

    private static void Check(string text)
    {
        var result = PipelineParser.Parse(Sample.File, text);
        Assert.Equal(result.Errors.Count > 0, result.Pipeline is null);
        Assert.All(result.Errors, e => Assert.True(e.Line >= 1 && e.Column >= 1 && e.Message.Length is > 0 and < 2000, e.ToString()));
        if (result.Pipeline is { } pipeline) PlanTests.CheckGraph(Planner.Plan(pipeline, Sample.Event("manual"))!);
    }
}
