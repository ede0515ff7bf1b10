using PRTS.Api;

namespace PRTS.Grains.Builds;

/// <summary>What has to be done about a job, in words of its agents.</summary>
public enum JobEffect
{
    None = 0,

    /// <summary>Give back the slot of an attempt that is over.</summary>
    Release,

    /// <summary>Ask whether the environment lets the job deploy.</summary>
    CheckEnvironment,

    /// <summary>Ask for a turn in the concurrency group.</summary>
    Enter,

    /// <summary>Leave the concurrency group.</summary>
    Leave,

    /// <summary>Ask for a slot, or tell who holds it.</summary>
    Ask,

    /// <summary>Send the assignment to the agent.</summary>
    Deliver,

    /// <summary>Send the cancel to the agent; repeated until it says that the job ended.</summary>
    Cancel,
}

/// <summary>
/// What this activation has done already. Forgotten at a crash: then all of it is done again, which is harmless because every
/// command is idempotent.
/// </summary>
public sealed record JobMemory
{
    public bool Asked { get; init; }
    public bool Delivered { get; init; }

    /// <summary>Deliveries of this attempt whose outcome is unknown.</summary>
    public int Unknown { get; init; }

    /// <summary>How often the agent said that it does not take this attempt.</summary>
    public int Refusals { get; init; }

    /// <summary>The agent did not take the attempt: ask again no sooner than this.</summary>
    public DateTimeOffset? AskAt { get; init; }

    /// <summary>Attempts that are over and whose slots or places in the queue are to be given back.</summary>
    public IReadOnlyList<int> Releases { get; init; } = [];

    /// <summary>The slot of the attempt that ended the job was given back.</summary>
    public bool Released { get; init; }

    /// <summary>The environment's rules were looked at, and nothing has changed since.</summary>
    public bool CheckedEnvironment { get; init; }

    /// <summary>The concurrency group was asked for a turn.</summary>
    public bool AskedGroup { get; init; }

    /// <summary>The concurrency group was left.</summary>
    public bool LeftGroup { get; init; }
}

public static class JobWork
{
    /// <summary>After so many deliveries with unknown outcome (about 13 s) the attempt is given up.</summary>
    public const int MaxUnknown = 8;

    /// <summary>After so many refusals (about 0.6 s) another agent is asked for.</summary>
    public const int MaxRefusals = 6;

    public static JobEffect Next(JobState state, JobMemory memory)
    {
        if (state.Version == 0) return JobEffect.None;
        if (memory.Releases.Count > 0) return JobEffect.Release;
        if (state.Status.IsEnded()) return !memory.Released ? JobEffect.Release : state.Group is null || memory.LeftGroup ? JobEffect.None : JobEffect.Leave;
        if (OnceSteps.Asks(state)) return JobEffect.None;
        if (state.Environment is not null && state.Gate?.Admitted != true) return memory.CheckedEnvironment ? JobEffect.None : JobEffect.CheckEnvironment;
        if (state.Group is not null && !state.Entered) return memory.AskedGroup ? JobEffect.None : JobEffect.Enter;
        if (!memory.Asked) return JobEffect.Ask;
        if (state.Agent is null) return JobEffect.None;
        if (!memory.Delivered) return JobEffect.Deliver;
        return state.CancelReason is not null ? JobEffect.Cancel : JobEffect.None;
    }
}
