using System.Diagnostics;
using System.Net.Http.Json;
using PRTS.Api;
using PRTS.Tests;

namespace PRTS.Benchmarks;

/// <summary>What a job in a container costs over the engine's own <c>run</c> of the same image.</summary>
internal static class ContainerBenchmarks
{
    public static async Task Overhead(Installation prts, EngineFixture engine, Figures figures, int runs)
    {
        var clone = await prts.Project("container", $"stages: [{{name: Run, jobs: [{{name: \"True\", image: \"{EngineFixture.Usual}\", steps: [{{run: \"true\"}}]}}]}}]\n");
        await Installation.Git(clone, "push", "--quiet", "origin", "main");
        await prts.WaitForBuild("bench/container", 1);
        await Docker(engine, "network", "create", "bench");
        var (job, own, over) = (new List<double>(), new List<double>(), new List<double>());
        for (var number = 2; number <= runs + 3; number++)
        {
            var begin = Stopwatch.GetTimestamp();
            await Docker(engine, "run", "--rm", "--network", "bench", EngineFixture.Usual, "true");
            var run = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            using var started = await prts.Http.PostAsJsonAsync("/api/v1/projects/bench/container/builds", new { }, ApiJson.Options);
            started.EnsureSuccessStatusCode();
            await Task.Delay(1500);
            var ran = (await prts.WaitForBuild("bench/container", number)).Stages![0].Jobs[0];
            if (number < 4) continue;
            var whole = (ran.FinishedAt!.Value - ran.StartedAt!.Value).TotalMilliseconds;
            (job, own, over) = ([.. job, whole], [.. own, run], [.. over, whole - run]);
        }

        figures.Distribution("one-step job in a container", job, "(for information)");
        figures.Distribution("the engine's own run of the same image", own, "(peer)");
        figures.Distribution("the job over the engine's own run", over, "p50 ≤ 150 ms");
    }

    private static Task Docker(EngineFixture engine, params string[] arguments) => Commands.Run("docker", ["-H", "unix://" + engine.Socket, .. arguments]);
}
