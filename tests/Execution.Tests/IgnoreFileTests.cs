using PRTS.Execution.Images;

namespace PRTS.Execution.Tests;

/// <summary>What a .dockerignore leaves out; the rules are those of Docker's documentation.</summary>
public sealed class IgnoreFileTests
{
    [Theory]
    [InlineData("*.log", "a.log", true)]
    [InlineData("*.log", "sub/a.log", false)]
    [InlineData("**/*.log", "a.log", true)]
    [InlineData("**/*.log", "x/y/a.log", true)]
    [InlineData("*/temp*", "sub/temporary.txt", true)]
    [InlineData("*/temp*", "a/b/temp", false)]
    [InlineData("temp?", "tempa", true)]
    [InlineData("temp?", "temp", false)]
    [InlineData("node_modules", "node_modules/x/y.js", true)]
    [InlineData("node_modules/", "node_modules/x", true)]
    [InlineData("/foo/bar", "foo/bar", true)]
    [InlineData("foo/../bar", "bar", true)]
    [InlineData("[a-c].txt", "b.txt", true)]
    [InlineData("[^a-c].txt", "b.txt", false)]
    [InlineData("*.md\n!README.md", "README.md", false)]
    [InlineData("*.md\n!README.md", "OTHER.md", true)]
    [InlineData("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true)]
    [InlineData("secret\n!secret/public", "secret/public", false)]
    [InlineData("# a comment\n\n  spaced  ", "spaced", true)]
    [InlineData("**", "anything/at/all", true)]
    [InlineData("a.b", "aXb", false)]
    [InlineData("", "a", false)]
    public void Ignores_AsDockerDoes(string text, string path, bool ignored) => Assert.Equal(ignored, new IgnoreFile(text).Ignores(path));
}
