using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Planning;

/// <summary>Writes out a pipeline as a plan: keys, edges, merged variables, skips.</summary>
internal sealed class PlanBuilder
{
    private readonly PipelineDefinition pipeline;
    private readonly TriggerEvent trigger;
    /// <summary>By a job's name, and of a matrix by the name of all its jobs.</summary>
    private readonly Dictionary<string, List<string>> keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> stageKeys = new(StringComparer.Ordinal);

    private PlanBuilder(PipelineDefinition pipeline, TriggerEvent trigger, JobKeys names)
    {
        this.pipeline = pipeline;
        this.trigger = trigger;
        foreach (var stage in pipeline.Stages)
        {
            foreach (var job in stage.Jobs) Remember(job, names.Add(job.Name.Value));
            stageKeys.Add(stage.Name.Value, [.. stage.Jobs.Select(KeyOf)]);
        }
    }

    /// <summary>The jobs as some event would plan them; their keys, needs and sources are the same for all.</summary>
    public static IReadOnlyList<PlannedJob> Jobs(PipelineDefinition pipeline) =>
        new PlanBuilder(pipeline with { Inputs = [] }, new TriggerEvent { Kind = "push", Ref = "refs/heads/main", Commit = "" }, new()).Build().Jobs;

    /// <param name="names">Knows the keys that are taken; null: none is.</param>
    public static BuildPlan Build(PipelineDefinition pipeline, TriggerEvent trigger, JobKeys? names = null) => new PlanBuilder(pipeline, trigger, names ?? new()).Build();

    private void Remember(JobDefinition job, string key)
    {
        keys[job.Name.Value] = [key];
        if (job.Group == job.Name.Value) return;
        if (!keys.TryGetValue(job.Group, out var group)) keys.Add(job.Group, group = []);
        group.Add(key);
    }

    private string KeyOf(JobDefinition job) => keys[job.Name.Value][0];

    private BuildPlan Build()
    {
        var stages = new List<PlannedStage>();
        var jobs = new List<PlannedJob>();
        foreach (var stage in pipeline.Stages)
        {
            var planned = new PlannedStage
            {
                Name = stage.Name.Value,
                Needs = stage.Needs is { } needs ? [.. needs.Select(n => n.Value)] : stages.Count > 0 ? [stages[^1].Name] : [],
                SkipReason = WhenRule.SkipReason(stage.When, "stage", trigger),
            };
            stages.Add(planned);
            AddJobs(stage, planned, jobs);
        }

        DownloadSources.Set(jobs);
        return new BuildPlan { Name = pipeline.Name ?? FileName(pipeline.File), File = pipeline.File, Stages = stages, Jobs = jobs, Concurrency = pipeline.Concurrency, Inputs = InputValues.Resolve(pipeline, trigger.Inputs), Includes = pipeline.Includes is { Count: > 0 } includes ? includes : null };
    }

    private void AddJobs(StageDefinition stage, PlannedStage planned, List<PlannedJob> jobs)
    {
        var before = planned.Needs.SelectMany(n => stageKeys[n]).ToList();
        var (previous, present) = (new List<string>(), new List<string>());
        var group = "";
        foreach (var job in stage.Jobs)
        {
            // The jobs of a matrix run side by side.
            if (job.Group != group) (previous, present, group) = (present, [], job.Group);
            var needs = before.Concat(job.Needs.SelectMany(n => keys[n.Value]));
            // Last, because whoever waits looks at the nearest first.
            if (!stage.Parallel) needs = needs.Concat(previous);
            present.Add(KeyOf(job));
            jobs.Add(new PlannedJob
            {
                Key = KeyOf(job),
                Name = job.Name.Value,
                Stage = stage.Name.Value,
                Needs = [.. needs.Distinct(StringComparer.Ordinal)],
                If = Both(stage.If, job.If),
                SkipReason = planned.SkipReason ?? WhenRule.SkipReason(job.When, "job", trigger),
                RunsOn = job.RunsOn,
                Container = job.Image is { } image ? Container(image) with { Limits = job.Resources } : null,
                ServiceContainers = [.. stage.Services.Where(shared => !job.Services.Any(own => own.Name == shared.Name && own.Name.Length > 0)).Concat(job.Services).Select(Container)],
                Environment = job.Environment?.Name,
                EnvironmentUrl = job.Environment?.Url,
                Timeout = job.Timeout ?? TimeSpan.FromHours(1),
                AllowFailure = job.AllowFailure,
                Matrix = job.Matrix,
                Retry = job.Retry,
                Concurrency = job.Concurrency,
                Priority = job.Priority ?? pipeline.Priority ?? 0,
                Env = [.. new[] { pipeline.Env, stage.Env, job.Env }.Where(level => level.Count > 0)],
                Secrets = job.Secrets,
                IdTokens = job.IdTokens,
                Steps = Steps(job.Steps),
            });
        }
    }

