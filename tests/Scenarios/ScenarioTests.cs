using Xunit.Sdk;
using Xunit.v3;

[assembly: Parallelization(Mode = ParallelMode.All, MaxThreads = PRTS.Scenarios.ScenarioFixture.Slots)]

namespace PRTS.Scenarios;

/// <summary>Every scenario through one real installation, side by side, each in its own project.</summary>
[TestCaseOrderer(typeof(UnorderedTestCaseOrderer))]
public sealed class ScenarioTests(ScenarioFixture fixture) : IClassFixture<ScenarioFixture>
{
    /// <summary>The one that waits until the clock's minute is over comes first, so that the others run meanwhile.</summary>
    public static TheoryData<string> Names => [.. ScenarioFiles.Names.OrderByDescending(name => name == "Triggers/schedule")];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Scenario_Played_IsAsItsJsonSays(string name)
    {
        fixture.Require(name);
        await new ScenarioRun(fixture.Prts, fixture.Registry, name, ScenarioFiles.Read(name)).Run();
    }

    /// <summary>Of all kinds of pipelines that run without the container engine, the plans here and there.</summary>
    public static TheoryData<string> Planned => [.. ScenarioFiles.Names.Where(name => PlanRun.CanPlan(name))];

    [Theory]
    [MemberData(nameof(Planned))]
    public Task Plan_OfTheWorkingTree_IsTheServersByteForByte(string name) => new PlanRun(fixture.Prts, name).Run();
}
