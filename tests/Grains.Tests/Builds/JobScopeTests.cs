using PRTS.Api;
using PRTS.Contracts.Builds;
using PRTS.Grains.Builds;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Tests.Builds;

/// <summary>From the text of a pipeline to what becomes of its jobs: the language and the grains must mean the same by a name.</summary>
public sealed class JobScopeTests
{
    private const string Pipeline =
        """
        variables:
          REGISTRY: registry.example.com
          IMAGE: ${{ env.REGISTRY }}/shop
          LATER: ${{ steps.first.outputs.v }}
        stages:
          - name: Build
            jobs:
              - name: First
                steps: [{run: make}]
          - name: Deploy
            if: CONDITION
            env: {TIER: web}
            jobs:
              - name: Last
                image: IMAGE
                services: ["${{ vars.IMAGE }}-db"]
                environment: ${{ build.branch }}
                variables: {PLACE: "${{ env.TIER }}-1"}
                steps: [{run: make}]
        """;

    [Theory]
    [InlineData("env.REGISTRY == 'registry.example.com'")]
    [InlineData("vars.REGISTRY == 'registry.example.com' && variables.TIER == 'web'")]
    [InlineData("vars.IMAGE == 'registry.example.com/shop'")]
    [InlineData("${{ vars.PLACE == 'web-1' }}")]
    [InlineData("VARS.tier == 'WEB'")]
    [InlineData("vars.LATER == null && vars.NONE == null")]
    [InlineData("contains(toJSON(vars), 'registry.example.com/shop')")]
    [InlineData("build.number == 7 && build.url == null && needs.first.result == 'success' && needs.first.outputs.v == '2'")]
    public void Condition_OnAStage_SeesEveryContextOfItsJobs(string condition) => Assert.Equal(new(RunStatus.Queued), Verdict(condition, "node:20"));

    [Fact]
    public void Templates_OfAJob_AreWrittenOutBeforeItStarts()
    {
        var (state, plan) = Build("always()", "node:${{ needs.first.outputs.v }}");

        var start = JobStarts.Of(state, plan, "last");

        Assert.Equal("node:2", start.Job.Container!.Image);
        Assert.Equal(["registry.example.com/shop-db"], start.Job.ServiceContainers.Select(service => service.Image));
        Assert.Equal("main", start.Job.Environment);
    }

