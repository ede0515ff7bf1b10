using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using PRTS.Api;
using PRTS.Api.Builds;
using Xunit;

namespace PRTS.EndToEnd.Tests;

/// <summary>kill -9 in the middle of a build: it goes on, ends once, and its log is what the step wrote, byte for byte.</summary>
[Collection("One installation")]
public sealed class KillTests(PrtsFixture fixture)
{
    private const int Lines = 6000;

    private const string Pipeline = """
        name: Long
        stages:
          - name: Write
            jobs:
              - name: Writer
                steps:
                  - run: |
                      for ((n = 0; n < 6000; n++)); do
                        printf 'line %d \303\251 of the log\n' $n
                        ((n % 10)) || sleep 0.02
                      done
                  - name: After it
                    run: echo done
        """;

    [Theory]
    [InlineData("server")]
    [InlineData("agent")]
    public async Task Build_PartKilledInTheMiddle_EndsOnceWithItsWholeLog(string role)
    {
        var prts = fixture.Prts;
        var clone = await prts.Project($"kill-{role}", Pipeline);
        await Installation.Git(clone, "push", "--quiet", "origin", "main");
        var project = $"bench/kill-{role}";
        await prts.WaitFor(project, 1, build => Writer(build).Steps[0].Status == RunStatus.Running);
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        var victim = (await prts.Processes())[role];

        Process.GetProcessById(victim).Kill();

        var build = await prts.WaitForBuild(project, 1);
        Assert.Equal(1, Writer(build).Attempt);
        Assert.All(Writer(build).Steps, step => Assert.Equal(RunStatus.Succeeded, step.Status));
        Assert.NotEqual(victim, (await prts.Processes())[role]);
        var log = await prts.Http.GetByteArrayAsync($"/api/v1/projects/{project}/builds/1/jobs/writer/log", TestContext.Current.CancellationToken);
        Assert.Equal(Hash(Expected()), Hash(log));
        using var second = await prts.Http.GetAsync($"/api/v1/projects/{project}/builds/2", TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, second.StatusCode);
    }

    /// <summary>Who was declared dead must not keep the next ones from working: the first request after the start is answered, and a build runs.</summary>
    [Fact]
    public async Task ServerAndAgent_KilledTogether_WorkAgainOnceReady()
    {
        var prts = fixture.Prts;
        var before = await prts.Processes();
        foreach (var role in new[] { "agent", "server" })
            Process.GetProcessById(before[role]).Kill();
        await prts.WaitUntilReady(before["server"]);
        var clone = await prts.Project("kill-both", "stages: [{ name: A, jobs: [{ name: A, steps: [{ run: echo again }] }] }]");
        await Installation.Git(clone, "push", "--quiet", "origin", "main");
        await prts.WaitForBuild("bench/kill-both", 1);
    }

    private static JobSummary Writer(BuildSummary build) => build.Stages![0].Jobs[0];

    private static byte[] Expected() =>
        Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Lines).Select(n => $"line {n} \u00e9 of the log\n")) + "done\n");

    private static string Hash(byte[] bytes) => $"{bytes.Length} bytes, SHA-256 {Convert.ToHexStringLower(SHA256.HashData(bytes))}";
}
