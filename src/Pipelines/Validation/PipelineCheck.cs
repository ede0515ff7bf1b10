using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Validation;

/// <summary>What can only be checked when the whole file is read: names, needs, cycles, size.</summary>
internal static class PipelineCheck
{
    /// <summary>Edges between jobs grow with the square of a file; a plan has to stay small enough to store and to draw.</summary>
    public const int Jobs = 1000;

    /// <summary>Characters of all values of a plan, each written out in every job that has it, and edges.</summary>
    public const long PlanSize = 8 * 1024 * 1024;

    public static void Check(PipelineDefinition pipeline, ErrorList errors)
    {
        var jobs = pipeline.Stages.SelectMany(s => s.Jobs).ToList();
        if (TooMany(pipeline, jobs, errors)) return;
        CheckUnique(pipeline.Stages.Select(s => s.Name), "stage", errors);
        CheckUnique(jobs.Select(j => j.Name), "job", errors);
        CheckUnique(jobs.DistinctBy(j => (j.Name.Line, j.Name.Column)).Where(j => j.Matrix is not null).Select(j => j.Name with { Value = j.Group })
            .Concat(jobs.Where(j => j.Matrix is null).Select(j => j.Name)).OrderBy(n => n.Line).ThenBy(n => n.Column), "job", errors);
        CheckNeeds(pipeline, jobs, errors);
        Cycles.Check(pipeline, errors);
        CheckSize(pipeline, jobs, errors);
    }

    /// <summary>Checked first: comparing names and following needs costs more than a file of that size is worth.</summary>
    private static bool TooMany(PipelineDefinition pipeline, List<JobDefinition> jobs, ErrorList errors)
    {
        // So many stages have among them some without jobs, which is an error already.
        if (jobs.Count <= Jobs) return pipeline.Stages.Count > Jobs;
        var beyond = jobs[Jobs].Name;
        errors.Add(DiagnosticCodes.TooManyJobs, beyond.Place(), $"The file has {jobs.Count:N0} jobs; one pipeline has at most {Jobs:N0}. Split it into several files in .prts/.");
        return true;
    }

    private static void CheckUnique(IEnumerable<Located<string>> names, string what, ErrorList errors)
    {
        var first = new Dictionary<string, Located<string>>(StringComparer.Ordinal);
        foreach (var name in names)
            if (!first.TryAdd(name.Value, name))
                errors.Add(DiagnosticCodes.DuplicateName, name.Place(),
                    $"There is already a {what} `{Words.Short(name.Value)}`, in line {first[name.Value].Line}; give this one another name.");
    }

    private static void CheckNeeds(PipelineDefinition pipeline, List<JobDefinition> jobs, ErrorList errors)
    {
        var stageNames = pipeline.Stages.Select(s => s.Name.Value).ToHashSet(StringComparer.Ordinal);
        var jobNames = jobs.Select(j => j.Name.Value).Concat(jobs.Select(j => j.Group)).ToHashSet(StringComparer.Ordinal);
        foreach (var need in pipeline.Stages.SelectMany(s => s.Needs ?? []))
            if (!stageNames.Contains(need.Value))
                errors.Add(DiagnosticCodes.UnknownNeed, need.Place(), () => Unknown(need.Value, "stage", stageNames)
                    + (jobNames.Contains(need.Value) ? " It is a job, and a stage needs stages." : ""));
        foreach (var need in jobs.DistinctBy(j => j.Group, StringComparer.Ordinal).SelectMany(j => j.Needs))
            if (!jobNames.Contains(need.Value))
                errors.Add(DiagnosticCodes.UnknownNeed, need.Place(), () => Unknown(need.Value, "job", jobNames)
                    + (stageNames.Contains(need.Value) ? " It is a stage; put it into the `needs` of the job's stage." : ""));
    }

    private static string Unknown(string name, string what, IReadOnlyCollection<string> names)
    {
        var meant = Suggestion.For(name, names) is { } near && near != name ? $" Did you mean `{near}`?" : "";
        var all = names.Count is > 0 and <= 8 && meant.Length == 0 ? $" The {what}s are {Words.And(names.Select(n => $"`{Words.Short(n)}`"))}." : "";
        return $"There is no {what} `{Words.Short(name)}`.{meant}{all}";
    }

    private static void CheckSize(PipelineDefinition pipeline, List<JobDefinition> jobs, ErrorList errors)
    {
        var perJob = Size(pipeline.Env);
        long size = 0;
        var stages = pipeline.Stages.DistinctBy(s => s.Name.Value, StringComparer.Ordinal).ToDictionary(s => s.Name.Value, StringComparer.Ordinal);
        var previous = (StageDefinition?)null;
        foreach (var stage in pipeline.Stages)
        {
            var shared = perJob + Size(stage.Env) + (stage.If?.Length ?? 0)
                + (stage.Needs is null ? Keys(previous) : stage.Needs.Sum(n => Keys(stages.GetValueOrDefault(n.Value))));
            foreach (var job in stage.Jobs)
                size += shared + Size(job);
            previous = stage;
        }

        if (size > PlanSize)
            errors.Add(DiagnosticCodes.PlanTooLarge, new Place(1, 1),
                "The jobs together are too large to plan, because each has a copy of its variables, commands and needs. Use fewer or shorter variables, or move scripts into files of the repository.");
    }

    private static long Size(JobDefinition job) => Size(job.Env) + (job.If?.Length ?? 0) + Size(job.Image)
        + job.Needs.Concat([job.Name]).Sum(n => (long)n.Value.Length) + job.RunsOn.Sum(s => (long)s.Length) + job.Services.Sum(Size)
        + job.Steps.Sum(s => (s.Run?.Length ?? 0) + (s.Name?.Length ?? 0) + (s.If?.Length ?? 0) + (s.WorkingDirectory?.Length ?? 0) + Size(s.Env));

    private static long Size(ContainerDefinition? container) => container is null ? 0
        : container.Image.Value.Length + Size(container.Env) + container.Command.Sum(part => (long)part.Length) + (container.Health?.Command.Length ?? 0);

    /// <summary>What the keys of a stage's jobs take wherever they are needed.</summary>
    private static long Keys(StageDefinition? stage) => stage?.Jobs.Sum(j => 3L + j.Name.Value.Length) ?? 0;

    private static long Size(IReadOnlyDictionary<string, string> env) => env.Sum(e => (long)e.Key.Length + e.Value.Length);
}
