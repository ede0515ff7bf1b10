using PRTS.Execution.Containers;

namespace PRTS.Execution;

/// <summary>Where and how this machine runs jobs.</summary>
public sealed class ExecutionOptions
{
    /// <summary>One directory per running job: assignment, events, journal and log spool. Only for the agent's own user.</summary>
    public required string JobsDirectory { get; init; }

    /// <summary>One directory per running job: checkout, home and temporary files of its steps.</summary>
    public required string WorkDirectory { get; init; }

    /// <summary>One bare mirror per project. Only for the agent's own user.</summary>
    public required string MirrorsDirectory { get; init; }

    /// <summary>The supervisor program: its native executable or apphost, or <c>prts-supervisor.dll</c>.</summary>
    public required string SupervisorPath { get; init; }

    /// <summary>
    /// Whose rights the steps have when the agent runs as root: a user's name or uid, or a range of uids such as <c>70000-79999</c>,
    /// of which each job gets one for itself. Null is that range. Without root, steps run as the agent's own user.
    /// </summary>
    public string? JobUser { get; init; }

    /// <summary>Unacknowledged log bytes on disk per job; beyond it the step's writes wait.</summary>
    public long SpoolLimit { get; init; } = 4L << 30;

    /// <summary>The root of a working tree on this machine that jobs get a copy of, instead of a checkout from the control plane.</summary>
    public string? WorkingTree { get; init; }

    /// <summary>Where containers come from; null: this machine runs none.</summary>
    public ContainerEngine? Engine { get; init; }

    /// <summary>How long the workspace of a job that failed stays, so that it can go on at the step that failed; zero: it does not.</summary>
    public TimeSpan KeepFailed { get; init; }

    /// <summary>Jobs here end with this process: no later one adopts them, so any may clear away their containers once this one is gone.</summary>
    public bool EndsWithProcess { get; init; }

    public required string AgentName { get; init; }

    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Everything that would keep jobs from running here, one clear line each; creates the directories.</summary>
    public IReadOnlyList<string> Validate() => OptionsCheck.Problems(this);
}
