using System.Diagnostics;
using System.Globalization;
using System.Text;
using PRTS.Api.Builds;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Benchmarks;

/// <summary>Many jobs at once: planned, run, and passed over.</summary>
internal static class PipelineBenchmarks
{
    private const int Jobs = 100;

    /// <summary>A file of 1,000 jobs in 20 stages, in this process.</summary>
    public static void Plan(Figures figures, int runs)
    {
        var text = new StringBuilder("stages:\n");
        for (var stage = 0; stage < 20; stage++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - name: Stage {stage}\n    parallel: true\n    jobs:\n");
            for (var job = 0; job < 50; job++)
                text.Append(CultureInfo.InvariantCulture, $"      - {{name: Job {stage}.{job}, image: node:20, steps: [{{run: npm ci}}, {{id: t, run: 'npm test -- ${{{{ build.number }}}}'}}, {{artifact: {{name: report, path: out/}}}}]}}\n");
        }

        var file = Encoding.UTF8.GetBytes(text.ToString());
        var push = new TriggerEvent { Kind = "push", Ref = "refs/heads/main", Commit = "c" };
        var (plan, whole) = (new List<double>(), new List<double>());
        for (var run = 0; run < runs + 5; run++)
        {
            var begin = Stopwatch.GetTimestamp();
            var pipeline = PipelineParser.Parse("pipeline.yaml", file).Pipeline ?? throw new InvalidOperationException("The pipeline has errors.");
            var read = Stopwatch.GetTimestamp();
            var planned = Planner.Plan(pipeline, push);
            var end = Stopwatch.GetTimestamp();
            if (planned?.Jobs.Count != 1000) throw new InvalidOperationException("There are not 1,000 jobs.");
            if (run < 5) continue;
            plan.Add(Stopwatch.GetElapsedTime(read, end).TotalMilliseconds);
            whole.Add(Stopwatch.GetElapsedTime(begin, end).TotalMilliseconds);
        }

        figures.Distribution("plan of 1,000 jobs", plan, "≤ 50 ms");
        figures.Distribution("the same, with reading and checking the file", whole, "(for information)");
    }

    /// <summary>A matrix of 100 jobs of one step on 20 slots, from the build's creation to its end.</summary>
    public static async Task Matrix(Installation prts, Figures figures, int builds)
    {
        var values = string.Join(", ", Enumerable.Range(0, Jobs));
        var clone = await prts.Project("matrix", $"stages: [{{name: Test, jobs: [{{name: \"Job ${{{{ matrix.n }}}}\", matrix: {{n: [{values}]}}, steps: [{{run: \"true\"}}]}}]}}]\n");
        figures.Distribution("matrix of 100 one-step jobs, 20 slots", await Builds(prts, "matrix", clone, builds, skip: 1), "(no bound)");
    }

    /// <summary>100 jobs of one step whose inputs have not changed: every commit is a new one, and empty.</summary>
    public static async Task Unchanged(Installation prts, Figures figures, int builds)
    {
        var jobs = string.Concat(Enumerable.Range(0, Jobs).Select(job => string.Create(CultureInfo.InvariantCulture,
            $"      - {{name: Job {job}, steps: [{{inputs: src/{job}, outputs: out, run: 'sleep 0.1; cp src/{job} out'}}]}}\n")));
        var clone = await prts.Project("unchanged", $"stages:\n  - name: Test\n    parallel: true\n    jobs:\n{jobs}");
        Directory.CreateDirectory(Path.Combine(clone, "src"));
        for (var job = 0; job < Jobs; job++)
            await File.WriteAllTextAsync(Path.Combine(clone, "src", job.ToString(CultureInfo.InvariantCulture)), $"{job}\n");
        await Installation.Git(clone, "add", "--all");
        var times = await Builds(prts, "unchanged", clone, builds, skip: 0, build =>
        {
            if (build.Stages!.SelectMany(stage => stage.Jobs).Count(job => job.Steps[0].Reason?.StartsWith("unchanged", StringComparison.Ordinal) == true) != Jobs)
                throw new InvalidOperationException("Some of the jobs ran.");
        });
        figures.Distribution("unchanged pipeline of 100 jobs, 20 slots", times, "≤ 2 s");
    }

    /// <summary>Milliseconds from creation to end, of builds one after another; the first one, and those that are skipped, are left out.</summary>
    private static async Task<List<double>> Builds(Installation prts, string project, string clone, int builds, int skip, Action<BuildSummary>? check = null)
    {
        var times = new List<double>();
        for (var number = 1; number <= builds + skip + 1; number++)
        {
            await Installation.Git(clone, "commit", "--quiet", "--allow-empty", "--message", "again");
            await Installation.Git(clone, "push", "--quiet", "origin", "main");
            // Whoever asks all the time slows it.
            await Task.Delay(1500);
            var build = await prts.WaitForBuild("bench/" + project, number);
            if (number <= skip + 1) continue;
            check?.Invoke(build);
            times.Add((build.FinishedAt!.Value - build.CreatedAt).TotalMilliseconds);
        }

        return times;
    }
}
