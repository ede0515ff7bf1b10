using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Validation;

/// <summary>Finds stages and jobs that wait for themselves, and says how.</summary>
internal static class Cycles
{
    public static void Check(PipelineDefinition pipeline, ErrorList errors)
    {
        var graph = WaitGraph.Of(pipeline);
        var state = new byte[graph.Count];
        var reported = new HashSet<Place>();
        for (var node = 0; node < graph.Count; node++)
            if (state[node] == 0)
                Walk(graph, node, state, reported, errors);
    }

    /// <summary>Depth first with its own stack: a chain may be as long as the file.</summary>
    private static void Walk(WaitGraph graph, int start, byte[] state, HashSet<Place> reported, ErrorList errors)
    {
        var path = new List<(int Node, int NextEdge)> { (start, 0) };
        state[start] = 1;
        while (path.Count > 0)
        {
            var (node, next) = path[^1];
            var edges = graph.EdgesOf(node);
            if (next == edges.Count)
            {
                state[node] = 2;
                path.RemoveAt(path.Count - 1);
                continue;
            }

            path[^1] = (node, next + 1);
            var target = edges[next].To;
            if (state[target] == 0)
            {
                state[target] = 1;
                path.Add((target, 0));
            }
            else if (state[target] == 1)
            {
                var begin = path.FindIndex(p => p.Node == target);
                Report([.. path[begin..].Select(p => graph.EdgesOf(p.Node)[p.NextEdge - 1])], reported, errors);
            }
        }
    }

    /// <summary>Cycles that share a need are one mistake: without that need both are gone.</summary>
    private static void Report(List<WaitEdge> cycle, HashSet<Place> reported, ErrorList errors)
    {
        // What follows from the order of the file only points backwards, unless a name is there twice, which is an error of its own.
        var written = cycle.Where(e => e.At is not null).Select(e => e.At!.Value).OrderBy(p => p.Line).ThenBy(p => p.Column).ToList();
        if (written.Count == 0 || written.Exists(reported.Contains)) return;
        reported.UnionWith(written);
        var reasons = cycle.Where(e => e.Reason.Length > 0).Select(e => e.Reason).ToList();
        var shown = reasons.Count > 12 ? [.. reasons[..6], $"and {reasons.Count - 12} more", .. reasons[^6..]] : reasons;
        errors.Add(DiagnosticCodes.Cycle, written[0], $"This waits for itself and could never start: {string.Join("; ", shown)}. Remove one of these needs.");
    }
}
