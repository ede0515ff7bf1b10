using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using PRTS.Api;
using PRTS.Api.Artifacts;
using PRTS.Api.Builds;

namespace PRTS.Scenarios;

/// <summary>One scenario in a project of its own: does what its acts say, and compares what comes of each.</summary>
internal sealed class ScenarioRun(Installation prts, string registry, string name, Scenario scenario)
{
    private const string PipelineFile = ".prts/pipeline.yaml";

    /// <summary>Comes last of a commit's files, starts with every push, and runs nothing.</summary>
    private const string EndFile = ".prts/zz-end.yaml";
    private const string End = "triggers: [push]\nstages: [{name: End, jobs: [{name: End, when: {branch: nowhere}, steps: [{run: none}]}]}]\n";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string project = name.Replace('/', '-').ToLowerInvariant();

    /// <summary>Builds that are missing can only be told where it is known that no more will come.</summary>
    private readonly bool counts = scenario.Acts.Any(act => act.Builds is not null || !act.Started);
    private string clone = "";
    private int last;

    private string Project => $"/api/v1/projects/bench/{project}";

    private string Address => $"{Project}/builds";

    public async Task Run()
    {
        clone = await prts.Clone(project);
        Write(PipelineFile, [.. Enumerable.Repeat(Yaml(), scenario.Repeat).SelectMany(bytes => bytes)]);
        if (counts)
            Write(EndFile, Encoding.UTF8.GetBytes(End));
        foreach (var (index, act) in scenario.Acts.Index())
        {
            try
            {
                await Play(act);
            }
            catch (Exception e) when (e is ScenarioException or HttpRequestException or InvalidOperationException)
            {
                throw new ScenarioException($"{name}, act {index}: {e.Message}", e is ScenarioException ? null : e);
            }
        }
        if (last > 0 && !(await Get(last))!.Status.IsEnded())
            await Post($"{Address}/{last}/cancel", null);
    }

