using PRTS.Fuzz.Tests.Targets;

namespace PRTS.Fuzz.Tests;

/// <summary>What a search once found stays mended.</summary>
public sealed class RegressionTests
{
    public static TheoryData<string, string> Cases => [.. from target in new[] { "YAML", "archive", "SAML", "SAML metadata", "webhook" } from file in AllTargets.Regressions(target) select (target, Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Read_WhatWasAFinding_Answers(string target, string name)
    {
        var reader = AllTargets.Of(target);
        using var owned = reader as IDisposable;
        reader.Run(File.ReadAllBytes(AllTargets.Regressions(target).Single(file => Path.GetFileName(file) == name)));
    }
}
