namespace PRTS.Pipelines.Planning;

/// <summary>
/// What a job reads as <c>needs</c>: each job that it waits for, by its key; and each matrix that it waits for all of as a whole, by the
/// key that the matrix' name would have as a job's. A key that one of those jobs has stays the job's, and of several such matrices it
/// is the first's.
/// </summary>
public static class NeededJobs
{
    /// <param name="plan">All jobs of the build, in their order.</param>
    /// <param name="job">The one that waits.</param>
    /// <param name="ended">How a job that it waits for ended, by key.</param>
    public static IReadOnlyDictionary<string, EndedJob> Of(IReadOnlyList<PlannedJob> plan, PlannedJob job, Func<string, EndedJob> ended)
    {
        var needs = job.Needs.Distinct(StringComparer.Ordinal).ToDictionary(key => key, ended, StringComparer.Ordinal);
        foreach (var (key, jobs) in Matrices(plan, job)) needs.Add(key, Whole(jobs, needs));
        return needs;
    }

    /// <summary>The keys of the matrices, with their jobs in the order of the plan.</summary>
    internal static IReadOnlyList<(string Key, IReadOnlyList<PlannedJob> Jobs)> Matrices(IReadOnlyList<PlannedJob> plan, PlannedJob job)
    {
        var needs = job.Needs.ToHashSet(StringComparer.Ordinal);
        var groups = plan.Where(need => need.Matrix is not null && needs.Contains(need.Key)).Select(need => need.Matrix!.Group).ToHashSet(StringComparer.Ordinal);
        if (groups.Count == 0) return [];
        return [.. plan.Where(need => need.Matrix is { } matrix && groups.Contains(matrix.Group)).GroupBy(need => need.Matrix!.Group, StringComparer.Ordinal)
            .Where(matrix => matrix.All(need => needs.Contains(need.Key)))
            .Select(matrix => (Key: JobKeys.Slug(matrix.Key), Jobs: (IReadOnlyList<PlannedJob>)[.. matrix]))
            .Where(matrix => !needs.Contains(matrix.Key)).DistinctBy(matrix => matrix.Key, StringComparer.Ordinal)];
    }

    /// <summary>A failure that is allowed counts as success, as it does for whoever waits.</summary>
    private static EndedJob Whole(IReadOnlyList<PlannedJob> jobs, Dictionary<string, EndedJob> ended)
    {
        var results = jobs.Select(job => (ended[job.Key].Result, job.AllowFailure)).ToList();
        var outputs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in jobs.SelectMany(job => ended[job.Key].Outputs ?? new Dictionary<string, string>(StringComparer.Ordinal)))
            outputs[name] = value;
        return new(
            results.Contains((JobResult.Failure, false)) ? JobResult.Failure
            : results.Exists(job => job.Result == JobResult.Cancelled) ? JobResult.Cancelled
            : results.TrueForAll(job => job.Result == JobResult.Skipped) ? JobResult.Skipped
            : JobResult.Success,
            outputs);
    }
}
