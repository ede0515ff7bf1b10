using System.Text;
using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Parsing.Includes;

namespace PRTS.Pipelines.Tests;

/// <summary>References that can never have a value are told, and nothing else is.</summary>
public class ReferenceWarningTests
{
    /// <summary>In the third step of a job that waits for a job and for all of a matrix.</summary>
    [Theory]
    [InlineData("needs.build.result")]
    [InlineData("needs.BUILD.Outputs.whatever.x")]
    [InlineData("needs['unit-test'].outputs.v")]
    [InlineData("needs.unit-test-a.result")]
    [InlineData("needs.*.resul")]
    [InlineData("needs[env.WHICH].resul")]
    [InlineData("fromJSON(env.J).needs.x")]
    [InlineData("toJSON(needs)")]
    [InlineData("steps.one.outputs.x || steps.two.conclusion")]
    [InlineData("steps.one.outcome")]
    [InlineData("matrix.os == 'linux' && matrix.extra && matrix.flag.deeper")]
    [InlineData("inputs.version")]
    [InlineData("env.NOTHING || vars.NOTHING || variables.NOTHING")]
    [InlineData("build.url || build.number || job.status || agent.os || agent.temp")]
    [InlineData("needs.biuld.result", "`needs.biuld.result` is always null: no job that this waits for has that key. Did you mean `build`? It waits for `build`, `unit-test-a`, `unit-test-b` and `unit-test`.")]
    [InlineData("needs['nobody']", "`needs.nobody` is always null: no job that this waits for has that key. It waits for `build`, `unit-test-a`, `unit-test-b` and `unit-test`.")]
    [InlineData("needs.later.result", "`needs.later.result` is always null: the job does not wait for it; name it in `needs`. It waits for `build`, `unit-test-a`, `unit-test-b` and `unit-test`.")]
    [InlineData("needs.build.output.v", "`needs.build.output.v` is always null: a job that is needed has no such member. Did you mean `outputs`? It has `result` and `outputs`.")]
    [InlineData("contains(needs.*.result, needs.nil.*)", "`needs.nil` is always null: ")]
    [InlineData("format('{0}', env[needs.build.status])", "`needs.build.status` is always null: ")]
    [InlineData("steps.three.outcome", "`steps.three.outcome` is always null: no earlier step of the job has that id. Ids of earlier steps are `one` and `two`.")]
    [InlineData("steps.four.outcome", "`steps.four.outcome` is always null: no earlier step of the job has that id. ")]
    [InlineData("steps.one.output", "`steps.one.output` is always null: a step has no such member. Did you mean `outputs`? It has `outputs`, `outcome` and `conclusion`.")]
    [InlineData("!matrix.so", "`matrix.so` is always null: the matrix has no such value. Did you mean `os`? It has `os`, `flag` and `extra`.")]
    [InlineData("inputs.versoin", "`inputs.versoin` is always null: the pipeline has no such input. Did you mean `version`? It has `version`.")]
    [InlineData("build.sha", "`build.sha` is always null: a build has no such member. It has `number`, `project`, `ref`, `branch`, `tag`, `commit`, `event`, `actor` and 1 more.")]
    [InlineData("job.result", "`job.result` is always null: a job has no such member. It has `status`.")]
    [InlineData("agent.labels", "`agent.labels` is always null: an agent has no such member. It has `name`, `os`, `arch`, `workspace` and `temp`.")]
    public void Reference_InAStep(string expression, string? expected = null)
    {
        var text = $$$"""
            inputs: {version: {}}
            stages:
              - name: S
                parallel: true
                jobs:
                  - {name: Build, steps: [{run: x}]}
                  - {name: Unit Test, matrix: {v: [a, b]}, steps: [{run: x}]}
              - name: T
                jobs:
                  - name: J
                    matrix: {os: [linux, mac], flag: [{deeper: 1}], include: [{os: mac, extra: true}]}
                    steps:
                      - {id: one, run: x}
                      - {id: two, run: x}
                      - id: three
                        run: |
                          first
                          second ${{ {{{expression}}} }}
                      - {id: four, run: x}
              - name: U
                jobs: [{name: Later, steps: [{run: x}]}]
            """;
        var found = Warnings(text);
        if (expected is null)
        {
            Assert.Empty(found);
            return;
        }

        var warning = Assert.Single(found);
        Assert.StartsWith(expected, warning.Message, StringComparison.Ordinal);
        Assert.Equal((DiagnosticCodes.UnknownReference, DiagnosticSeverity.Warning, Sample.File, 18), (warning.Code, warning.Severity, warning.File, warning.Line));
        Assert.StartsWith(expected.Split('`')[1].Split('.')[0], text.Split('\n')[17][(warning.Column - 1)..], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("if: needs.x.result == 'success'", "5 needs.x.result")]
    [InlineData("if: '${{ always() && needs.x.result }}'", "5 needs.x.result")]
    [InlineData("runs_on: ['${{ matrix.os }}']", "5 matrix.os")]
    [InlineData("environment: {name: p, url: '${{ build.url }}'}", "5 build.url")]
    [InlineData("env: {A: '${{ steps.s.outcome }} ${{ steps.none.outcome }}'}", "5 steps.none.outcome")]
    [InlineData("env: {A: '${{ inputs.a }} ${{ inputs.a }}'}", "5 inputs.a")]
    [InlineData("image: 'node:${{ matrix.v }}'", "5 matrix.v")]
    [InlineData("services: [{image: a, name: b, command: '${{ matrix.v }}'}]", "5 matrix.v")]
    [InlineData("env: {A: '${{ build.url }}'}", null)]
    public void Reference_OfAJob(string key, string? expected)
    {
        var text = $"stages:\n  - name: S\n    jobs:\n      - name: J\n        {key}\n        steps: [{{id: s, run: x}}, {{run: y}}]\n";
        Assert.Equal(expected is null ? [] : [expected], Places(text));
    }

    /// <summary>A value in one of the places where a text is evaluated is enough.</summary>
    [Fact]
    public void Reference_OfSeveralJobs_IsToldWhenItIsNullInAll() => Assert.Equal(
        ["1 matrix.none", "4 needs.none.result", "14 steps.here.outcome"],
        Places("""
            env: {A: "${{ matrix.none }}${{ matrix.os }}${{ needs.a.result }}"}
            stages:
              - name: S
                if: always() || needs.none.result || matrix.os
                env: {B: "${{ steps.s.outcome }}"}
                jobs:
                  - {name: A, steps: [{id: s, run: x}]}
                  - name: B
                    matrix: {os: [linux]}
                    steps: &steps
                      - run: ${{ matrix.os }} ${{ needs.b-linux.result }}
                      - parallel:
                          - {id: here, run: x}
                          - {run: "${{ steps.here.outcome }}"}
                      - run: ${{ steps.here.outcome }}
                  - {name: C, steps: *steps}
            """));

    /// <summary>The jobs that a step adds may have any key.</summary>
    [Fact]
    public void Needs_OfAJobThatGenerates_MayBeAny() => Assert.Equal(["5 needs.x.state"], Places("""
        stages:
          - name: S
            jobs:
              - {name: A, steps: [{run: x}, {generate: jobs.yaml}]}
              - {name: B, steps: [{run: "${{ needs.x.result }} ${{ needs.x.state }}"}]}
        """));

    [Fact]
    public async Task Reference_OfATemplate_NamesItsFile()
    {
        var files = new Dictionary<string, string>
        {
            ["t.yaml"] = "inputs: {which: {}, other: {default: x}}\nsteps:\n  - run: ${{ inputs.which }}\n  - run: echo ${{ needs.b.result }}\n",
        };
        var result = await PipelineParser.Parse(Sample.File, Encoding.UTF8.GetBytes("""
            stages:
              - name: S
                jobs:
                  - {name: A, steps: [{run: x}]}
                  - name: B
                    steps: [include: {file: t.yaml, inputs: {which: "${{ needs.a.resullt }}"}}]
            """), address => Task.FromResult(new IncludedFile(Encoding.UTF8.GetBytes(files[address.File]))));
        Assert.Empty(result.Errors);
        Assert.Equal([("t.yaml", "3:10 needs.a.resullt"), ("t.yaml", "4:19 needs.b.result")], result.FindWarnings().Select(warning => (warning.File, Short(warning))));
    }

    [Fact]
    public void Warnings_OfAFileWithErrors_AreNone()
    {
        var result = PipelineParser.Parse(Sample.File, "stages: [{name: S, jobs: [{name: J, steps: [{run: '${{ steps.x.outcome }}', ru: y}]}]}]");
        Assert.Single(result.Errors);
        Assert.Empty(result.FindWarnings());
    }

    /// <summary>Anyone can push this: it takes time in proportion to its length.</summary>
    [Fact]
    public void Warnings_OfAFileFullOfThem_AreLimited()
    {
        var warnings = Warnings($"stages: [{{name: S, jobs: [{{name: J, steps: [{{run: '{string.Concat(Enumerable.Range(0, 30_000).Select(n => $"${{{{ needs.n{n} }}}} "))}'}}]}}]}}]");
        Assert.Equal(201, warnings.Count);
        Assert.All(warnings, warning => Assert.Equal(DiagnosticSeverity.Warning, warning.Severity));
        Assert.Contains("more than 200 warnings", warnings[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void References_OfTheLongestChain_AreFound()
    {
        var chain = string.Join("&&", Enumerable.Repeat("env.A", ExpressionLimits.Source / 7));
        Assert.Equal(ExpressionLimits.Source / 7, Expression.Parse(chain).References.Count());
    }

    /// <summary>Line and reference of each warning, whose column is where the reference begins.</summary>
    private static IEnumerable<string> Places(string text)
    {
        foreach (var warning in Warnings(text))
        {
            var path = warning.Message.Split('`')[1];
            Assert.StartsWith(path, text.Split('\n')[warning.Line - 1][(warning.Column - 1)..], StringComparison.Ordinal);
            yield return $"{warning.Line} {path}";
        }
    }

    private static string Short(Diagnostic warning) => $"{warning.Line}:{warning.Column} {warning.Message.Split('`')[1]}";

    private static IReadOnlyList<Diagnostic> Warnings(string text)
    {
        var result = PipelineParser.Parse(Sample.File, text);
        Assert.Empty(result.Errors);
        return result.FindWarnings();
    }
}
