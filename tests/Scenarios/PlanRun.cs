using System.Text;

namespace PRTS.Scenarios;

/// <summary>A scenario's pipeline, planned by <c>prts plan</c> in the working tree and by the server for the push of the same commit.</summary>
internal sealed class PlanRun(Installation prts, string name)
{
    /// <summary>One of four, which is enough of each kind, of those whose first act is a push to the default branch that starts one build.</summary>
    public static bool CanPlan(string name)
    {
        if (name.StartsWith("Mistakes/", StringComparison.Ordinal) || name.StartsWith("Containers/", StringComparison.Ordinal))
            return false;
        var scenario = ScenarioFiles.Read(name);
        return scenario is { Do: Deed.Push, Branch: "main", Tag: null, Message: null, Builds: null, Started: true, Repeat: 1, Status: not PRTS.Api.RunStatus.Invalid }
            && !Encoding.UTF8.GetString(ScenarioFiles.Yaml(name)).Contains("paths", StringComparison.Ordinal) && name.Sum(c => c) % 4 == 0;
    }

    public async Task Run()
    {
        var project = "plan-" + name.Replace('/', '-').ToLowerInvariant();
        var clone = await prts.Clone(project);
        foreach (var (path, content) in ScenarioFiles.Read(name).Files.Append(new(".prts/pipeline.yaml", Encoding.UTF8.GetString(ScenarioFiles.Yaml(name)))))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(clone, path))!);
            await File.WriteAllTextAsync(Path.Combine(clone, path), content);
        }
        await Installation.Git(clone, "add", "--all");
        await Installation.Git(clone, "commit", "--quiet", "--message", name);
        await Installation.Git(clone, "push", "--quiet", "origin", "HEAD:refs/heads/main");
        var here = await Commands.Run(Path.Combine(Installation.Checkout(), "prts"), ["plan", "--event", "push", "--json"], clone);
        await prts.WaitFor($"bench/{project}", 1, _ => true);
        var there = await prts.Http.GetStringAsync($"/api/v1/projects/bench/{project}/builds/1/plan");
        await prts.Http.PostAsync($"/api/v1/projects/bench/{project}/builds/1/cancel", null);
        Assert.Equal(there.TrimEnd(), here.TrimEnd());
    }
}
