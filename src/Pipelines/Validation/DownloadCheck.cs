using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Validation;

/// <summary>Whether what a step fetches can be there: a job that ends before its own must keep it. Only for a file without other errors.</summary>
internal static class DownloadCheck
{
    public static void Check(PipelineDefinition pipeline, ErrorList errors)
    {
        var jobs = pipeline.Stages.SelectMany(s => s.Jobs).ToList();
        if (!jobs.Any(j => j.Steps.Any(s => s.Download is not null))) return;
        var plan = PlanBuilder.Jobs(pipeline);
        var upstream = new Upstream(plan);
        foreach (var (index, job) in jobs.Index().DistinctBy(j => j.Item.Group, StringComparer.Ordinal))
            foreach (var step in plan[index].Steps.Where(s => s.Download is { Jobs.Count: 0 } && !upstream.Of(index).Any(before => Generates(plan[before]))))
                Add(job, job.Steps[step.Index].Download!, jobs, errors);
    }

    /// <summary>What it adds may keep anything.</summary>
    private static bool Generates(PlannedJob job) => job.Steps.Any(step => step.Generate is not null);

    private static void Add(JobDefinition waiting, DownloadDefinition download, List<JobDefinition> jobs, ErrorList errors)
    {
        if (download.Job is { } named && !jobs.Any(j => j.Name.Value == named.Value || j.Group == named.Value))
        {
            var meant = Suggestion.Text(named.Value, [.. jobs.Select(j => j.Group).Distinct(StringComparer.Ordinal)]);
            errors.Add(DiagnosticCodes.UnknownNeed, named.Place(), $"There is no job `{Words.Short(named.Value)}`.{meant}");
            return;
        }

        var name = $"`{Words.Short(download.Name.Value)}`";
        var keepers = jobs.Where(j => (download.Job is not { } job || j.Name.Value == job.Value || j.Group == job.Value)
            && j.Steps.Any(s => s.Artifact is { } kept && PlannedDownload.Matches(download.Name.Value, kept.Name.Value))).Select(j => j.Group).Distinct(StringComparer.Ordinal).ToList();
        var kept = jobs.SelectMany(j => j.Steps).Where(s => s.Artifact is not null).Select(s => s.Artifact!.Name.Value).Distinct(StringComparer.Ordinal).ToList();
        var why = keepers.Contains(waiting.Group, StringComparer.Ordinal) ? $"{name} is kept by this job itself, whose workspace has the files already."
            : keepers.Count > 0 ? $"{name} is kept by `{Words.Short(keepers[0])}`, which does not end before this job; put it into the job's `needs`."
            : download.Job is { } asked ? $"`{Words.Short(asked.Value)}` keeps no artifact {name}."
            : $"No job keeps an artifact {name}.{Suggestion.Text(download.Name.Value, kept)}{(kept.Count == 0 ? " Files are kept by a step with `artifact`." : "")}";
        errors.Add(DiagnosticCodes.UnknownArtifact, download.Name.Place(), why);
    }
}
