using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using PRTS.Api;
using PRTS.Api.Builds;

namespace PRTS.Benchmarks;

/// <summary>How fast a push becomes a running step, and what a job costs beside its own process.</summary>
internal static class JobBenchmarks
{
    private const string OneStep = """
        name: One step
        stages:
          - name: Run
            jobs:
              - name: True
                steps:
                  - run: "true"
        """;

    /// <summary>From the instant git has written the ref (the file's time) to the start of the first step's process.</summary>
    public static async Task PushToStep(Installation prts, Figures figures, int pushes)
    {
        var clone = await prts.Project("push", OneStep);
        var reference = Path.Combine(prts.Home, "git", "default", "bench", "push.git", "refs", "heads", "main");
        var waits = new List<double>();
        for (var number = 1; number <= pushes; number++)
        {
            await Installation.Git(clone, "commit", "--quiet", "--allow-empty", "--message", $"push {number.ToString(CultureInfo.InvariantCulture)}");
            await Installation.Git(clone, "push", "--quiet", "origin", "main");
            var accepted = new DateTimeOffset(File.GetLastWriteTimeUtc(reference));
            var build = await prts.WaitForBuild("bench/push", number);
            // The first pushes warm up code paths, as the first builds of a day do not.
            if (number > 5)
                waits.Add((Job(build).Steps[0].StartedAt!.Value - accepted).TotalMilliseconds);
        }

        figures.Distribution("push accepted → first step running", waits, "p50 ≤ 150 ms, p99 ≤ 500 ms");
    }

    /// <summary>A one-step job from its start on the agent to its end, less its step's process; and gitlab-ci-local on the same machine.</summary>
    public static async Task Overhead(Installation prts, Figures figures, int runs)
    {
        var clone = await prts.Project("overhead", OneStep);
        await Installation.Git(clone, "push", "--quiet", "origin", "main");
        await prts.WaitForBuild("bench/overhead", 1);
        var job = new List<double>();
        var whole = new List<double>();
        for (var number = 2; number <= runs + 1; number++)
        {
            using var started = await prts.Http.PostAsJsonAsync("/api/v1/projects/bench/overhead/builds", new { }, ApiJson.Options);
            started.EnsureSuccessStatusCode();
            // Whoever asks every few milliseconds whether it is done slows it.
            await Task.Delay(400);
            var build = await prts.WaitForBuild("bench/overhead", number);
            var step = Job(build).Steps[0];
            var process = step.FinishedAt!.Value - step.StartedAt!.Value;
            job.Add((Job(build).FinishedAt!.Value - Job(build).StartedAt!.Value - process).TotalMilliseconds);
            whole.Add((build.FinishedAt!.Value - build.CreatedAt - process).TotalMilliseconds);
        }

        figures.Distribution("one-step job over its own process", job[2..], "p50 ≤ 30 ms");
        figures.Distribution("the same, from the build's creation to its end", whole[2..], "(for information)");
        await Peer(prts, figures);
    }

    private static async Task Peer(Installation prts, Figures figures)
    {
        if (!File.Exists("/usr/bin/npm") || !File.Exists("/usr/bin/rsync"))
        {
            figures.Add("gitlab-ci-local, the same job, whole command", "not measured: it needs npm and rsync (apt-get install npm rsync)", "(peer)");
            return;
        }

        var directory = Path.Combine(prts.Home, "bench", "peer");
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, ".gitlab-ci.yml"), "one-step:\n  script:\n    - \"true\"\n");
        await Installation.Git(directory, "init", "--quiet");
        await Installation.Git(directory, "remote", "add", "origin", "git@gitlab.example.com:bench/peer.git");
        await Installation.Git(directory, "add", ".");
        await Installation.Git(directory, "-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message", "bench");
        // With a Node of its own: it needs a newer one than Debian has.
        await Commands.Run("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefix", directory, "gitlab-ci-local@4.75", "node@22"]);
        var programs = Path.Combine(directory, "node_modules", ".bin");
        var times = new List<double>();
        for (var run = 0; run < 12; run++)
        {
            var clock = Stopwatch.GetTimestamp();
            await Commands.Run(Path.Combine(programs, "node"), [Path.Combine(programs, "gitlab-ci-local"), "--shell-executor-no-image", "--no-artifacts-to-source"], directory);
            if (run >= 2)
                times.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
        }

        figures.Distribution("gitlab-ci-local, the same job, whole command", times, "(peer)");
    }

    private static JobSummary Job(BuildSummary build) => build.Stages![0].Jobs[0];
}