    /// <summary>As it lies there, byte for byte, unless it speaks of the registry.</summary>
    private byte[] Yaml()
    {
        var bytes = ScenarioFiles.Yaml(name);
        return bytes.AsSpan().IndexOf("registry.test:5000"u8) < 0 ? bytes
            : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace("registry.test:5000", registry, StringComparison.Ordinal));
    }

    private async Task Play(Act act)
    {
        foreach (var (environment, settings) in act.Environments)
            (await prts.Http.PutAsJsonAsync($"{Project}/environments/{environment}", settings, ApiJson.Options)).EnsureSuccessStatusCode();
        foreach (var (variable, value) in act.Variables.SelectMany(variable => variable.Value.Select(value => (variable.Key, value))))
            (await prts.Http.PutAsJsonAsync($"{Project}/variables/{variable}", value, ApiJson.Options)).EnsureSuccessStatusCode();
        foreach (var (secret, value) in act.Secrets)
            (await prts.Http.PutAsJsonAsync($"{Project}/secrets/{secret}", value, ApiJson.Options)).EnsureSuccessStatusCode();
        if (act.Problem is { } problem)
        {
            var refused = await Assert.ThrowsAsync<ScenarioException>(() => Do(act));
            Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
            return;
        }
        var numbers = await Do(act);
        IReadOnlyList<ExpectedBuild> expected = act.Builds ?? (act.Started ? [act] : []);
        if (numbers.Count != expected.Count)
            throw new ScenarioException($"{numbers.Count} builds were started, not {expected.Count}.");
        foreach (var (number, build) in numbers.Zip(expected))
            await Compare(number, build);
    }

    /// <summary>Does it, and returns the numbers of the builds that come of it.</summary>
    private async Task<IReadOnlyList<int>> Do(Act act)
    {
        switch (act.Do)
        {
            case Deed.Push:
                await Push(act);
                return counts ? await Counted() : [++last];
            case Deed.Start:
                return Answered(await Post(Address, act.Request ?? (object)new StartBuild()));
            case Deed.Retry:
                return Answered(await Post($"{Address}/{last}/retry", null));
            case Deed.Approve or Deed.Reject:
                await Post($"{Address}/{last}/jobs/{act.Job}/{(act.Do == Deed.Approve ? "approve" : "reject")}", new { });
                return [last];
            case Deed.Rerun:
                await Post($"{Address}/{last}/rerun", new RerunJobs { Jobs = act.Job is { } job ? [job] : null, FromFailedStep = act.FromFailedStep });
                return [last];
            case Deed.Answer:
                var asking = (await Until(last, build => Job(build, act.Job!)?.Question is not null)).Number;
                await Post($"{Address}/{asking}/jobs/{act.Job}/answer", new OnceAnswer { Step = Job((await Get(asking))!, act.Job!)!.Question!.Step, Ran = act.Ran });
                return [last];
            case Deed.Cancel:
                await Post($"{Address}/{last}/cancel", null);
                return [last];
            default:
                return [++last];
        }
    }

    private static JobSummary? Job(BuildSummary build, string key) => build.Stages!.SelectMany(stage => stage.Jobs).FirstOrDefault(job => job.Key == key);

    private async Task Push(Act act)
    {
        foreach (var (path, content) in act.Files)
        {
            if (content is null)
                File.Delete(Path.Combine(clone, path));
            else
                Write(path, Encoding.UTF8.GetBytes(content));
        }
        await Installation.Git(clone, "add", "--all");
        await Installation.Git(clone, "commit", "--quiet", "--allow-empty", "--message", act.Message ?? name);
        await Installation.Git(clone, "push", "--quiet", "origin", act.Tag is { } tag ? $"HEAD:refs/tags/{tag}" : $"HEAD:refs/heads/{act.Branch}");
    }

    private void Write(string path, byte[] content)
    {
        var file = Path.Combine(clone, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
        if (content.AsSpan().StartsWith("#!"u8))
            File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
    }

    /// <summary>The builds up to the one that every push starts last.</summary>
    private async Task<IReadOnlyList<int>> Counted()
    {
        var numbers = new List<int>();
        while (true)
        {
            var build = await Until(++last, _ => true);
            if (build.File == EndFile)
                return numbers;
            numbers.Add(last);
        }
    }

    private List<int> Answered(IReadOnlyList<BuildSummary> builds)
    {
        last = builds.Count == 0 ? last : builds.Max(build => build.Number);
        return [.. builds.Where(build => build.File != EndFile).Select(build => build.Number)];
    }

    private async Task Compare(int number, ExpectedBuild expected)
    {
        var build = await Until(number, found => Differences(expected, found).Count == 0 || found.Status.IsEnded());
        var comparison = new Comparison();
        comparison.Build(expected, build);
        foreach (var (key, job) in expected.Jobs ?? new Dictionary<string, ExpectedJob>())
            if (job is not { Log: null, LogHas: null, LogLacks: null })
                comparison.Log($"jobs.{key}", job, await Text($"{Address}/{number}/jobs/{key}/log"));
        if (expected.Artifacts is not null)
            await CompareArtifacts(number, expected.Artifacts, comparison);
        if (comparison.Differences.Count > 0)
            throw new ScenarioException($"build {number} is not as expected:\n  {string.Join("\n  ", comparison.Differences)}\n{await prts.Evidence(build)}");
    }

    private async Task CompareArtifacts(int number, IReadOnlyDictionary<string, ExpectedArtifact> expected, Comparison comparison)
    {
        var kept = (await prts.Http.GetFromJsonAsync<List<ArtifactSummary>>($"{Address}/{number}/artifacts", ApiJson.Options))!;
        comparison.List("artifacts", [.. expected.Keys.Order(StringComparer.Ordinal)], [.. kept.Select(artifact => $"{artifact.Job}/{artifact.Name}").Order(StringComparer.Ordinal)]);
        foreach (var artifact in kept.Where(artifact => expected.ContainsKey($"{artifact.Job}/{artifact.Name}")))
        {
            var address = $"{Address}/{number}/jobs/{artifact.Job}/artifacts/{Uri.EscapeDataString(artifact.Name)}/files";
            var files = new Dictionary<string, (string, bool)>(StringComparer.Ordinal);
            foreach (var file in (await prts.Http.GetFromJsonAsync<List<ArtifactFile>>(address, ApiJson.Options))!)
                files.Add(file.Path, (await Text($"{address}/{string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString))}"), file.Executable));
            comparison.Artifact($"artifacts.{artifact.Job}/{artifact.Name}", expected[$"{artifact.Job}/{artifact.Name}"], files);
        }
    }

    private static IReadOnlyList<string> Differences(ExpectedBuild expected, BuildSummary build)
    {
        var comparison = new Comparison();
        comparison.Build(expected, build);
        return comparison.Differences;
    }

    /// <summary>The build once it is there and as the condition says.</summary>
    private async Task<BuildSummary> Until(int number, Func<BuildSummary, bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var build = await Get(number);
            if (build is not null && (condition(build) || clock.Elapsed > Patience))
                return build;
            if (clock.Elapsed > Patience)
                throw new ScenarioException($"no build {number} was started.\n{await prts.Evidence(null)}");
            await Task.Delay(TimeSpan.FromMilliseconds(50) + (clock.Elapsed / 20));
        }
    }

    private async Task<BuildSummary?> Get(int number)
    {
        using var response = await prts.Http.GetAsync($"{Address}/{number}");
        return response.StatusCode == System.Net.HttpStatusCode.NotFound ? null : await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<BuildSummary>(ApiJson.Options);
    }

    private async Task<IReadOnlyList<BuildSummary>> Post(string address, object? body)
    {
        using var response = await prts.Http.PostAsJsonAsync(address, body, ApiJson.Options);
        var answer = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
            throw new ScenarioException($"{address} was refused: {answer}");
        return answer.StartsWith('[') ? System.Text.Json.JsonSerializer.Deserialize<List<BuildSummary>>(answer, ApiJson.Options)! : [];
    }

    /// <summary>Empty when there is none, as the log of a job that never started.</summary>
    private async Task<string> Text(string address)
    {
        using var response = await prts.Http.GetAsync(address);
        return response.StatusCode == System.Net.HttpStatusCode.NotFound ? "" : await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }
}

internal sealed class ScenarioException(string message, Exception? inner = null) : Exception(message, inner);