    private static PlannedContainer Container(ContainerDefinition container) => new()
    {
        Image = container.Image.Value,
        Name = container.Name,
        Pull = container.Pull,
        Env = container.Env,
        Ports = container.Ports,
        Command = container.Command,
        Health = container.Health,
        User = container.User,
        ReadOnly = container.ReadOnly,
    };

    /// <summary>The job's own, and after them one for each cache, which keeps it.</summary>
    private static List<PlannedStep> Steps(IReadOnlyList<StepDefinition> definitions)
    {
        List<PlannedStep> steps = [.. definitions.Select(Step)];
        foreach (var restored in steps.FindAll(step => step.Cache is not null))
        {
            steps.Add(new()
            {
                Index = steps.Count,
                Name = definitions[restored.Index].Name is { } name ? $"Save {name}" : "Save cache",
                Env = restored.Env,
                Cache = restored.Cache! with { Restored = restored.Index },
            });
        }

        return steps;
    }

    private static string NameOf(StepDefinition step) =>
        step.Name ?? (step.Artifact is { } kept ? $"Artifact {kept.Name.Value}"
            : step.Download is { } fetched ? $"Download {fetched.Name.Value}"
            : step.Cache is not null ? "Restore cache"
            : step.Image is { } image ? $"Build {(image.Tags.Count > 0 ? image.Tags[0] : "")}"
            : step.Generate is { } file ? $"Generate jobs from {file}"
            : PlannedStep.NameOf(step.Run!));

    private static PlannedStep Step(StepDefinition step, int index) => new()
    {
        Index = index,
        Id = step.Id?.Value,
        Name = NameOf(step),
        NamedByCommand = step.Name is null && step.Run is not null,
        Run = step.Run,
        Shell = step.Shell ?? "bash",
        WorkingDirectory = step.WorkingDirectory,
        Timeout = step.Timeout,
        ContinueOnError = step.ContinueOnError,
        Once = step.Once,
        Parallel = step.Parallel,
        If = step.If,
        Env = step.Env,
        Artifact = step.Artifact is { } artifact ? new PlannedArtifact { Name = artifact.Name.Value, Path = artifact.Path } : null,
        Download = step.Download is { } download ? new PlannedDownload { Name = download.Name.Value, Path = download.Path, Jobs = [], From = download.Job?.Value } : null,
        Memo = step.Memo,
        Generate = step.Generate,
        Image = step.Image,
        Cache = step.Cache is { } cache ? new PlannedCache { Key = cache.Key, RestoreKeys = cache.RestoreKeys, Paths = cache.Paths } : null,
    };

    private static string? Both(string? stage, string? job) =>
        stage is null || job is null ? stage ?? job : $"({stage}) && ({job})";

    private static string FileName(string file)
    {
        var name = file[(file.LastIndexOf('/') + 1)..];
        return name.LastIndexOf('.') is > 0 and var dot ? name[..dot] : name;
    }
}
