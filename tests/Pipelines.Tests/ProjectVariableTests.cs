using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

public class ProjectVariableTests
{
    private static readonly ProjectVariable[] All =
    [
        new() { Name = "A", Value = "all" },
        new() { Name = "A", Value = "pattern", Branch = "release/*" },
        new() { Name = "A", Value = "longer", Branch = "release/1.*" },
        new() { Name = "A", Value = "name", Branch = "release/1.0" },
        new() { Name = "A", Value = "environment", Environment = "prod" },
        new() { Name = "A", Value = "both", Environment = "prod", Branch = "release/**" },
        new() { Name = "B", Value = "main only", Branch = "main" },
    ];

    [Theory]
    [InlineData("main", null, "A=all B=main only")]
    [InlineData("release/2.0", null, "A=pattern")]
    [InlineData("release/1.1", null, "A=longer")]
    [InlineData("release/1.0", null, "A=name")]
    [InlineData("main", "prod", "A=environment B=main only")]
    [InlineData("release/1.0", "prod", "A=both")]
    [InlineData("main", "test", "A=all B=main only")]
    [InlineData(null, null, "A=all")]
    public void OfJob_TheMostSpecificGoesOverTheOthers(string? branch, string? environment, string expected)
    {
        foreach (var order in (IEnumerable<ProjectVariable>[])[All, All.Reverse()])
            Assert.Equal(expected, string.Join(' ', ProjectVariables.OfJob(ProjectVariables.OfBuild([.. order], branch), environment).Select(variable => $"{variable.Key}={variable.Value}")));
    }

    [Fact]
    public void OfJob_ANarrowerPlaceGoesOverAWiderOne_WhateverTheyAreFor()
    {
        ProjectVariable[] all =
        [
            new() { Name = "A", Value = "of the tenant, for both", Environment = "prod", Branch = "main" },
            new() { Name = "A", Value = "of the organization, for prod", Org = "acme", Environment = "prod" },
            new() { Name = "A", Value = "of the project", Org = "acme", Project = "web" },
            new() { Name = "B", Value = "of the tenant" },
            new() { Name = "B", Value = "of the organization, for main", Org = "acme", Branch = "main" },
            new() { Name = "B", Value = "of the organization", Org = "acme" },
            new() { Name = "C", Value = "of the tenant" },
        ];
        foreach (var order in (IEnumerable<ProjectVariable>[])[all, all.Reverse()])
        {
            Assert.Equal(
                "A=of the project; B=of the organization, for main; C=of the tenant",
                string.Join("; ", ProjectVariables.OfJob(ProjectVariables.OfBuild([.. order], "main"), "prod").Select(variable => $"{variable.Key}={variable.Value}")));
            Assert.Equal("of the organization", ProjectVariables.OfJob(ProjectVariables.OfBuild([.. order], "fix"), null)["B"]);
        }
    }

    [Theory]
    [InlineData("1A", null, null, "cannot be a variable's name")]
    [InlineData("A B", null, null, "cannot be a variable's name")]
    [InlineData("PRTS_X", null, null, "are reserved")]
    [InlineData("A", "a/b", null, "cannot be an environment's name")]
    [InlineData("A", null, "[", "is no pattern for branches")]
    [InlineData("A", null, "", "A branch has 1 to 200 characters")]
    [InlineData("A_1", "prod", "release/*", null)]
    public void Problem_SaysWhatIsWrong(string name, string? environment, string? branch, string? expected)
    {
        var problem = ProjectVariables.Problem(new() { Name = name, Value = "x", Environment = environment, Branch = branch });
        if (expected is null) Assert.Null(problem);
        else Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Problem_OfALongValueOrNul_SaysSo()
    {
        Assert.NotNull(ProjectVariables.Problem(new() { Name = "A", Value = new string('x', ProjectVariable.LongestValue + 1) }));
        Assert.NotNull(ProjectVariables.Problem(new() { Name = "A", Value = "a\0b" }));
    }
}
