using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Planning;

/// <summary>One thing that waits for another.</summary>
/// <param name="To">The node waited for.</param>
/// <param name="Reason">In English; empty where it goes without saying.</param>
/// <param name="At">Where it is written; null when it follows from the order of the file.</param>
internal readonly record struct WaitEdge(int To, string Reason, Place? At);

/// <summary>
/// What waits for what. A stage has a node for its begin and one for its end, so that the graph stays as small as the file,
/// where edges between jobs alone would grow with its square.
/// </summary>
internal sealed class WaitGraph
{
    private readonly List<List<WaitEdge>> edges = [];

    public int Count => edges.Count;

    public static WaitGraph Of(PipelineDefinition pipeline)
    {
        var graph = new WaitGraph();
        var stages = new Dictionary<string, (int Begin, int End)>(StringComparer.Ordinal);
        var jobs = new Dictionary<string, int>(StringComparer.Ordinal);
        var nodes = new List<(StageDefinition Stage, int Begin, int End, List<int> Jobs)>();
        foreach (var stage in pipeline.Stages)
        {
            var (begin, end) = (graph.AddNode(), graph.AddNode());
            stages.TryAdd(stage.Name.Value, (begin, end));
            var own = stage.Jobs.Select(_ => graph.AddNode()).ToList();
            for (var i = 0; i < own.Count; i++) graph.Name(stage.Jobs[i], own[i], jobs);
            nodes.Add((stage, begin, end, own));
        }

        for (var i = 0; i < nodes.Count; i++)
        {
            var (stage, begin, end, own) = nodes[i];
            var name = Shown(stage.Name);
            if (stage.Needs is { } needs)
                graph.AddNeeds(begin, $"stage {name}", needs, n => stages.TryGetValue(n, out var s) ? s.End : null);
            else if (i > 0)
                graph.edges[begin].Add(new WaitEdge(nodes[i - 1].End, $"stage {name} has no `needs`, so it follows stage {Shown(nodes[i - 1].Stage.Name)}", null));
            for (var j = 0; j < own.Count; j++) graph.AddJob(stage, j, own, begin, end, jobs);
        }

        return graph;
    }

    public IReadOnlyList<WaitEdge> EdgesOf(int node) => edges[node];

    /// <summary>All jobs of a matrix have a node together, which waits for each of them.</summary>
    private void Name(JobDefinition job, int node, Dictionary<string, int> jobs)
    {
        jobs.TryAdd(job.Name.Value, node);
        if (job.Group == job.Name.Value) return;
        if (!jobs.TryGetValue(job.Group, out var group)) jobs.Add(job.Group, group = AddNode());
        edges[group].Add(new WaitEdge(node, "", null));
    }

    private int AddNode()
    {
        edges.Add([]);
        return edges.Count - 1;
    }

    private void AddJob(StageDefinition stage, int index, List<int> own, int begin, int end, Dictionary<string, int> jobs)
    {
        var job = stage.Jobs[index];
        var name = Shown(job.Name);
        edges[end].Add(new WaitEdge(own[index], $"stage {Shown(stage.Name)} ends with its job {name}", null));
        edges[own[index]].Add(new WaitEdge(begin, $"job {name} belongs to stage {Shown(stage.Name)}", null));
        AddNeeds(own[index], $"job {name}", job.Needs, n => jobs.TryGetValue(n, out var node) ? node : null);
        var before = index - 1;
        while (before >= 0 && stage.Jobs[before].Group == job.Group) before--;
        if (!stage.Parallel && before >= 0)
            edges[own[index]].Add(new WaitEdge(jobs[stage.Jobs[before].Group],
                $"job {name} follows job {Shown(stage.Jobs[before].Name)}, because stage {Shown(stage.Name)} is not `parallel`", null));
    }

    private void AddNeeds(int node, string subject, IReadOnlyList<Located<string>> needs, Func<string, int?> find)
    {
        foreach (var need in needs)
            if (find(need.Value) is { } target)
                edges[node].Add(new WaitEdge(target, $"{subject} needs {Shown(need)}", need.Place()));
    }

    private static string Shown(Located<string> name) => $"`{Words.Short(name.Value)}`";
}
