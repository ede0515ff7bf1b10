using System.Text;
using PRTS.Api;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Parsing.Includes;

namespace PRTS.Scenarios;

/// <summary>What runs gives no warnings, but for what a scenario names.</summary>
public sealed class WarningTests
{
    public static TheoryData<string> Names => [.. ScenarioFiles.Names.Where(name => ScenarioFiles.Read(name) is { Repeat: 1, Status: not RunStatus.Invalid })];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Warnings_OfAScenario_AreThoseOfItsJson(string name)
    {
        var scenario = ScenarioFiles.Read(name);
        var result = await PipelineParser.Parse(".prts/pipeline.yaml", ScenarioFiles.Yaml(name), address => Task.FromResult(
            scenario.Files.GetValueOrDefault(address.File) is { } template ? new IncludedFile(Encoding.UTF8.GetBytes(template)) : IncludedFile.None("there is no such file.")));
        if (scenario.Status is not null)
            Assert.Empty(result.Errors);
        var warnings = result.FindWarnings();
        Assert.Equal(scenario.Warnings.Select(warning => (warning.Code, warning.Line, warning.Column)), warnings.Select(warning => (warning.Code, warning.Line, warning.Column)));
        Assert.All(scenario.Warnings.Zip(warnings), pair => Assert.Contains(pair.First.Message ?? "", pair.Second.Message, StringComparison.Ordinal));
    }
}
