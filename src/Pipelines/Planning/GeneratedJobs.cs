using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Planning;

/// <summary>The step of an attempt that added a job to its build.</summary>
[GenerateSerializer, Alias("prts.plan-origin"), Immutable]
public sealed record PlannedOrigin
{
    /// <summary>Key of the job that generates.</summary>
    [Id(0)] public required string Job { get; init; }
    [Id(1)] public required int Step { get; init; }
    [Id(2)] public required int Attempt { get; init; }
}

/// <summary>
/// Jobs that a step adds to the running build. They belong to the stage of the job that generates them, wait for its success, see its
/// variables, and run side by side; whoever waits for that job waits for them, too.
/// </summary>
public static class GeneratedJobs
{
    /// <summary>Of one file.</summary>
    public const int Most = 200;

    /// <summary>Of one file.</summary>
    public const int MostBytes = YamlLimits.FileCharacters;

    /// <summary>The plan with the jobs of the file, in place of what the step or an earlier attempt of its job added before.</summary>
    /// <param name="file">For messages.</param>
    /// <returns>The same plan when there are errors.</returns>
    public static (BuildPlan Plan, IReadOnlyList<Diagnostic> Errors) Add(BuildPlan plan, PlannedOrigin origin, string file, ReadOnlySpan<byte> content, TriggerEvent trigger)
    {
        var errors = new ErrorList(file);
        var kept = Without(plan, job => job.Job == origin.Job && (job.Attempt != origin.Attempt || job.Step == origin.Step));
        var generator = kept.Jobs.First(job => job.Key == origin.Job);
        if (Read(file, content, generator.Stage, errors) is { } definition) CheckTogether(kept, definition, errors);
        else definition = null;
        if (errors.Any) return (plan, errors.InOrder());
        var planned = PlanBuilder.Build(definition!, trigger, new(kept.Jobs.Select(job => job.Key))).Jobs.Select(job => job with
        {
            Origin = origin,
            Needs = [generator.Key, .. job.Needs],
            Env = [.. generator.Env, .. job.Env],
        }).ToList();
        var jobs = kept.Jobs.Select(job => job.Needs.Contains(generator.Key) && job.Origin?.Job != generator.Key
            ? job with { Needs = [.. job.Needs, .. planned.Select(added => added.Key)] }
            : job).Concat(planned).ToList();
        var definitions = definition!.Stages.SelectMany(stage => stage.Jobs).ToList();
        DownloadSources.Set(jobs);
        CheckDownloads(jobs, definitions, errors);
        return errors.Any ? (plan, errors.InOrder()) : (plan with { Jobs = jobs }, []);
    }

    /// <summary>The plan as the pipeline says it.</summary>
    public static BuildPlan Strip(BuildPlan plan) => Without(plan, _ => true);

    /// <summary>The plan without what other attempts of a job added; the same when there is nothing of that.</summary>
    public static BuildPlan OfAttempt(BuildPlan plan, string key, int attempt) => Without(plan, job => job.Job == key && job.Attempt != attempt);

    private static BuildPlan Without(BuildPlan plan, Func<PlannedOrigin, bool> which)
    {
        var gone = plan.Jobs.Where(job => job.Origin is { } origin && which(origin)).Select(job => job.Key).ToHashSet(StringComparer.Ordinal);
        if (gone.Count == 0) return plan;
        // And what those generated themselves.
        while (plan.Jobs.Any(job => job.Origin is { } origin && gone.Contains(origin.Job) && gone.Add(job.Key)))
        {
        }

        var jobs = plan.Jobs.Where(job => !gone.Contains(job.Key)).Select(job => job.Needs.Any(gone.Contains) ? job with { Needs = [.. job.Needs.Where(need => !gone.Contains(need))] } : job).ToList();
        DownloadSources.Set(jobs);
        return plan with { Jobs = jobs };
    }

    private static PipelineDefinition? Read(string file, ReadOnlySpan<byte> content, string stage, ErrorList errors)
    {
        try
        {
            if (PipelineParser.Decode(content, errors) is not { } text) return null;
            if (YamlComposer.Compose(text, errors) is not { } root || root is YamlScalar { IsNull: true })
            {
                errors.Add(DiagnosticCodes.EmptyFile, new Place(1, 1), "The file is empty; generated jobs are a list `jobs`.");
                return null;
            }

            if (MappingReader.Of(root, PipelineKeys.Template, errors) is not { } reader) return null;
            foreach (var key in PipelineKeys.Template.Keys.Where(key => key != "jobs" && reader.Has(key)))
                errors.Add(DiagnosticCodes.ConflictingKeys, reader.PlaceOf(key), $"Generated jobs are a list `jobs` and nothing else; remove `{key}`.");
            var jobs = StageReader.Jobs(reader);
            var definition = new PipelineDefinition
            {
                File = file,
                Env = Nothing,
                Stages = [new() { Name = new(stage, 1, 1), Parallel = true, Needs = [], Env = Nothing, Jobs = jobs }],
            };
            PipelineCheck.Check(definition, errors);
            return definition;
        }
        catch (YamlStopException stop)
        {
            errors.Add(stop.Code, stop.At, stop.Message);
            return null;
        }
    }

    private static void CheckTogether(BuildPlan plan, PipelineDefinition definition, ErrorList errors)
    {
        var jobs = definition.Stages[0].Jobs;
        var names = plan.Jobs.SelectMany(job => new[] { job.Name, job.Matrix?.Group ?? job.Name }).ToHashSet(StringComparer.Ordinal);
        foreach (var job in jobs.DistinctBy(job => job.Group, StringComparer.Ordinal).Where(job => names.Contains(job.Name.Value) || names.Contains(job.Group)))
            errors.Add(DiagnosticCodes.DuplicateName, job.Name.Place(), $"The build has a job `{Words.Short(job.Name.Value)}` already; give this one another name.");
        if (jobs.Count > Most)
            errors.Add(DiagnosticCodes.TooManyJobs, jobs[Most].Name.Place(), $"The file has {jobs.Count:N0} jobs; a step adds at most {Most:N0}.");
        else if (plan.Jobs.Count + jobs.Count > PipelineCheck.Jobs)
            errors.Add(DiagnosticCodes.TooManyJobs, jobs[0].Name.Place(), $"The build would have {plan.Jobs.Count + jobs.Count:N0} jobs; it may have {PipelineCheck.Jobs:N0}.");
    }

    private static void CheckDownloads(List<PlannedJob> jobs, List<JobDefinition> definitions, ErrorList errors)
    {
        foreach (var (job, definition) in jobs.TakeLast(definitions.Count).Zip(definitions))
            foreach (var step in job.Steps.Where(step => step.Download is { Jobs.Count: 0 }))
            {
                var name = definition.Steps[step.Index].Download!.Name;
                errors.Add(DiagnosticCodes.UnknownArtifact, name.Place(), $"No job that ends before this one keeps an artifact `{Words.Short(name.Value)}`.");
            }
    }

    private static readonly Dictionary<string, string> Nothing = new(StringComparer.Ordinal);
}
