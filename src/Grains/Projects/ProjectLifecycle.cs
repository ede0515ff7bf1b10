using PRTS.Api.Projects;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Projects;

/// <summary>A build that is about to get its number.</summary>
/// <param name="Before">The commit that the ref pointed to before; null when it is new or does not matter.</param>
public sealed record Draft(BuildRequest Request, string? Before = null);

/// <summary>Decides about a project's numbers and refs. The same instance comes back when nothing changes.</summary>
public static class ProjectLifecycle
{
    private const int RememberedOccurrences = 64;
    private const int RememberedDeliveries = 32;

    public static ProjectState Create(ProjectState state, CreateProject definition, DateTimeOffset now) => state.Version > 0
        ? state
        : state with { Version = 1, Description = definition.Description, DefaultBranch = definition.DefaultBranch, CreatedAt = now };

    /// <summary>Remembers the refs as they are and gives the drafts their numbers, in one change: neither is there without the other.</summary>
    public static ProjectState Trigger(ProjectState state, IReadOnlyDictionary<string, string> refs, IReadOnlyList<Draft> drafts) =>
        Number(state with { Triggered = refs }, state, drafts);

    public static ProjectState Start(ProjectState state, IReadOnlyList<Draft> drafts) => drafts.Count == 0 ? state : Number(state, state, drafts);

    /// <summary>Starts what a schedule asks for, once.</summary>
    public static ProjectState Occur(ProjectState state, string key, IReadOnlyList<Draft> drafts) => state.Occurrences.Contains(key, StringComparer.Ordinal)
        ? state
        : Number(state with { Occurrences = [.. state.Occurrences.TakeLast(RememberedOccurrences - 1), key] }, state, drafts);

    /// <summary>Starts what a webhook's delivery asks for, once, and remembers which builds these are.</summary>
    public static ProjectState Deliver(ProjectState state, string key, IReadOnlyList<Draft> drafts) => drafts.Count == 0 || state.Deliveries.Any(one => one.Key == key)
        ? state
        : Number(state with { Deliveries = [.. state.Deliveries.TakeLast(RememberedDeliveries - 1), new() { Key = key, First = state.NextNumber, Count = drafts.Count }] }, state, drafts);

    /// <summary>These builds exist.</summary>
    public static ProjectState Created(ProjectState state, IReadOnlySet<int> numbers) => state.Pending.Any(build => numbers.Contains(build.Number))
        ? state with { Version = state.Version + 1, Pending = [.. state.Pending.Where(build => !numbers.Contains(build.Number))] }
        : state;

    public static ProjectState Protect(ProjectState state, RefProtection protection) => state.Version == 0 || state.Protection.Refs.SequenceEqual(protection.Refs, StringComparer.Ordinal)
        ? state
        : state with { Version = state.Version + 1, Protection = protection };

    public static ProjectState Scheduled(ProjectState state, string commit) =>
        state.ScheduledCommit == commit ? state : state with { Version = state.Version + 1, ScheduledCommit = commit };

    private static ProjectState Number(ProjectState next, ProjectState before, IReadOnlyList<Draft> drafts) => next with
    {
        Version = before.Version + 1,
        NextNumber = before.NextNumber + drafts.Count,
        Pending = [.. before.Pending, .. drafts.Select((draft, at) => new PendingBuild
        {
            Number = before.NextNumber + at, Event = draft.Request.Event with { ChangedPaths = null }, File = draft.Request.File, Before = draft.Before,
            Actor = draft.Request.Actor, CreatedAt = draft.Request.CreatedAt, RetryOf = draft.Request.RetryOf,
        })],
    };
}
