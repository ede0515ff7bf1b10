using System.Net;
using System.Text;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Projects;

namespace PRTS.Cli.Tests.Builds;

/// <summary>Following a build and its log, also across a break of the connection.</summary>
public sealed class FollowingTests : IAsyncDisposable
{
    private const string Path = "/api/v1/projects/demo/hello/builds/1";
    private readonly Prts prts = new();
    private readonly FakeControlPlane server;

    public FollowingTests() => server = new FakeControlPlane(prts);

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await prts.DisposeAsync();
    }

    [Theory]
    [InlineData(RunStatus.Succeeded, 0)]
    [InlineData(RunStatus.Failed, 1)]
    [InlineData(RunStatus.Invalid, 2)]
    [InlineData(RunStatus.Canceled, 130)]
    public async Task Watch_ABuildThatEnds_ExitsWithItsResult(RunStatus status, int expected)
    {
        server.On(Path + "/events", context => SendAsync(context, [Build(RunStatus.Running, 1), Build(status, 2)]));
        var answer = await prts.RunAsync("build", "watch", "demo/hello#1");
        Assert.Equal(expected, answer.ExitCode);
        Assert.Equal(["demo/hello#1 Hello: main 01234567", "demo/hello#1 running"], answer.Output.Split('\n').Select(line => line.TrimEnd()).Take(2));
        Assert.StartsWith($"demo/hello#1 {status.ToString().ToLowerInvariant()}", answer.Output.Split('\n')[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_ConnectionBreaks_GoesOnWithoutTellingTwice()
    {
        var connections = 0;
        server.On(Path + "/events", context => Interlocked.Increment(ref connections) switch
        {
            1 => SendAsync(context, [Build(RunStatus.Running, 1)], abort: true),
            2 => FailAsync(context, 503),
            _ => SendAsync(context, [Build(RunStatus.Running, 1), Build(RunStatus.Succeeded, 2)]),
        });
        var answer = await prts.RunAsync("build", "watch", "demo/hello#1", "--json");
        Assert.Equal(0, answer.ExitCode);
        var builds = answer.Output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty("status").GetString());
        Assert.Equal(["running", "succeeded"], builds);
        Assert.Contains("waiting for it", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_WhileTheControlPlaneStarts_WaitsForIt()
    {
        var asked = 0;
        server.On(Path + "/events", context => Interlocked.Increment(ref asked) < 3 ? FailAsync(context, 503) : SendAsync(context, [Build(RunStatus.Succeeded, 2)]));
        var answer = await prts.RunAsync("build", "watch", "demo/hello#1");
        Assert.Equal((0, 3), (answer.ExitCode, asked));
        Assert.Contains("waiting for it", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_NoSuchBuild_SaysWhatTheServerSays()
    {
        var answer = await prts.RunAsync("build", "watch", "demo/hello#7");
        Assert.Equal((1, "prts: There is no such thing here.\n"), (answer.ExitCode, answer.Error));
    }

    [Fact]
    public async Task Watch_RightAfterThePush_WaitsForTheBuild()
    {
        var asked = 0;
        server.OnJson("/api/v1/projects/demo/hello", new ProjectSummary { Org = "demo", Name = "hello", CreatedAt = default, CloneUrl = "" });
        server.On(Path + "/events", context => Interlocked.Increment(ref asked) < 3 ? FailAsync(context, 404) : SendAsync(context, [Build(RunStatus.Succeeded, 2)]));
        var answer = await prts.RunAsync("build", "watch", "demo/hello#1");
        Assert.Equal((0, 3), (answer.ExitCode, asked));
    }

    [Fact]
    public async Task Log_ConnectionBreaks_LosesAndRepeatsNoByte()
    {
        var log = new byte[300_000];
        new Random(5).NextBytes(log);
        var connections = 0;
        server.On(Path, context => FakeControlPlane.WriteAsync(
            context, JsonSerializer.Serialize(Build(connections < 3 ? RunStatus.Running : RunStatus.Succeeded, 1, "build"), ApiJson.Options)));
        server.On(Path + "/jobs/build/log", async context =>
        {
            context.Response.SendChunked = true;
            var cut = Interlocked.Increment(ref connections) switch { 1 => 1, 2 => 170_001, _ => log.Length };
            await context.Response.OutputStream.WriteAsync(log.AsMemory(0, cut));
            await context.Response.OutputStream.FlushAsync();
            if (cut < log.Length) context.Response.Abort();
            else context.Response.Close();
        });
        using var process = prts.Start("build", "log", "demo/hello#1", "--follow");
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        Assert.True(log.AsSpan().SequenceEqual(output.ToArray()));
        Assert.Contains(server.Requests, request => request.EndsWith("/log?follow=true", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, 2, "choose one with --job. It has 'Build' [build], 'Unit tests' [unit-tests]")]
    [InlineData("deploy", 2, "has no job 'deploy'")]
    [InlineData("unit-tests", 0, "")]
    [InlineData("unit TESTS", 0, "")]
    public async Task Log_OfOneOfSeveralJobs_IsChosenByKeyOrName(string? job, int expected, string error)
    {
        server.OnJson(Path, Build(RunStatus.Running, 1, "build", "unit-tests"));
        server.On(Path + "/jobs/unit-tests/log", context => FakeControlPlane.WriteAsync(context, "all green\r\n"));
        var answer = await prts.RunAsync(job is null ? ["build", "log", "demo/hello#1"] : ["build", "log", "demo/hello#1", "--job", job]);
        Assert.Equal(expected, answer.ExitCode);
        Assert.Contains(error, answer.Error, StringComparison.Ordinal);
        Assert.Equal(expected == 0 ? "all green\r\n" : "", answer.Output);
    }

    [Fact]
    public async Task List_MoreThanAPage_AsksForTheNext()
    {
        server.On("/api/v1/builds", context => FakeControlPlane.WriteAsync(context, JsonSerializer.Serialize(
            new Page<BuildSummary>([.. Enumerable.Range(0, int.Parse(context.Request.QueryString["take"]!, System.Globalization.CultureInfo.InvariantCulture)).Select(_ => Build(RunStatus.Failed, 1))], 1000), ApiJson.Options)));
        var answer = await prts.RunAsync("build", "list", "--limit", "250", "--status", "failed", "--json");
        Assert.Equal(250, JsonDocument.Parse(answer.Output).RootElement.GetArrayLength());
        Assert.Equal(["GET /api/v1/builds?status=failed&skip=0&take=200", "GET /api/v1/builds?status=failed&skip=200&take=50"], server.Requests);
    }

    private static async Task SendAsync(HttpListenerContext context, IEnumerable<BuildSummary> builds, bool abort = false)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.SendChunked = true;
        foreach (var build in builds)
        {
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes($": beat\n\nevent: build\ndata: {JsonSerializer.Serialize(build, ApiJson.Options)}\n\n"));
            await context.Response.OutputStream.FlushAsync();
        }

        if (abort) context.Response.Abort();
        else await FakeControlPlane.WriteAsync(context, "event: end\ndata: {}\n\n");
    }

    private static Task FailAsync(HttpListenerContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.Close();
        return Task.CompletedTask;
    }

    private static BuildSummary Build(RunStatus status, long version, params string[] jobs) => new()
    {
        Org = "demo",
        Project = "hello",
        Number = 1,
        Status = status,
        Version = version,
        Name = "Hello",
        File = ".prts/pipeline.yaml",
        Event = "push",
        Ref = "refs/heads/main",
        Commit = "0123456789",
        CreatedAt = DateTimeOffset.UnixEpoch,
        Stages = jobs.Length == 0 ? null : [new StageSummary { Name = "All", Status = status, Jobs = [.. jobs.Select(key => Job(key, status))] }],
    };

    private static JobSummary Job(string key, RunStatus status) => new() { Key = key, Name = key == "build" ? "Build" : "Unit tests", Stage = "All", Status = status };
}
