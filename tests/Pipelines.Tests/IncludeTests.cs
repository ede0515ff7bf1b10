using System.Text;
using CsCheck;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Parsing.Includes;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

public class IncludeTests
{
    [Theory]
    [InlineData("${{ inputs.text }}", "it's")]
    [InlineData("a ${{ inputs.text }} b", "a it's b")]
    [InlineData("${{ inputs['TEXT'] }}", "it's")]
    [InlineData("${{ format('{0}-{1}', inputs.text, inputs.number) }}", "it's-7")]
    [InlineData("${{ inputs.text == 'it''s' && 'yes' || 'no' }}", "yes")]
    [InlineData("${{ inputs.none }}x", "x")]
    [InlineData("${{ env.A }} ${{ inputs.text }}", "${{ env.A }} it's")]
    [InlineData("${{ inputs.text == env.A }}", "${{ 'it''s' == env.A }}")]
    [InlineData("${{ needs.inputs.outputs.text }}", "${{ needs.inputs.outputs.text }}")]
    [InlineData("${{ hashFiles(inputs.text) }}", "${{ hashFiles('it''s') }}")]
    [InlineData("${{ inputs.expression }}", "${{ (build.branch) }}")]
    [InlineData("${{ inputs.mixed }}", "${{ (format('on {0}, {{it''s}}', build.branch)) }}")]
    [InlineData("$ {{ inputs.text }}", "$ {{ inputs.text }}")]
    public async Task Inputs_InText_BecomeTheirValues(string text, string expected)
    {
        var plan = await Plan($"jobs: [{{name: J, steps: [{{run: \"{text}\"}}]}}]");
        Assert.Equal(expected, plan.Jobs.Single().Steps.Single().Run);
    }

    [Theory]
    [InlineData("inputs.flag", "true")]
    [InlineData("${{ inputs.flag && env.A }}", "true && env.A")]
    [InlineData("always() && inputs.number > 3", "always() && 7 > 3")]
    public async Task Inputs_InConditions_BecomeLiterals(string condition, string expected) =>
        Assert.Equal(expected, (await Plan($"jobs: [{{name: J, if: \"{condition}\", steps: [{{run: x}}]}}]")).Jobs.Single().If?.Trim());

    [Fact]
    public async Task Inputs_InPlacesWithoutExpressions_AreAllowed()
    {
        var plan = await Plan("""
            inputs:
              flag: {type: boolean, default: true}
              names: {default: deploy}
            stages:
              - name: S ${{ inputs.names }}
                parallel: ${{ inputs.flag }}
                jobs:
                  - {name: "${{ inputs.names }}", needs: ["before ${{ inputs.names }}"], steps: [{id: "${{ inputs.names }}", shell: "${{ 'sh' }}", run: x}]}
                  - {name: "before ${{ inputs.names }}", timeout: "${{ format('{0}s', 30) }}", steps: [{run: x}]}
            """, "stages: [include: t.yaml]");
        Assert.Equal(["before-deploy"], plan.Jobs[0].Needs);
        Assert.Equal(TimeSpan.FromSeconds(30), plan.Jobs[1].Timeout);
    }

    [Fact]
    public async Task Include_WithANumberWithoutDigits_IsTheOnlyFault()
    {
        var result = await Parse("stages: [include: {file: t.yaml, inputs: {n: ''}}]", _ => "inputs: {n: {type: number}}\nstages: [{name: S, jobs: [{name: J, steps: [{run: \"${{ inputs.n }}\"}]}]}]");
        Assert.Equal(DiagnosticCodes.BadValue, Assert.Single(result.Errors).Code);
    }

    [Fact]
    public async Task Include_OfItself_Ends()
    {
        var result = await Parse("stages: [include: t.yaml]", _ => "stages: [{include: t.yaml}, {include: t.yaml}]");
        Assert.Contains(result.Errors, error => error.Code is DiagnosticCodes.BadInclude or DiagnosticCodes.TooManyNodes);
    }

