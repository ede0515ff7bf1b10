using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Microsoft.Playwright;
using PRTS.Api;

namespace PRTS.Benchmarks;

/// <summary>How fast a line reaches a reader's screen, and how fast a log can be written without losing a byte.</summary>
internal static class LogBenchmarks
{
    private const int Jobs = 20;
    private const int Seconds = 30;
    private const int WarmUpSeconds = 10;

    /// <summary>20 jobs write 200 lines a second each; one page shows one of them. Each line carries its own time. The first ten seconds are not measured: a server that started a moment ago compiles.</summary>
    public static async Task ToBrowser(Installation prts, Figures figures)
    {
        var jobs = string.Concat(Enumerable.Range(1, Jobs).Select(index => string.Create(CultureInfo.InvariantCulture, $$"""
                  - name: Writer {{index}}
                    steps:
                      - run: |
                          perl -MTime::HiRes=time,sleep -e '$| = 1; $begin = time; for $n (0 .. {{Seconds * 200 - 1}}) {
                            $wait = $begin + $n / 200 - time; sleep $wait if $wait > 0; printf "t=%d line %d\n", time * 1000, $n }'

            """)));
        var clone = await prts.Project("lines", $"name: Lines\nstages:\n  - name: Write\n    parallel: true\n    jobs:\n{Indent(jobs)}");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        var page = await browser.NewPageAsync();
        await page.GotoAsync(new Uri(prts.Url, "/login").AbsoluteUri);
        await page.FillAsync("input[name=name]", prts.User);
        await page.FillAsync("input[name=password]", prts.Password);
        await page.ClickAsync("button[type=submit]");
        await page.WaitForURLAsync(new Uri(prts.Url, "/").AbsoluteUri);
        await Installation.Git(clone, "push", "--quiet", "origin", "main");
        await page.GotoAsync(new Uri(prts.Url, "/bench/lines/builds/1?job=writer-1").AbsoluteUri);
        await page.EvaluateAsync(
            """
            first => {
              window.latencies = []; const seen = new Set();
              const look = node => {
                for (const [, at, line] of (node.textContent ?? '').matchAll(/t=(\d{13}) line (\d+)/g))
                  if (line >= first && !seen.has(line)) { seen.add(line); window.latencies.push(Date.now() - Number(at)); }
              };
              new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(look)))
                .observe(document.body, { childList: true, subtree: true });
            }
            """,
            WarmUpSeconds * 200);
        await prts.WaitForBuild("bench/lines", 1);
        var latencies = await page.EvaluateAsync<double[]>("() => window.latencies");
        figures.Distribution($"stdout → browser DOM, {Jobs} jobs × 200 lines/s", latencies, "p50 ≤ 50 ms, p99 ≤ 250 ms");
    }

    /// <summary>One job writes a gigabyte that can be told from any other; what the server has must be that, byte for byte. Twice: young servers and agents compile while they work.</summary>
    public static async Task Throughput(Installation prts, Figures figures, int megabytes)
    {
        var clone = await prts.Project("gigabyte", string.Create(CultureInfo.InvariantCulture, $"""
            name: Gigabyte
            stages:
              - name: Write
                jobs:
                  - name: Writer
                    steps:
                      - run: seq 1 {LinesOf(megabytes)}
            """));
        await Installation.Git(clone, "push", "--quiet", "origin", "main");
        await Measure(prts, figures, megabytes, 1, "the first of a server that started just now");
        using var again = await prts.Http.PostAsJsonAsync("/api/v1/projects/bench/gigabyte/builds", new { }, ApiJson.Options);
        again.EnsureSuccessStatusCode();
        await Measure(prts, figures, megabytes, 2, "the second");
    }

    private static async Task Measure(Installation prts, Figures figures, int megabytes, int number, string which)
    {
        var agent = (await prts.Processes())["agent"];
        using var stop = new CancellationTokenSource();
        var peak = Peak(agent, stop.Token);
        var build = await prts.WaitForBuild("bench/gigabyte", number);
        await stop.CancelAsync();
        var step = build.Stages![0].Jobs[0].Steps[0];
        var seconds = (build.Stages[0].Jobs[0].FinishedAt!.Value - step.StartedAt!.Value).TotalSeconds;
        await using var log = await prts.Http.GetStreamAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1/projects/bench/gigabyte/builds/{number}/jobs/writer/log"));
        var stored = Convert.ToHexStringLower(await SHA256.HashDataAsync(log));
        var written = (await Commands.Run("bash", ["-c", "seq 1 \"$1\" | sha256sum", "expected", LinesOf(megabytes).ToString(CultureInfo.InvariantCulture)])).Split(' ')[0];
        var highest = await peak;
        figures.Add(
            $"log of {megabytes} MB, {which}",
            string.Create(CultureInfo.InvariantCulture, $"{megabytes / seconds:0} MB/s, SHA-256 {(stored == written ? "equal" : "DIFFERENT")}, agent's peak {highest:0} MiB"),
            "≥ 100 MB/s, no byte lost or repeated, memory bounded");
    }

    /// <summary>So many numbers, one a line from 1 on, are at least so many megabytes.</summary>
    private static long LinesOf(int megabytes)
    {
        var (left, lines) = (megabytes * 1_000_000L, 0L);
        for (long digits = 1, count = 9; ; digits++, count *= 10)
        {
            if (left <= count * (digits + 1))
                return lines + ((left + digits) / (digits + 1));
            left -= count * (digits + 1);
            lines += count;
        }
    }

    private static async Task<double> Peak(int pid, CancellationToken stop)
    {
        var peak = 0.0;
        while (!stop.IsCancellationRequested)
        {
            peak = Math.Max(peak, Commands.ResidentMiB(pid));
            await Task.Delay(100, CancellationToken.None);
        }

        return peak;
    }

    private static string Indent(string text) => string.Join('\n', text.Split('\n').Select(line => line.Length == 0 ? line : "    " + line));
}
