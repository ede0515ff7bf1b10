using PRTS.Audit;

namespace PRTS.Storage.Audit;

/// <summary>Which entries. All that is given must hold.</summary>
public sealed record AuditFilter
{
    /// <summary>The actor's whole name; upper and lower case are the same.</summary>
    public string? Actor { get; init; }

    /// <summary>How the action begins: <c>variable</c>, <c>variable:set</c>.</summary>
    public string? Action { get; init; }

    /// <summary>How <c>kind:name</c> of the target begins, with its id where it has no name: <c>user</c>, <c>user:ann</c>.</summary>
    public string? Target { get; init; }

    /// <summary><c>org/project</c>, or <c>org</c> for all that is in it.</summary>
    public string? Project { get; init; }
    public AuditOutcome? Outcome { get; init; }

    /// <summary>From this instant on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this instant.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Words that all begin a word somewhere in the entry.</summary>
    public string? Text { get; init; }

    /// <summary>Whether all entries pass.</summary>
    public bool IsEmpty => this == new AuditFilter();
}
