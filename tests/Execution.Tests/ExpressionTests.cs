using PRTS.Api;
using PRTS.Api.Builds;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

public sealed class ExpressionTests : IAsyncDisposable
{
    private readonly TestMachine machine = new();

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    [Fact]
    public async Task Run_Templates_SeeOutputsNeedsAndEnvironment()
    {
        var job = machine.Job(
            Step("echo v=42 >> $PRTS_OUTPUT") with { Id = "first" },
            Step("echo '${{ steps.first.outputs.v }} ${{ steps.first.outcome }} ${{ needs.lint.outputs.score }} ${{ env.WHO }} ${{ build.branch }}' $INNER") with
            {
                NamedByCommand = false,
                Name = "Say ${{ steps.first.outputs.v }}",
                Env = new Dictionary<string, string> { ["INNER"] = "${{ env.WHO }}!" },
            });
        job = job with
        {
            Needs = new Dictionary<string, NeedResult> { ["lint"] = new() { Status = RunStatus.Succeeded, Outputs = new Dictionary<string, string> { ["score"] = "9" } } },
            Job = job.Job with { Env = [new Dictionary<string, string> { ["WHO"] = "world" }] },
        };

        var sink = await machine.Run(new TestSink(), job);

        Assert.Equal("42 success 9 world main world!\n", sink.Log);
        Assert.Equal("Say 42", sink.Events.OfType<StepStarted>().Last().Name);
    }

    [Fact]
    public async Task Run_VariablesOfSeveralLevels_SeeWhatIsBeforeThem()
    {
        var job = machine.Job(Step("echo \"$WHERE|$SEEN\"") with { Env = new Dictionary<string, string> { ["WHERE"] = "${{ env.WHERE }}/step" } });
        var pipeline = new Dictionary<string, string> { ["WHERE"] = "pipeline", ["SEEN"] = "${{ env.WHERE }}" };
        var inner = new Dictionary<string, string> { ["WHERE"] = "${{ env.WHERE }}/job" };

        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { Env = [pipeline, inner] } });

        Assert.Equal("pipeline/job/step|pipeline\n", sink.Log);
    }

    [Theory]
    [InlineData(1, 140_000, "'V0' has 140004 bytes")]
    [InlineData(20, 60_000, "up to 'V17' have more than 1048576 bytes")]
    public async Task Run_VariablesThatNoProcessCanHave_FailWithTheReason(int count, int length, string expected)
    {
        var job = machine.Job(Step("echo never"));
        var variables = Enumerable.Range(0, count).ToDictionary(n => $"V{n}", _ => new string('x', length));

        var sink = await machine.Run(new TestSink(), job with { Job = job.Job with { Env = [variables] } });

        Assert.Equal(RunStatus.Failed, sink.Step(0).Status);
        Assert.Contains(expected, sink.Step(0).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Conditions_DecideStepByStep()
    {
        var sink = await machine.Run(
            Step("echo go=yes >> $PRTS_OUTPUT; false") with { Id = "probe", ContinueOnError = true },
            Step("echo yes") with { If = "steps.probe.outputs.go == 'yes' && steps.probe.outcome == 'failure' && steps.probe.conclusion == 'success'" },
            Step("echo no") with { If = "build.branch == 'other'" },
            Step("echo hash ${{ hashFiles('*.md') != '' }} ${{ hashFiles('none') == '' }}"));

        Assert.Equal("yes\nhash true true\n", sink.Log);
        Assert.Equal((RunStatus.Skipped, "its condition is not met: build.branch == 'other'"), (sink.Step(2).Status, sink.Step(2).Reason));
    }

    [Fact]
    public async Task Run_VariablesThatDifferInCase_AreTwo()
    {
        var sink = await machine.Run(Step("echo ${{ env.A }} $A ${{ env['a'] }} $a ${{ ENV.none }}end") with
        {
            Env = new Dictionary<string, string> { ["A"] = "one", ["a"] = "two" },
        });

        Assert.Equal("one one two two end\n", sink.Log);
    }

    [Fact]
    public async Task Run_UnevaluableExpression_FailsTheStepAndSaysWhere()
    {
        var sink = await machine.Run(Step("true") with { If = "nonsense(" }, Step("echo ${{ fromJSON('{') }}") with { If = "always()" });

        Assert.StartsWith("the condition 'nonsense(' cannot be evaluated: ", sink.Step(0).Reason, StringComparison.Ordinal);
        Assert.StartsWith("the command cannot be evaluated: ", sink.Step(1).Reason, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Failed, sink.Ended!.Status);
    }

    [Theory]
    [InlineData("echo ${{ 'a long expression, of which no more than a part fits into a name' }}", "echo a long expression, of which no more than a part fits i…")]
    [InlineData("echo ${{ format('{0}',\n  'over lines') }}", "echo over lines")]
    [InlineData("\n  ${{ '' }}\n  echo second", "echo second")]
    [InlineData("${{ '' }}", "${{ '' }}")]
    public async Task Run_StepWithoutAName_IsNamedByItsEvaluatedCommand(string command, string name)
    {
        var sink = await machine.Run(Step(command));

        Assert.Equal(RunStatus.Succeeded, sink.Ended!.Status);
        Assert.Equal(name, sink.Events.OfType<StepStarted>().Single().Name);
    }
}
