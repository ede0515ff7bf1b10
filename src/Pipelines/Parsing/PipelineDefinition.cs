using PRTS.Pipelines.Planning;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>A value and where it begins in its file; line and column count from 1.</summary>
/// <param name="File">A template; null: the pipeline file.</param>
public readonly record struct Located<T>(T Value, int Line, int Column, string? File = null);

/// <summary>A valid pipeline file: names are unique, needs exist and have no cycle, expressions and globs are well-formed.</summary>
public sealed record PipelineDefinition
{
    /// <summary>Path in the repository.</summary>
    public required string File { get; init; }

    /// <summary>Null when the file gives none.</summary>
    public string? Name { get; init; }

    /// <summary>Null when the file has no <c>triggers</c> key: then every push to a branch starts it.</summary>
    public IReadOnlyList<TriggerDefinition>? Triggers { get; init; }

    public IReadOnlyList<PipelineInput> Inputs { get; init; } = [];
    public PlannedConcurrency? Concurrency { get; init; }
    public int? Priority { get; init; }

    /// <summary><c>variables</c>, then <c>env</c>, merged; the values may be templates.</summary>
    public required IReadOnlyDictionary<string, string> Env { get; init; }

    public required IReadOnlyList<StageDefinition> Stages { get; init; }

    /// <summary>Templates of other projects.</summary>
    public IReadOnlyList<PlannedInclude> Includes { get; init; } = [];

    /// <summary>Of its own expressions, without those of its stages.</summary>
    internal IReadOnlyList<PlacedReference> References { get; init; } = [];
}

/// <summary>One stage, in the order of the file.</summary>
public sealed record StageDefinition
{
    public required Located<string> Name { get; init; }

    /// <summary>Its jobs run side by side; otherwise one after another.</summary>
    public bool Parallel { get; init; }

    /// <summary>Null when not given: then the stage follows the one before it.</summary>
    public IReadOnlyList<Located<string>>? Needs { get; init; }

    public WhenDefinition? When { get; init; }

    /// <summary>Without <c>${{ }}</c>.</summary>
    public string? If { get; init; }

    /// <summary>Of each job of the stage, beside its own.</summary>
    public IReadOnlyList<ContainerDefinition> Services { get; init; } = [];
    public required IReadOnlyDictionary<string, string> Env { get; init; }

    public required IReadOnlyList<JobDefinition> Jobs { get; init; }

    /// <summary>Of its own expressions, without those of its jobs.</summary>
    internal IReadOnlyList<PlacedReference> References { get; init; } = [];
}

/// <summary>One job of a stage; where a job has a matrix, one of its jobs.</summary>
public sealed record JobDefinition
{
    public required Located<string> Name { get; init; }

    /// <summary>The name as it is written, which stands for all jobs of a matrix.</summary>
    public required string Group { get; init; }

    /// <summary>Null: the job has no matrix.</summary>
    public PlannedMatrix? Matrix { get; init; }
    public required IReadOnlyList<Located<string>> Needs { get; init; }
    public WhenDefinition? When { get; init; }

    /// <summary>Without <c>${{ }}</c>.</summary>
    public string? If { get; init; }

    public required IReadOnlyList<string> RunsOn { get; init; }
    public ContainerDefinition? Image { get; init; }
    public required IReadOnlyList<ContainerDefinition> Services { get; init; }
    public ContainerLimits? Resources { get; init; }
    public EnvironmentDefinition? Environment { get; init; }
    public TimeSpan? Timeout { get; init; }
    public bool AllowFailure { get; init; }
    public PlannedRetry? Retry { get; init; }
    public PlannedConcurrency? Concurrency { get; init; }
    public int? Priority { get; init; }
    public required IReadOnlyDictionary<string, string> Env { get; init; }
    public IReadOnlyList<PlannedSecret> Secrets { get; init; } = [];
    public IReadOnlyList<PlannedIdToken> IdTokens { get; init; } = [];
    public required IReadOnlyList<StepDefinition> Steps { get; init; }

    /// <summary>Of its own expressions, without those of its steps.</summary>
    internal IReadOnlyList<PlacedReference> References { get; init; } = [];
}

/// <summary>One step of a job: exactly one of <see cref="Run"/>, <see cref="Artifact"/>, <see cref="Download"/>, <see cref="Cache"/>, <see cref="Generate"/> and <see cref="Image"/> is set.</summary>
public sealed record StepDefinition
{
    public string? Name { get; init; }
    public Located<string>? Id { get; init; }
    public string? Run { get; init; }
    public string? Shell { get; init; }
    public string? WorkingDirectory { get; init; }
    public string? If { get; init; }
    public TimeSpan? Timeout { get; init; }
    public bool ContinueOnError { get; init; }
    public bool Once { get; init; }

    /// <summary>Its group; null: it runs alone.</summary>
    public int? Parallel { get; init; }
    public required IReadOnlyDictionary<string, string> Env { get; init; }
    public ArtifactDefinition? Artifact { get; init; }
    public DownloadDefinition? Download { get; init; }
    public CacheDefinition? Cache { get; init; }
    public PlannedStepCache? Memo { get; init; }
    public string? Generate { get; init; }
    public PlannedImage? Image { get; init; }
    internal IReadOnlyList<PlacedReference> References { get; init; } = [];
}

/// <summary>Where a job deploys to. Both may be templates.</summary>
public sealed record EnvironmentDefinition(string Name, string? Url);

/// <summary>Files to keep, by path or glob relative to the workspace.</summary>
public sealed record ArtifactDefinition(Located<string> Name, string Path);

/// <summary>Artifacts of jobs that this one waits for: a name or pattern, the job that kept it (null: whichever did), and a folder of the workspace.</summary>
public sealed record DownloadDefinition(Located<string> Name, Located<string>? Job, string Path);

/// <summary>Files to keep between builds. All may be templates; paths and globs are relative to the workspace.</summary>
public sealed record CacheDefinition(string Key, IReadOnlyList<string> RestoreKeys, IReadOnlyList<string> Paths);

/// <summary>Globs that a build's event must match; an empty list asks nothing, and all lists must match.</summary>
public sealed record WhenDefinition
{
    public required IReadOnlyList<string> Branch { get; init; }
    public required IReadOnlyList<string> Tag { get; init; }
    public required IReadOnlyList<string> Event { get; init; }
    public required IReadOnlyList<string> Paths { get; init; }
}
