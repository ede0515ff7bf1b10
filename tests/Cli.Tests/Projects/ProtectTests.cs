using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Projects;

namespace PRTS.Cli.Tests.Projects;

public sealed class ProtectTests : IAsyncDisposable
{
    private readonly Prts prts = new();
    private readonly FakeControlPlane server;
    private RefProtection? asked;

    public ProtectTests()
    {
        server = new FakeControlPlane(prts);
        server.On("/api/v1/projects/demo/hello/protection", async context =>
        {
            asked = await JsonSerializer.DeserializeAsync<RefProtection>(context.Request.InputStream, ApiJson.Options);
            var project = new ProjectSummary { Org = "demo", Name = "hello", CreatedAt = DateTimeOffset.UnixEpoch, Protection = asked! };
            await FakeControlPlane.WriteAsync(context, JsonSerializer.Serialize(project, ApiJson.Options));
        });
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await prts.DisposeAsync();
    }

    [Theory]
    [InlineData("protected main, tag:v*", "main", "tag:v*")]
    [InlineData("protected nothing", "--none")]
    public async Task Protect_SaysWhatIsProtectedNow(string expected, params string[] arguments)
    {
        var answer = await prts.RunAsync(["project", "protect", "demo/hello", .. arguments]);
        Assert.Equal((0, $"demo/hello: {expected}\n", ""), (answer.ExitCode, answer.Output, answer.Error));
        Assert.Equal(arguments.Where(argument => argument != "--none"), asked!.Refs);
    }

    [Theory]
    [InlineData]
    [InlineData("main", "--none")]
    public async Task Protect_OfNothingOrBoth_AsksWhichIsMeant(params string[] arguments)
    {
        var answer = await prts.RunAsync(["project", "protect", "demo/hello", .. arguments]);
        Assert.Equal(2, answer.ExitCode);
        Assert.Contains("--none", answer.Error, StringComparison.Ordinal);
        Assert.Null(asked);
    }
}
