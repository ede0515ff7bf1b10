namespace PRTS.Pipelines.Parsing;

/// <summary>One reason to start a build.</summary>
public abstract record TriggerDefinition;

/// <summary>A push to a branch or of a tag. Null: the filter is not given.</summary>
public sealed record PushTrigger : TriggerDefinition
{
    public IReadOnlyList<string>? Branches { get; init; }
    public IReadOnlyList<string>? BranchesIgnore { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
    public IReadOnlyList<string>? TagsIgnore { get; init; }
    public IReadOnlyList<string>? Paths { get; init; }
    public IReadOnlyList<string>? PathsIgnore { get; init; }
}

/// <summary>Activity on a pull request. <paramref name="Branches"/> filters the branch that it wants to change.</summary>
public sealed record PullRequestTrigger(IReadOnlyList<string> Types, IReadOnlyList<string>? Branches) : TriggerDefinition;

/// <summary>A clock, in UTC. Without a branch: the project's default branch.</summary>
public sealed record ScheduleTriggerDefinition(string Cron, string? Branch) : TriggerDefinition;

/// <summary>Someone presses the button; always possible, also when not listed.</summary>
public sealed record ManualTrigger : TriggerDefinition;
