namespace PRTS.Contracts.Concurrency;

/// <summary>
/// One concurrency group: who is under way, and who waits in which order. Key: the project's key, <c>/builds/</c> or <c>/jobs/</c>, and
/// the group. Commands return at once.
/// </summary>
[Alias("prts.IConcurrencyGrain")]
public interface IConcurrencyGrain : IGrainWithStringKey
{
    /// <summary>Asks for a turn. Idempotent: asked again, a member gets its present answer, and whoever is under way is asked whether it still is.</summary>
    [Alias("Enter")] Task<GroupAnswer> Enter(GroupEntry entry);

    /// <summary>The member ended, or wants its turn no more. Idempotent.</summary>
    [Alias("Leave")] Task Leave(string member);
}

/// <summary>What a concurrency group says to its members, which are builds or jobs.</summary>
[Alias("prts.IGroupMember")]
public interface IGroupMember : IGrainWithStringKey
{
    /// <summary>It is this member's turn. False: it wants none any more.</summary>
    [Alias("GroupTurn")] Task<bool> GroupTurn();

    /// <summary>Somebody newer takes its place: it is to cancel itself. Idempotent.</summary>
    [Alias("Supersede")] Task Supersede(string by);

    /// <summary>Whether it is in the group: waiting, or under way.</summary>
    [Alias("InGroup")] Task<bool> InGroup();
}

[GenerateSerializer, Alias("prts.group-entry"), Immutable]
public sealed record GroupEntry
{
    /// <summary>The build's or job's key.</summary>
    [Id(0)] public required string Member { get; init; }

    /// <summary>As people know it.</summary>
    [Id(1)] public required string Name { get; init; }

    /// <summary>Cancels whoever is there before it.</summary>
    [Id(2)] public bool CancelInProgress { get; init; }

    /// <summary>How long it usually is under way; null when that is not known.</summary>
    [Id(3)] public TimeSpan? Usual { get; init; }
}

[GenerateSerializer, Alias("prts.group-answer"), Immutable]
public sealed record GroupAnswer
{
    /// <summary>It is its turn.</summary>
    [Id(0)] public required bool Entered { get; init; }

    /// <summary>For whom it waits, in a sentence.</summary>
    [Id(1)] public string? WaitReason { get; init; }

    /// <summary>When its turn is expected; null when that is not known.</summary>
    [Id(2)] public DateTimeOffset? ExpectedStartAt { get; init; }
}
