using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Planning;

/// <summary>
/// What one pipeline file means for one event: the jobs of a build, in the order of the file, with every edge explicit.
/// Values keep their <c>${{ }}</c> templates; they are evaluated when a job or step starts.
/// </summary>
[GenerateSerializer, Alias("prts.plan"), Immutable]
public sealed record BuildPlan
{
    /// <summary>The schema of persisted plans; a reader refuses a higher one.</summary>
    [Id(0)] public int SchemaVersion { get; init; } = 1;

    /// <summary>The pipeline's <c>name</c>, or its file name without extension.</summary>
    [Id(1)] public required string Name { get; init; }

    /// <summary>Path in the repository, for example <c>.prts/pipeline.yaml</c>.</summary>
    [Id(2)] public required string File { get; init; }

    [Id(3)] public required IReadOnlyList<PlannedStage> Stages { get; init; }

    /// <summary>Jobs in the order of the file. <see cref="PlannedJob.Key"/> is unique.</summary>
    [Id(4)] public required IReadOnlyList<PlannedJob> Jobs { get; init; }

    /// <summary>Of the whole build; its group is a template.</summary>
    [Id(5)] public PlannedConcurrency? Concurrency { get; init; }

    /// <summary>Values of the pipeline's inputs by name, as JSON.</summary>
    [Id(6)] public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Templates of other projects that it is made of; null: none.</summary>
    [Id(7)] public IReadOnlyList<PlannedInclude>? Includes { get; init; }
}

[GenerateSerializer, Alias("prts.plan-stage"), Immutable]
public sealed record PlannedStage
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>Names of the stages that must end first (explicit, or the stage before).</summary>
    [Id(1)] public required IReadOnlyList<string> Needs { get; init; }

    /// <summary>Why the stage's jobs are skipped by the planner (an unmet <c>when</c>), in English; null when it runs.</summary>
    [Id(2)] public string? SkipReason { get; init; }
}

[GenerateSerializer, Alias("prts.plan-job"), Immutable]
public sealed record PlannedJob
{
    /// <summary>Lower-case letters, digits and hyphens; unique in the build; at most 80 characters. Used in addresses and keys.</summary>
    [Id(0)] public required string Key { get; init; }

    /// <summary>As the author wrote it; unique in the build.</summary>
    [Id(1)] public required string Name { get; init; }

    [Id(2)] public required string Stage { get; init; }

    /// <summary>Keys of all jobs that must end first: from stage needs, job needs and non-parallel stages.</summary>
    [Id(3)] public required IReadOnlyList<string> Needs { get; init; }

    /// <summary>The job's <c>if</c>, without <c>${{ }}</c>; null means <c>success()</c>.</summary>
    [Id(4)] public string? If { get; init; }

    /// <summary>Why the planner skips this job (an unmet <c>when</c>), in English; null when it may run.</summary>
    [Id(5)] public string? SkipReason { get; init; }

    /// <summary>Labels of the agent; may be templates.</summary>
    [Id(6)] public IReadOnlyList<string> RunsOn { get; init; } = [];

    /// <summary>Where its steps run; null: in processes of the agent's machine.</summary>
    [Id(14)] public PlannedContainer? Container { get; init; }

    [Id(15)] public IReadOnlyList<PlannedContainer> ServiceContainers { get; init; } = [];

    [Id(9)] public string? Environment { get; init; }

    [Id(10)] public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(1);

    [Id(11)] public bool AllowFailure { get; init; }

    /// <summary>The variables of the pipeline, the stage and the job, outer levels first. Later names win. Values may be templates, which see what is before them.</summary>
    [Id(12)] public IReadOnlyList<IReadOnlyDictionary<string, string>> Env { get; init; } = [];

    [Id(13)] public required IReadOnlyList<PlannedStep> Steps { get; init; }

    /// <summary>Null: it is not one of a matrix.</summary>
    [Id(16)] public PlannedMatrix? Matrix { get; init; }
    [Id(17)] public PlannedRetry? Retry { get; init; }

