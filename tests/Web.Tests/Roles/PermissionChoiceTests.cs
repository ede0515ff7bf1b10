using CsCheck;
using PRTS.Contracts.Access;
using PRTS.Web.Roles;
using Xunit;

namespace PRTS.Web.Tests.Roles;

public sealed class PermissionChoiceTests
{
    private static readonly string[] Patterns = [.. AccessRules.All, .. PermissionTable.Groups.Select(group => PermissionChoice.AllOf(group.Key)), PermissionChoice.Everything];

    [Theory]
    [InlineData("build:read", "build:*", "build:*")]
    [InlineData("build:read build:cancel project:read", "*", "*")]
    [InlineData("build:*", "build:read", "build:*")]
    [InlineData("project:read", "build:read", "build:read project:read")]
    public void With_WhatIsCovered_IsNotNamedAnyMore(string before, string added, string after) => Assert.Equal(after, string.Join(' ', PermissionChoice.Of(before.Split(' ')).With(added).Patterns));

    [Theory]
    [InlineData("build:*", "build:read", "build:cancel")]
    [InlineData("build:* project:read", "build:*", "project:read")]
    [InlineData("build:read", "project:read", "build:read")]
    [InlineData("*", "*", "")]
    public void Without_OneOfMany_LeavesTheOthers(string before, string taken, string after) => Assert.Equal(after, string.Join(' ', PermissionChoice.Of(before.Split(' ')).Without(taken).Patterns));

    [Fact]
    public void Without_OneOfEverything_LeavesAllOthers()
    {
        var choice = PermissionChoice.Of(["*"]).Without("secret:manage");
        Assert.Equal([.. AccessRules.All.Where(permission => permission != "secret:manage").Order(StringComparer.Ordinal)], AccessRules.All.Where(choice.Has).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("*", choice.Patterns);
    }

    /// <summary>Whatever is ticked in whatever order: what the form shows as chosen is what the role will have by the rules.</summary>
    [Fact]
    public void Choice_AnySequenceOfTicks_HasWhatItsPatternsGive() =>
        Gen.Select(Gen.Int[0, Patterns.Length - 1].Select(index => Patterns[index]), Gen.Bool).List[0, 20].Sample(ticks =>
        {
            var choice = PermissionChoice.Of([]);
            var expected = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (pattern, ticked) in ticks)
            {
                var was = choice;
                choice = ticked ? choice.With(pattern) : choice.Without(pattern);
                if (ticked) expected.UnionWith(AccessRules.All.Where(permission => AccessRules.Matches(pattern, permission)));
                else if (was.Has(pattern)) expected.ExceptWith(AccessRules.All.Where(permission => AccessRules.Matches(pattern, permission)));
            }

            return AccessRules.All.All(permission => choice.Has(permission) == expected.Contains(permission) && choice.Has(permission) == choice.Patterns.Any(pattern => AccessRules.Matches(pattern, permission)))
                && choice.Patterns.All(pattern => choice.Patterns.All(other => other == pattern || !AccessRules.Matches(other, pattern)));
        });
}
