using System.Diagnostics;
using System.Net.Http.Json;
using PRTS.Api;
using PRTS.Api.Agents;
using PRTS.Api.Builds;
using Xunit;

namespace PRTS.EndToEnd.Tests;

/// <summary>More agents: by the one command that is printed with a token, on a machine that has nothing of PRTS.</summary>
[Collection("One installation")]
public sealed class AgentTests(PrtsFixture fixture)
{
    private const string Pipeline = """
        name: Far
        stages:
          - name: Run
            jobs:
              - name: There
                runs_on: [far]
                steps:
                  - run: echo "on $PRTS_AGENT"
        """;

    [Fact]
    public async Task PrintedCommand_NothingOfPrtsThere_JoinsAndRunsJobs()
    {
        var prts = fixture.Prts;
        var cancel = TestContext.Current.CancellationToken;
        using var made = await prts.Http.PostAsJsonAsync("/api/v1/agents/tokens", new CreateAgentToken { Name = "outpost", Labels = ["far"] }, ApiJson.Options, cancel);
        var command = (await made.Content.ReadFromJsonAsync<AgentToken>(ApiJson.Options, cancel))!.Command;
        var home = Directory.CreateTempSubdirectory("prts-outpost-");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(home.FullName, (UnixFileMode)0b111_101_101);
        var start = new ProcessStartInfo("bash", ["-c", command]) { WorkingDirectory = home.FullName, UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PRTS_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["PRTS_AGENT_INSTALL"] = home.FullName;
        using var outpost = Process.Start(start)!;
        try
        {
            var clone = await prts.Project("far", Pipeline);
            await Installation.Git(clone, "push", "--quiet", "origin", "main");
            var build = await prts.WaitForBuild("bench/far", 1);

            Assert.Equal("outpost", build.Stages![0].Jobs[0].Agent);
            Assert.Equal("on outpost\n", await prts.Http.GetStringAsync("/api/v1/projects/bench/far/builds/1/jobs/there/log", cancel));
            using var again = await prts.Http.GetAsync("/cluster/agent/install.sh", cancel);
            Assert.Equal(System.Net.HttpStatusCode.Unauthorized, again.StatusCode);
        }
        finally
        {
            outpost.Kill(entireProcessTree: true);
            await outpost.WaitForExitAsync(CancellationToken.None);
            home.Delete(recursive: true);
        }
    }
}
