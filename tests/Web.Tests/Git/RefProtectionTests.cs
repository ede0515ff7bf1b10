using PRTS.Api.Projects;
using Xunit;

namespace PRTS.Web.Tests.Git;

public class RefProtectionTests
{
    [Theory]
    [InlineData("refs/heads/release", "release/**", true)]
    [InlineData("refs/heads/release/", "release/**", false)]
    [InlineData("refs/heads/releases", "release/**", false)]
    [InlineData("refs/heads/rel", "release/**", false)]
    [InlineData("refs/heads/Release", "release/**", false)]
    [InlineData("refs/heads/a", "a/b/c", true)]
    [InlineData("refs/heads/a/b", "a/b/c", true)]
    [InlineData("refs/heads/a/b/c", "a/b/c", false)]
    [InlineData("refs/heads/a/b", "a/b*/c", true)]
    [InlineData("refs/heads/a/b/c/d", "a/b*/c", true)]
    [InlineData("refs/heads/a/x/c/d", "a/b*/c", false)]
    [InlineData("refs/tags/v2/squat", "tag:v*", true)]
    [InlineData("refs/tags/x/squat", "tag:v*", false)]
    [InlineData("refs/heads/hot9", "hot*/x", true)]
    [InlineData("refs/heads/cold9", "hot*/x", false)]
    [InlineData("refs/tags/rel/7", "tag:rel/*/final", true)]
    [InlineData("refs/heads/feature/x", "*", false)]
    [InlineData("refs/heads/a", "a/b*/c", true)]
    [InlineData("refs/heads/a", "a/?b", true)]
    [InlineData("refs/heads/a", "[a]/b", false)]
    [InlineData("refs/heads/a", "**/b", false)]
    [InlineData("refs/heads/a*", "a\\*/b", true)]
    [InlineData("refs/heads/release", "!release/**", false)]
    [InlineData("refs/tags/release", "release/**", false)]
    [InlineData("refs/tags/v", "tag:v/*", true)]
    [InlineData("refs/heads/v", "tag:v/*", false)]
    [InlineData("refs/heads/tag:v", "tag:v/*", false)]
    [InlineData("refs/notes/release", "release/**", false)]
    [InlineData("refs/heads/stable/1", "stable", true)]
    [InlineData("refs/heads/stable/1", "stable*", true)]
    public void Blocked_ARefThatStandsInTheWayOfProtectedNames_IsToldWithThePattern(string name, string pattern, bool isBlocked) =>
        Assert.Equal(isBlocked ? pattern : null, new RefProtection { Refs = ["main", pattern] }.Blocked(name));
}