    [Fact]
    public void Template_ThatCannotBeEvaluated_FailsTheJobAndSaysWhich()
    {
        var verdict = Verdict("always()", "node:${{ fromJSON('{').v }}");

        Assert.Equal(RunStatus.Failed, verdict.Status);
        Assert.StartsWith("It cannot start: its image cannot be evaluated: node:${{ fromJSON('{').v }}: ", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TooManyTemplates_FailTheJobNotTheServer()
    {
        var (state, plan) = Build("vars.REGISTRY != ''", "node:20");
        var job = plan["last"] with { Env = [Enumerable.Range(0, 1001).ToDictionary(n => $"V{n}", _ => "${{ build.number }}", StringComparer.Ordinal)] };

        var verdict = JobConditions.Evaluate(state.Request!, plan, job, state.Jobs);

        Assert.Equal(new(RunStatus.Failed, "It cannot start: more than 1000 variables with expressions"), verdict);
    }

    [Fact]
    public void TemplatesThatGrow_FailTheJobNotTheServer()
    {
        var (state, plan) = Build("vars.REGISTRY != ''", "node:20");
        var env = Enumerable.Range(1, 100).ToDictionary(n => $"V{n}", n => $"${{{{ env.V{n - 1} }}}}${{{{ env.V{n - 1} }}}}", StringComparer.Ordinal);
        var job = plan["last"] with { Env = [new Dictionary<string, string>(env.Prepend(new("V0", new string('x', 1000))), StringComparer.Ordinal)] };

        var verdict = JobConditions.Evaluate(state.Request!, plan, job, state.Jobs);

        Assert.Equal(new(RunStatus.Failed, "It cannot start: variables with expressions become more than 1048576 characters"), verdict);
    }

    /// <summary>Before the job starts and in its steps.</summary>
    [Theory]
    [InlineData(RunStatus.Succeeded, RunStatus.Succeeded, "success")]
    [InlineData(RunStatus.Failed, RunStatus.Skipped, "failure")]
    [InlineData(RunStatus.Canceled, RunStatus.Succeeded, "cancelled")]
    [InlineData(RunStatus.Skipped, RunStatus.Skipped, "skipped")]
    public void Matrix_AsAWhole_IsOfTheNeeds(RunStatus a, RunStatus b, string result)
    {
        var parsed = PipelineParser.Parse(".prts/pipeline.yaml", $$$"""
            stages:
              - {name: S, jobs: [{name: Test, matrix: {v: [a, b]}, steps: [{run: make}]}]}
              - {name: T, jobs: [{name: Last, if: "always() && needs.test.result == '{{{result}}}'", runs_on: "${{ needs.test.outputs.v }}-${{ needs.test-a.outputs.v }}", steps: [{run: make}]}]}
            """);
        var plan = new Blueprint(BuildId.FromKey("default/demo/hello/7"), Planner.Plan(parsed.Pipeline!, Plans.Push)!);
        var jobs = new[] { ("a", a), ("b", b) }.ToDictionary(
            job => $"test-{job.Item1}", job => new BuildJob { Status = job.Item2, Outputs = new Dictionary<string, string>(StringComparer.Ordinal) { ["v"] = job.Item1 } }, StringComparer.Ordinal);
        var state = new BuildState { Request = Plans.Request(plan.Plan), Jobs = jobs };

        Assert.Equal(new(RunStatus.Queued), JobConditions.Evaluate(state.Request, plan, plan["last"], jobs));
        var start = JobStarts.Of(state, plan, "last");
        Assert.Equal(["b-a"], start.Job.RunsOn);
        Assert.Equal(["test-a", "test-b", "test"], start.Needs.Keys);
        Assert.Equal((result == "success", "b"), (start.Needs["test"].Status == RunStatus.Succeeded, start.Needs["test"].Outputs["v"]));
    }

    public static TheoryData<string, bool> Documented
    {
        get
        {
            var data = new TheoryData<string, bool>();
            var rows = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "docs", "pipeline.md")).SkipWhile(line => line != "### Contexts").Where(line => line.StartsWith("| `", StringComparison.Ordinal));
            foreach (var cells in rows.Select(row => row.Split('|')).TakeWhile(cells => cells[2].Trim() is "everywhere" or "in steps"))
            {
                foreach (var name in cells[1].Split(',')) data.Add(name.Trim(' ', '`'), cells[2].Trim() == "everywhere");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Documented))]
    public void Contexts_AreAvailableWhereTheReferenceSays(string context, bool everywhere)
    {
        var condition = $"toJSON({context}) != ''";
        if (everywhere) Assert.Equal(RunStatus.Queued, Verdict(condition, "node:20").Status);
        else Assert.StartsWith($"`{context}` cannot be used here", Assert.Single(Parsed(condition, "node:20").Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reference_HasContexts() => Assert.Equal(10, Documented.Count);

    private static JobVerdict Verdict(string condition, string image)
    {
        var (state, plan) = Build(condition, image);
        return JobConditions.Evaluate(state.Request!, plan, plan["last"], state.Jobs);
    }

    private static ParseResult Parsed(string condition, string image) => PipelineParser.Parse(
        ".prts/pipeline.yaml", Pipeline.Replace("CONDITION", $"\"{condition}\"", StringComparison.Ordinal).Replace(" IMAGE\n", $" {image}\n", StringComparison.Ordinal));

    /// <summary>After the first job succeeded with the output <c>v=2</c>.</summary>
    private static (BuildState State, Blueprint Plan) Build(string condition, string image)
    {
        var parsed = Parsed(condition, image);
        Assert.Empty(parsed.Errors);
        var plan = new Blueprint(BuildId.FromKey("default/demo/hello/7"), Planner.Plan(parsed.Pipeline!, Plans.Push)!);
        var first = new BuildJob { Status = RunStatus.Succeeded, Outputs = new Dictionary<string, string>(StringComparer.Ordinal) { ["v"] = "2" } };
        return (new() { Request = Plans.Request(plan.Plan), Jobs = new Dictionary<string, BuildJob>(StringComparer.Ordinal) { ["first"] = first } }, plan);
    }
}