    [Fact]
    public async Task Include_ThatGrows_IsStopped()
    {
        var steps = string.Join(", ", Enumerable.Repeat("{run: x}", 2000));
        var result = await Parse($"stages: [{{name: S, jobs: [{string.Join(", ", Enumerable.Range(0, 150).Select(n => $"{{name: J{n}, steps: [include: t.yaml]}}"))}]}}]", _ => $"steps: [{steps}]");
        Assert.Equal(DiagnosticCodes.TooManyNodes, Assert.Single(result.Errors).Code);
    }

    [Fact]
    public async Task Include_WithALongValueInManyPlaces_IsStopped()
    {
        var result = await Parse($"stages: [include: {{file: t.yaml, inputs: {{a: {new string('x', 60_000)}}}}}]",
            _ => $"inputs: {{a: {{}}}}\nstages: [{{name: S, jobs: [{{name: J, steps: [{{run: \"{string.Concat(Enumerable.Repeat("${{ inputs.a }}", 20_000))}\"}}]}}]}}]");
        Assert.Equal(DiagnosticCodes.TooManyNodes, Assert.Single(result.Errors).Code);
    }

    [Fact]
    public async Task Include_OfAnotherProject_IsInThePlanWithItsCommit()
    {
        var result = await PipelineParser.Parse("p.yaml", "stages: [include: {file: t.yaml, project: a/b, ref: v1}]"u8.ToArray(),
            address => Task.FromResult(new IncludedFile(Encoding.UTF8.GetBytes(address.File == "t.yaml" ? "stages: [{name: S, jobs: [include: j.yaml]}]" : "jobs: [{name: J, steps: [{run: x}]}]"), Commit: new('c', 40))));
        Assert.Empty(result.Errors);
        var plan = Planner.Plan(result.Pipeline!, new() { Kind = "push", Ref = "refs/heads/main", Commit = "" })!;
        Assert.Equal(["a/b v1 t.yaml c", "a/b v1 j.yaml c"], plan.Includes!.Select(include => $"{include.Project} {include.Ref} {include.File} {include.Commit[0]}"));
    }

    /// <summary>Whatever stands in a template, reading it ends, and what is wrong has a place.</summary>
    [Fact]
    public void Include_OfAnything_Ends() => Gen.OneOf(
        Gen.OneOf(((string[])["stages", "jobs", "steps", "inputs", ": ", "[", "]", "{", "}", "\n", "  ", "- ", "include", "t.yaml", "${{ inputs.a }}", "name", "run", "x", "'", "&a ", "*a", ","]).Select(Gen.Const).ToArray()).Array[0, 30].Select(string.Concat),
        Gen.String).Sample(text =>
    {
        var result = Parse("stages: [{include: t.yaml}, {name: S, jobs: [{include: t.yaml}, {name: J, steps: [include: t.yaml]}]}]", _ => text).GetAwaiter().GetResult();
        Assert.True(result.Pipeline is null == result.Errors.Count > 0);
        Assert.All(result.Errors, error => Assert.True(error is { Line: > 0, Column: > 0 }));
    }, iter: 2000);

    private static async Task<BuildPlan> Plan(string template, string pipeline = "stages: [{name: S, jobs: [include: {file: t.yaml, inputs: {text: it's, number: 7, flag: true, expression: '${{ build.branch }}', mixed: \"on ${{ build.branch }}, {it's}\"}}]}]")
    {
        const string Inputs = "inputs: {text: {}, number: {type: number}, flag: {type: boolean}, none: {}, expression: {}, mixed: {}}\n";
        var result = await Parse(pipeline, _ => template.Contains("inputs:", StringComparison.Ordinal) ? template : Inputs + template);
        Assert.Empty(result.Errors);
        return Planner.Plan(result.Pipeline!, new() { Kind = "push", Ref = "refs/heads/main", Commit = "" })!;
    }

    private static Task<ParseResult> Parse(string pipeline, Func<IncludeAddress, string> load) =>
        PipelineParser.Parse("p.yaml", Encoding.UTF8.GetBytes(pipeline), address => Task.FromResult(new IncludedFile(Encoding.UTF8.GetBytes(load(address)))));
}
