using PRTS.Audit.Checkpoints;

namespace PRTS.Audit.Verification;

/// <summary>What an export turned out to be.</summary>
public sealed record AuditVerdict
{
    /// <summary>Entries that were read until the end, or until the fault.</summary>
    public required long Entries { get; init; }

    /// <summary>The kept checkpoints that hold, the smallest first.</summary>
    public required IReadOnlyList<Checkpoint> Proven { get; init; }

    /// <summary>The checkpoint that the export itself ends with.</summary>
    public Checkpoint? Closing { get; init; }

    /// <summary>The first thing that is wrong; null: the log is proven.</summary>
    public AuditFault? Fault { get; init; }

    public bool IsProven => Fault is null;
}

/// <summary>What is wrong. Line: of the export, from 1; null when it is not the export's.</summary>
public sealed record AuditFault(AuditFaultKind Kind, long? Line, string Text);

public enum AuditFaultKind
{
    /// <summary>A checkpoint that was given is none, is not signed by its key, or its key is not trusted.</summary>
    Checkpoint = 0,

    /// <summary>The line is neither an entry nor a checkpoint.</summary>
    Unreadable = 1,

    /// <summary>The entry is not what its hash was made of.</summary>
    Changed = 2,

    /// <summary>Entries before this one are not there.</summary>
    Missing = 3,

    /// <summary>The entry was there already.</summary>
    Repeated = 4,

    /// <summary>The entry, or the checkpoint, is of another tenant.</summary>
    Foreign = 5,

    /// <summary>The entries are not those that a checkpoint was made of.</summary>
    Root = 6,

    /// <summary>The export ends too early.</summary>
    Truncated = 7,

    /// <summary>Something follows the end.</summary>
    Surplus = 8,
}
