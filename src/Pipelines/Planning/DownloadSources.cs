namespace PRTS.Pipelines.Planning;

/// <summary>Says of each download which jobs before it may have kept what it fetches.</summary>
internal static class DownloadSources
{
    public static void Set(List<PlannedJob> jobs)
    {
        if (!jobs.Any(job => job.Steps.Any(step => step.Download is not null))) return;
        var upstream = new Upstream(jobs);
        for (var i = 0; i < jobs.Count; i++)
        {
            var index = i;
            if (!jobs[i].Steps.Any(step => step.Download is not null)) continue;
            jobs[i] = jobs[i] with
            {
                Steps = [.. jobs[i].Steps.Select(step => step.Download is not { } download ? step
                    : step with { Download = download with { Jobs = [.. upstream.Of(index).Where(before => MayKeep(jobs[before], download)).Select(before => jobs[before].Key)] } })],
            };
        }
    }

    private static bool MayKeep(PlannedJob job, PlannedDownload download) =>
        (download.From is not { } named || named == job.Name || named == job.Matrix?.Group) && job.Steps.Any(step => step.Artifact is { } kept && MayBe(download.Name, kept.Name));

    private static bool MayBe(string asked, string kept) =>
        asked.Contains("${{", StringComparison.Ordinal) || kept.Contains("${{", StringComparison.Ordinal) || PlannedDownload.Matches(asked, kept);
}
