using System.Globalization;
using System.Text;
using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Tests;

/// <summary>YAML itself: syntax, aliases, and files made to hurt.</summary>
public class YamlTests
{
    private const string Valid = "stages: [{name: S, jobs: [{name: J, steps: [{run: ls}]}]}]";

    [Theory]
    [InlineData("", "1:1 empty-file")]
    [InlineData("# nothing", "1:1 empty-file")]
    [InlineData("---\n", "1:1 empty-file")]
    [InlineData("~", "1:1 empty-file")]
    [InlineData("stages: [", "1:10 yaml-syntax")]
    [InlineData("a: b: c", "1:5 yaml-syntax")]
    [InlineData("stages:\n\t- name: S", "2:1 tab-indent")]
    [InlineData("stages:\n  - name: S\n  \tjobs: []", "3:3 tab-indent")]
    [InlineData("a: 'x", "1:4 yaml-syntax")]
    [InlineData("a: *b", "1:4 unknown-alias")]
    [InlineData("a: &x [*x]", "1:8 unknown-alias")]
    [InlineData("a: !!python/object x", "1:4 unsupported-yaml")]
    [InlineData("if: !cancelled()", "1:5 unsupported-yaml")]
    [InlineData("? [a]\n: b", "1:3 unsupported-yaml")]
    [InlineData("name: \"a\\0\"\n" + Valid, "1:7 unsupported-yaml")]
    [InlineData(Valid + "\n---\n" + Valid, "2:1 unsupported-yaml")]
    [InlineData("<<: 1\n" + Valid, "1:5 wrong-type")]
    public void Parse_NotOurYaml_SaysWhere(string text, string expected) => Assert.Contains(expected, Sample.Errors(text).Select(Short));

    [Fact]
    public void Parse_SyntaxError_NamesTheProblem() =>
        Assert.StartsWith("This is not valid YAML: ", Assert.Single(Sample.Errors("stages: [")).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_AnchorsAndMergeKeys_AreWrittenOut()
    {
        var plan = Sample.Plan("""
            stages:
              - name: S
                env: &common {A: "1", B: "2"}
                jobs:
                  - &job
                    name: One
                    env: {<<: *common, B: "3"}
                    steps: [{run: ls}]
                  - <<: *job
                    name: Two
                    env:
                      <<: [{B: "4"}, *common]
            """);
        Assert.Equal(["One", "Two"], plan.Jobs.Select(j => j.Name));
        Assert.Equal(["3", "4"], plan.Jobs.Select(j => j.Env[^1]["B"]));
        Assert.All(plan.Jobs, j => Assert.Equal("ls", j.Steps[0].Run));
    }

    [Fact]
    public void Parse_ErrorInAnchor_IsReportedOnce()
    {
        var errors = Sample.Errors("stages:\n- name: S\n  jobs:\n  - name: A\n    steps: &s [{runn: ls}]\n  - {name: B, steps: *s}\n  - {name: C, steps: *s}");
        Assert.Equal(["5:16 missing-key", "5:17 unknown-key"], errors.Select(Short));
    }

    [Fact]
    public void Parse_AliasBomb_StopsAtTheLimit()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++) bomb.AppendLine(CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]");
        Assert.Equal("5:45 too-many-nodes", First(bomb.ToString()));
    }

    [Fact]
    public void Parse_BombOfMergeKeys_StopsAtTheLimit()
    {
        var bomb = new StringBuilder("a0: &a0 {x: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n");
        for (var i = 1; i < 30; i++) bomb.AppendLine(CultureInfo.InvariantCulture, $"a{i}: &a{i} {{l: {{<<: *a{i - 1}}}, <<: *a{i - 1}, r: {{<<: *a{i - 1}}}}}");
        Assert.EndsWith("too-many-nodes", First(bomb.ToString()), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_BombOfLongTexts_StopsAtTheLimit()
    {
        var text = $"a: &a {new string('x', 500_000)}\nb: [{string.Join(", ", Enumerable.Repeat("*a", 50_000))}]";
        Assert.EndsWith("too-many-nodes", First(text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", "1:51 too-deep")]
    [InlineData("{a: ", "1:201 too-deep")]
    [InlineData("- ", "1:101 too-deep")]
    [InlineData("? ", "1:101 too-deep")]
    [InlineData("[? ", "")]
    public void Parse_DeepNesting_StopsAtTheLimit(string level, string expected)
    {
        var text = string.Concat(Enumerable.Repeat(level, 100_000));
        Assert.True(text.Length < YamlLimits.FileCharacters);
        var first = First(text);
        Assert.EndsWith("too-deep", first, StringComparison.Ordinal);
        if (expected.Length > 0) Assert.Equal(expected, first);
    }

    [Fact]
    public void Parse_DeepBlocks_StopsAtTheLimit()
    {
        var text = new StringBuilder();
        for (var i = 0; i < 1000; i++) text.Append(' ', i).Append("a:\n");
        Assert.Equal("51:51 too-deep", First(text.ToString()));
    }

    [Fact]
    public void Parse_DepthThroughAliases_StopsAtTheLimit()
    {
        var text = new StringBuilder("a0: &a0 [x]\n");
        for (var i = 1; i < 100; i++) text.AppendLine(CultureInfo.InvariantCulture, $"a{i}: &a{i} [*a{i - 1}]");
        Assert.EndsWith("too-deep", First(text.ToString()), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_LargestFile_IsRead()
    {
        var text = Valid + "\n#";
        Assert.NotNull(PipelineParser.Parse(Sample.File, text + new string('x', YamlLimits.FileCharacters - text.Length)).Pipeline);
        Assert.Equal("1:1 file-too-large", First(text + new string('x', YamlLimits.FileCharacters - text.Length + 1)));
    }

    [Fact]
    public void Parse_ManyErrors_ListsAsManyAsAnyoneReads()
    {
        var errors = Sample.Errors(string.Concat(Enumerable.Range(0, 5000).Select(i => $"key{i}: 1\n")));
        Assert.Equal(ErrorList.Limit + 1, errors.Count);
        Assert.Equal(DiagnosticCodes.TooManyErrors, errors[^1].Code);
    }

    [Fact]
    public void Parse_WindowsLinesAndByteOrderMark_AreRead()
    {
        var text = "\uFEFF" + Sample.Example.ReplaceLineEndings("\r\n");
        Assert.Equal("npm ci", Sample.Parse(text).Stages[0].Jobs[0].Steps[0].Run);
        Assert.Equal("4:15 bad-expression", First("stages: [{name: S, jobs: [{name: J, steps: [{\r\n  run:\r\n\r\n    \"echo ${{ x }}\"}]}]}]"));
    }

    private static string First(string text) => Short(Sample.Errors(text)[0]);

    private static string Short(Diagnostic error) => $"{error.Line}:{error.Column} {error.Code}";
}
