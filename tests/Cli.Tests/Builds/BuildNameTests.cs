using PRTS.Cli.Builds;
using PRTS.Cli.Projects;

namespace PRTS.Cli.Tests.Builds;

public sealed class BuildNameTests
{
    [Theory]
    [InlineData("demo/hello#1")]
    [InlineData("http://127.0.0.1:5080/demo/hello/builds/1")]
    [InlineData("http://127.0.0.1:5080/demo/hello/builds/1/jobs/build?line=7#L7")]
    [InlineData("https://prts.example.com/api/v1/projects/demo/hello/builds/1")]
    public void TryParse_NameOrAddress_IsTheBuild(string text) =>
        Assert.Equal(new BuildName(new ProjectName("demo", "hello"), 1), BuildName.TryParse(text));

    [Theory]
    [InlineData("demo/hello")]
    [InlineData("demo/hello#")]
    [InlineData("demo/hello#-1")]
    [InlineData("demo/hello#0")]
    [InlineData("demo/hello#1x")]
    [InlineData("demo#1")]
    [InlineData("#1")]
    [InlineData("a/b/c#1")]
    [InlineData("http://127.0.0.1:5080/demo/hello")]
    [InlineData("")]
    public void TryParse_Nonsense_IsNull(string text) => Assert.Null(BuildName.TryParse(text));

    [Theory]
    [InlineData("demo/hello")]
    [InlineData("http://127.0.0.1:5080/demo/hello")]
    [InlineData("http://127.0.0.1:5080/git/demo/hello.git")]
    [InlineData("http://127.0.0.1:5080/demo/hello/builds/3")]
    public void ProjectName_NameOrAddress_IsTheProject(string text) => Assert.Equal(new ProjectName("demo", "hello"), ProjectName.TryParse(text));
}
