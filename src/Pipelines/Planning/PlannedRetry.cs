namespace PRTS.Pipelines.Planning;

/// <summary>Why an attempt at a job failed.</summary>
[GenerateSerializer, Alias("prts.failure-cause")]
public enum FailureCause
{
    /// <summary>A step failed, or what the job needs could not be had.</summary>
    Failure = 0,

    /// <summary>Its agent was lost, or its supervisor or machine.</summary>
    AgentLost = 1,

    /// <summary>The job or a step took too long.</summary>
    Timeout = 2,
}

/// <summary>When a job that failed is tried again.</summary>
[GenerateSerializer, Alias("prts.plan-retry"), Immutable]
public sealed record PlannedRetry
{
    /// <summary>Tries after the first one, at most.</summary>
    [Id(0)] public required int Count { get; init; }

    /// <summary>Causes after which it is tried again.</summary>
    [Id(1)] public IReadOnlyList<FailureCause> On { get; init; } = [FailureCause.Failure, FailureCause.AgentLost, FailureCause.Timeout];

    /// <summary>Of a failed step, those codes after which it is tried again; empty: all.</summary>
    [Id(2)] public IReadOnlyList<int> ExitCodes { get; init; } = [];

    /// <summary>Before the first retry; each later one waits twice as long as the one before.</summary>
    [Id(3)] public TimeSpan Delay { get; init; }

    /// <summary>The longest wait.</summary>
    public static TimeSpan LongestDelay { get; } = TimeSpan.FromHours(1);

    /// <summary>How long the next try waits; null when there is none.</summary>
    /// <param name="retries">How often it was tried again already.</param>
    /// <param name="cause">Why the last attempt failed.</param>
    /// <param name="exitCode">Of the step that failed, where one did.</param>
    public TimeSpan? Next(int retries, FailureCause cause, int? exitCode)
    {
        if (retries >= Count || !On.Contains(cause)) return null;
        if (cause == FailureCause.Failure && ExitCodes.Count > 0 && (exitCode is not { } code || !ExitCodes.Contains(code))) return null;
        var wait = Delay * Math.Pow(2, Math.Min(retries, 30));
        return wait < LongestDelay ? wait : LongestDelay;
    }
}
