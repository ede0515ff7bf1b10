using System.Collections;

namespace PRTS.Pipelines.Planning;

/// <summary>What jobs wait for, directly and through others. The needs have no cycle.</summary>
internal sealed class Upstream
{
    private readonly BitArray?[] before;
    private readonly int[][] needs;

    public Upstream(IReadOnlyList<PlannedJob> jobs)
    {
        var indexes = jobs.Select((job, index) => (job.Key, index)).ToDictionary(j => j.Key, j => j.index, StringComparer.Ordinal);
        needs = [.. jobs.Select(job => job.Needs.Select(key => indexes[key]).ToArray())];
        before = new BitArray?[jobs.Count];
    }

    /// <summary>Positions in the plan, ascending.</summary>
    public IEnumerable<int> Of(int job)
    {
        var all = Before(job);
        return Enumerable.Range(0, needs.Length).Where(index => all[index]);
    }

    private BitArray Before(int job)
    {
        if (before[job] is { } known) return known;
        var all = new BitArray(needs.Length);
        foreach (var need in needs[job])
        {
            all.Or(Before(need));
            all[need] = true;
        }

        return before[job] = all;
    }
}