    /// <summary>Its group is a template.</summary>
    [Id(18)] public PlannedConcurrency? Concurrency { get; init; }

    /// <summary>Of jobs that wait for the same agents, those with a higher one go first. -100 to 100.</summary>
    [Id(19)] public int Priority { get; init; }

    /// <summary>Where what the job deploys can be seen; a template.</summary>
    [Id(20)] public string? EnvironmentUrl { get; init; }

    /// <summary>Which step added it to the build; null: it is written in the pipeline.</summary>
    [Id(21)] public PlannedOrigin? Origin { get; init; }

    /// <summary>What it is given when it starts; one for each variable.</summary>
    [Id(22)] public IReadOnlyList<PlannedSecret> Secrets { get; init; } = [];

    [Id(23)] public IReadOnlyList<PlannedIdToken> IdTokens { get; init; } = [];

    /// <summary>Whether it is given anything that others must not see.</summary>
    public bool IsGivenSecrets => Secrets.Count > 0 || IdTokens.Count > 0;

    /// <summary>Whether an agent can have this label: a word of at most 100 characters without spaces and commas.</summary>
    public static bool IsLabel(string label) => label.Length is > 0 and <= 100 && !label.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == ',');
}

/// <summary>One step: exactly one of <see cref="Run"/>, <see cref="Artifact"/>, <see cref="Download"/>, <see cref="Cache"/>, <see cref="Generate"/> and <see cref="Image"/> is set.</summary>
[GenerateSerializer, Alias("prts.plan-step"), Immutable]
public sealed record PlannedStep
{
    /// <summary>Position in the job, from 0.</summary>
    [Id(0)] public required int Index { get; init; }

    [Id(1)] public string? Id { get; init; }

    /// <summary>The author's name, a template; or what <see cref="NameOf"/> makes of the command, as it is written.</summary>
    [Id(2)] public required string Name { get; init; }

    [Id(3)] public string? Run { get; init; }

    /// <summary><c>bash</c> (default), <c>sh</c>, <c>python</c>, <c>pwsh</c>, or a command with <c>{0}</c> for the script file.</summary>
    [Id(4)] public string Shell { get; init; } = "bash";

    /// <summary>Relative to the workspace; may be a template.</summary>
    [Id(5)] public string? WorkingDirectory { get; init; }

    /// <summary>Null: only the job's time-out counts.</summary>
    [Id(6)] public TimeSpan? Timeout { get; init; }

    [Id(7)] public bool ContinueOnError { get; init; }

    /// <summary>The step's <c>if</c>, without <c>${{ }}</c>; null means <c>success()</c>.</summary>
    [Id(8)] public string? If { get; init; }

    [Id(9)] public required IReadOnlyDictionary<string, string> Env { get; init; }

    [Id(10)] public PlannedArtifact? Artifact { get; init; }

    /// <summary>The author gave no name: once the command is evaluated, it names the step.</summary>
    [Id(11)] public bool NamedByCommand { get; init; }

    [Id(12)] public PlannedDownload? Download { get; init; }
    [Id(13)] public PlannedCache? Cache { get; init; }

    /// <summary>Null: the step runs each time.</summary>
    [Id(14)] public PlannedStepCache? Memo { get; init; }

    /// <summary>Whatever happens to the job, the command never runs twice in a build unless a person says so.</summary>
    [Id(15)] public bool Once { get; init; }

    /// <summary>Steps that follow each other with the same number run at the same time; null: it runs alone.</summary>
    [Id(16)] public int? Parallel { get; init; }

    /// <summary>The file whose jobs are added to the build; a template.</summary>
    [Id(17)] public string? Generate { get; init; }
    [Id(18)] public PlannedImage? Image { get; init; }

    /// <summary>It has a process, and so output and an exit code.</summary>
    public bool HasProcess => Run is not null || Image is not null;

    /// <summary>The first line of a command that has text, at most 60 characters of it; "" when none has.</summary>
    public static string NameOf(string command) =>
        Words.Short((command.Split('\n').FirstOrDefault(line => !string.IsNullOrWhiteSpace(line)) ?? "").Trim());
}
