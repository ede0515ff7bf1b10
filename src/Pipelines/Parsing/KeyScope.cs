namespace PRTS.Pipelines.Parsing;

/// <summary>The keys that one kind of mapping may have.</summary>
/// <param name="Name">With its article, for messages: <c>a job</c>.</param>
/// <param name="SchemaName">Name in the JSON Schema's <c>$defs</c>; empty for the file itself.</param>
internal sealed record KeyScope(string Name, string SchemaName, params string[] Keys)
{
    /// <summary>Names of the author's own may stand beside the keys.</summary>
    public bool IsOpen { get; init; }
}

/// <summary>Every key of the language. The JSON Schema and docs/pipeline.md are tested against these lists.</summary>
internal static class PipelineKeys
{
    public static readonly KeyScope Pipeline = new("a pipeline", "", "version", "name", "triggers", "inputs", "concurrency", "priority", "variables", "env", "stages");

    public static readonly KeyScope Trigger = new("a trigger", "trigger", "push", "pull_request", "schedule", "manual");

    public static readonly KeyScope Push = new("push", "push",
        "branches", "branches_ignore", "tags", "tags_ignore", "paths", "paths_ignore");

    public static readonly KeyScope PullRequest = new("pull_request", "pull_request", "types", "branches");

    public static readonly KeyScope Schedule = new("schedule", "schedule", "cron", "branch");

    public static readonly KeyScope Stage = new("a stage", "stage",
        "name", "parallel", "needs", "when", "if", "services", "variables", "env", "jobs");

    public static readonly KeyScope When = new("when", "when", "branch", "tag", "event", "paths");

    public static readonly KeyScope Job = new("a job", "job",
        "name", "matrix", "needs", "when", "if", "runs_on", "priority", "concurrency", "image", "services", "resources", "environment", "timeout", "retry",
        "allow_failure", "variables", "env", "secrets", "id_tokens", "steps");

    public static readonly KeyScope Input = new("an input", "input", "type", "description", "default", "required", "options");

    public static readonly KeyScope Matrix = new("a matrix", "matrix", "include", "exclude", "fail_fast", "max_parallel") { IsOpen = true };

    public static readonly KeyScope Retry = new("retry", "retry", "count", "on", "exit_codes", "delay");

    public static readonly KeyScope Concurrency = new("concurrency", "concurrency", "group", "cancel_in_progress");

    public static readonly KeyScope Image = new("an image", "image", "name", "pull", "user", "read_only");

    public static readonly KeyScope Service = new("a service", "service",
        "image", "name", "pull", "command", "ports", "health", "variables", "env");

    public static readonly KeyScope Health = new("health", "health", "command", "interval", "timeout", "retries");

    public static readonly KeyScope Environment = new("an environment", "environment", "name", "url");

    public static readonly KeyScope Resources = new("resources", "resources", "cpu", "memory", "pids");

    public static readonly KeyScope Secret = new("a secret", "secret", "name", "variable", "file");

    public static readonly KeyScope Step = new("a step", "step",
        "name", "id", "run", "shell", "working_directory", "env", "variables", "if", "timeout", "continue_on_error", "once", "inputs", "outputs", "artifact", "download", "cache", "build_image", "generate", "parallel");

    public static readonly KeyScope Artifact = new("artifact", "artifact", "path", "name");

    public static readonly KeyScope Download = new("download", "download", "name", "job", "path");

    public static readonly KeyScope Cache = new("cache", "cache", "key", "restore_keys", "paths");

    public static readonly KeyScope BuildImage = new("build_image", "build_image", "tags", "context", "dockerfile", "target", "args", "cache_from", "pull", "push");

    public static readonly KeyScope Include = new("include", "include", "file", "project", "ref", "inputs");

    public static readonly KeyScope Template = new("a template", "template", "inputs", "stages", "jobs", "steps");

    public static readonly IReadOnlyList<KeyScope> All =
        [Pipeline, Trigger, Push, PullRequest, Schedule, Input, Stage, When, Job, Matrix, Retry, Concurrency, Image, Service, Health, Environment, Resources, Secret, Step, Artifact, Download, Cache, BuildImage, Include, Template];

    /// <summary>Known from other systems or planned; they get a plain answer instead of a guess.</summary>
    public static readonly IReadOnlySet<string> NotYet = new HashSet<string>(StringComparer.Ordinal)
    {
        "strategy", "uses", "with", "extends", "template", "templates",
        "parameters", "permissions", "container", "defaults", "approval", "rules",
        "volumes", "privileged", "interruptible", "notify", "notifications",
    };

    /// <summary>What other systems call our keys.</summary>
    public static readonly IReadOnlyDictionary<string, string> Synonyms = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["on"] = "triggers",
        ["trigger"] = "triggers",
        ["timeout_minutes"] = "timeout",
        ["script"] = "run",
        ["command"] = "run",
        ["commands"] = "run",
        ["depends_on"] = "needs",
        ["dependson"] = "needs",
        ["workdir"] = "working_directory",
        ["cwd"] = "working_directory",
        ["condition"] = "if",
        ["only"] = "when",
        ["vars"] = "variables",
        ["environment_variables"] = "env",
        ["labels"] = "runs_on",
        ["tags"] = "runs_on",
        ["pool"] = "runs_on",
        ["artifacts"] = "artifact",
        ["title"] = "name",
        ["display_name"] = "name",
        ["displayname"] = "name",
        ["path_ignore"] = "paths_ignore",
        ["crontab"] = "cron",
        ["events"] = "event",
        ["ignore_failure"] = "allow_failure",
        ["workflow_dispatch"] = "inputs",
        ["resource_group"] = "concurrency",
        ["cancel_running"] = "cancel_in_progress",
        ["max"] = "count",
        ["when"] = "on",
        ["attempts"] = "count",
        ["interval"] = "delay",
    };
}
