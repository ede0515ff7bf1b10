namespace PRTS.Api.Builds;

/// <summary>Which jobs of a build are to run again.</summary>
public sealed record RerunJobs
{
    /// <summary>Keys; null or empty: those that failed or were canceled.</summary>
    public IReadOnlyList<string>? Jobs { get; init; }

    /// <summary>Jobs that failed go on at the step that failed, on the same agent and with the workspace as it was.</summary>
    public bool FromFailedStep { get; init; }
}
