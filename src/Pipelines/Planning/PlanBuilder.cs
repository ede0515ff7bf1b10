using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Planning;

/// <summary>Writes out a pipeline as a plan: keys, edges, merged variables, skips.</summary>
internal sealed class PlanBuilder
{
    private readonly PipelineDefinition pipeline;
    private readonly TriggerEvent trigger;
    private readonly Dictionary<string, string> keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> stageKeys = new(StringComparer.Ordinal);

    private PlanBuilder(PipelineDefinition pipeline, TriggerEvent trigger)
    {
        this.pipeline = pipeline;
        this.trigger = trigger;
        var names = new JobKeys();
        foreach (var stage in pipeline.Stages)
        {
            foreach (var job in stage.Jobs) keys.Add(job.Name.Value, names.Add(job.Name.Value));
            stageKeys.Add(stage.Name.Value, [.. stage.Jobs.Select(j => keys[j.Name.Value])]);
        }
    }

    public static BuildPlan Build(PipelineDefinition pipeline, TriggerEvent trigger) => new PlanBuilder(pipeline, trigger).Build();

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

        return new BuildPlan { Name = pipeline.Name ?? FileName(pipeline.File), File = pipeline.File, Stages = stages, Jobs = jobs };
    }

    private void AddJobs(StageDefinition stage, PlannedStage planned, List<PlannedJob> jobs)
    {
        var before = planned.Needs.SelectMany(n => stageKeys[n]).ToList();
        string? previous = null;
        foreach (var job in stage.Jobs)
        {
            var needs = before.Concat(job.Needs.Select(n => keys[n.Value]));
            // Last, because whoever waits looks at the nearest first.
            if (!stage.Parallel && previous is not null) needs = needs.Append(previous);
            previous = keys[job.Name.Value];
            jobs.Add(new PlannedJob
            {
                Key = previous,
                Name = job.Name.Value,
                Stage = stage.Name.Value,
                Needs = [.. needs.Distinct(StringComparer.Ordinal)],
                If = Both(stage.If, job.If),
                SkipReason = planned.SkipReason ?? WhenRule.SkipReason(job.When, "job", trigger),
                RunsOn = job.RunsOn,
                Container = job.Image is { } image ? Container(image) with { Limits = job.Resources } : null,
                ServiceContainers = [.. job.Services.Select(Container)],
                Environment = job.Environment,
                Timeout = job.Timeout ?? TimeSpan.FromHours(1),
                AllowFailure = job.AllowFailure,
                Env = [.. new[] { pipeline.Env, stage.Env, job.Env }.Where(level => level.Count > 0)],
                Steps = [.. job.Steps.Select(Step)],
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

    private static PlannedStep Step(StepDefinition step, int index) => new()
    {
        Index = index,
        Id = step.Id?.Value,
        Name = step.Name ?? (step.Artifact is { } kept ? $"Artifact {kept.Name.Value}" : PlannedStep.NameOf(step.Run!)),
        NamedByCommand = step.Name is null && step.Artifact is null,
        Run = step.Run,
        Shell = step.Shell ?? "bash",
        WorkingDirectory = step.WorkingDirectory,
        Timeout = step.Timeout,
        ContinueOnError = step.ContinueOnError,
        If = step.If,
        Env = step.Env,
        Artifact = step.Artifact is { } artifact ? new PlannedArtifact { Name = artifact.Name.Value, Path = artifact.Path } : null,
    };

    private static string? Both(string? stage, string? job) =>
        stage is null || job is null ? stage ?? job : $"({stage}) && ({job})";

    private static string FileName(string file)
    {
        var name = file[(file.LastIndexOf('/') + 1)..];
        return name.LastIndexOf('.') is > 0 and var dot ? name[..dot] : name;
    }
}
