using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace PRTS.Audit;

/// <summary>
/// One line of the audit log: who did what to what, from where, and what came of it. Whoever records it leaves <see cref="Sequence"/> and
/// <see cref="At"/> alone; the log gives both. Its one form in bytes is <see cref="Canonical.Bytes"/> (docs/adr/0011).
/// </summary>
public sealed record AuditEntry
{
    private static readonly Regex IsTenant = new(@"\A[a-z0-9][a-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
    private static readonly Regex IsAction = new(@"\A[a-z][a-z0-9-]{0,39}:[a-z][a-z0-9-]{0,39}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>Its place in the tenant's log, from 1, without gaps; the leaf of the tree is the one before. 0: not yet written.</summary>
    public long Sequence { get; init; }
    public required string Tenant { get; init; }

    /// <summary>By the clock of the server that recorded it; microseconds. Entries of several servers may be out of order by as much as their clocks differ.</summary>
    [JsonConverter(typeof(AuditTimeConverter))]
    public DateTimeOffset At { get; init; }
    public required AuditActor Actor { get; init; }
    public required AuditOrigin Origin { get; init; }

    /// <summary><c>noun:verb</c>, as permissions are named; <c>login:try</c>, <c>variable:set</c>.</summary>
    public required string Action { get; init; }
    public required AuditTarget Target { get; init; }
    public AuditOutcome Outcome { get; init; }

    /// <summary>Why it was denied or failed, in one sentence.</summary>
    public string? Reason { get; init; }

    /// <summary>What held before, as far as the action changes it. Never a secret: see <see cref="AuditFields"/>.</summary>
    public AuditFields? Before { get; init; }

    /// <summary>What is to hold afterwards.</summary>
    public AuditFields? After { get; init; }

    /// <summary>The id of the request's trace, which the server's log and the answer to the caller have too.</summary>
    public string? Request { get; init; }

    /// <summary>The entry as it is written: with its place and time, and its texts cleaned, cut and free of what looks like a secret.</summary>
    /// <exception cref="FormatException">The tenant or the action is none.</exception>
    public AuditEntry Written(long sequence, DateTimeOffset at)
    {
        if (!IsTenant.IsMatch(Tenant)) throw new FormatException($"'{Tenant}' is no tenant.");
        if (!IsAction.IsMatch(Action)) throw new FormatException($"'{Action}' is no action; one is noun:verb, such as variable:set.");
        return this with
        {
            Sequence = sequence,
            At = AuditTime.Truncate(at),
            Actor = new(Actor.Kind, AuditText.Name(Actor.Id), AuditText.Name(Actor.Name)),
            Origin = new(Origin.Via, Origin.Address is { } address ? AuditText.Name(address) : null),
            Target = Target.Cleaned(),
            Reason = Reason is { } reason ? AuditText.Value(reason) : null,
            Request = Request is { } request ? AuditText.Name(request) : null,
        };
    }
}

/// <summary>Who. Id: what does not change when the name does; empty for who is not known.</summary>
public sealed record AuditActor(AuditActorKind Kind, string Id, string Name);

/// <summary>From where: the network address as the server sees it (null for what the server does by itself), and by which door.</summary>
public sealed record AuditOrigin(AuditVia Via, string? Address = null);

/// <summary>To what. Kind: the noun (<c>user</c>, <c>variable</c>). Id: what tells it from others of its kind; Name: what people call it, where that differs.</summary>
public sealed record AuditTarget(string Kind, string Id, string? Name = null, string? Org = null, string? Project = null)
{
    public static AuditTarget OfProject(string org, string project) => new("project", $"{org}/{project}", null, org, project);

    /// <summary>Something that belongs to a project.</summary>
    public static AuditTarget In(string org, string project, string kind, string id) => new(kind, id, null, org, project);

    internal AuditTarget Cleaned() => new(AuditText.Name(Kind), AuditText.Name(Id), Clean(Name), Clean(Org), Clean(Project));

    private static string? Clean(string? text) => text is null ? null : AuditText.Name(text);
}

/// <summary>JSON has the lower-case name.</summary>
[JsonConverter(typeof(AuditOutcomeJsonConverter))]
public enum AuditOutcome
{
    /// <summary>It was permitted and is about to be done. Should it then fail, an entry of its own says so.</summary>
    Allowed = 0,

    /// <summary>It was not permitted, and nothing was done.</summary>
    Denied = 1,

    /// <summary>It was permitted and could not be done.</summary>
    Failed = 2,
}

/// <summary>JSON has the lower-case name.</summary>
[JsonConverter(typeof(AuditActorKindJsonConverter))]
public enum AuditActorKind
{
    User = 0,

    /// <summary>A build machine, for itself.</summary>
    Agent = 1,

    /// <summary>A build, through the agent that runs it or with a token of its own.</summary>
    Job = 2,

    /// <summary>A program with an account or key of its own.</summary>
    Service = 3,

    /// <summary>PRTS by itself: schedules, upkeep.</summary>
    System = 4,

    /// <summary>Nobody that is known: the name is the one that was claimed.</summary>
    Anonymous = 5,
}

/// <summary>The door. JSON has the lower-case name.</summary>
[JsonConverter(typeof(AuditViaJsonConverter))]
public enum AuditVia
{
    Web = 0,
    Api = 1,
    Git = 2,

    /// <summary>The API, by a client that calls itself the command line of PRTS.</summary>
    Cli = 3,
    Agent = 4,
    System = 5,
}

/// <summary>A part of the log, the newest entries first. Next: what to give as <c>before</c> for the part after this one; null at the end.</summary>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Items, long? Next);

/// <summary>The entry could not be written, so the operation that it is about must not be done.</summary>
public sealed class AuditUnavailableException(string message, Exception? cause = null) : Exception(message, cause);
