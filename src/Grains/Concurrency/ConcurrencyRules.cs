using PRTS.Contracts.Concurrency;

namespace PRTS.Grains.Concurrency;

/// <summary>Decides whose turn it is in a concurrency group. The same instance comes back when nothing changes.</summary>
public static class ConcurrencyRules
{
    private const int Named = 3;

    public static ConcurrencyState Enter(ConcurrencyState state, GroupEntry entry, DateTimeOffset now)
    {
        if (Knows(state, entry.Member)) return state;
        if (state.Holder is not { } holder) return Next(state, state with { Holder = entry, HeldSince = now });
        if (!entry.CancelInProgress) return Next(state, state with { Queue = [.. state.Queue, entry] });
        var before = state.Queue.Prepend(holder).Select(other => new Supersession(other.Member, entry.Name));
        return Next(state, state with { Queue = [entry], Superseded = [.. state.Superseded.Concat(before).DistinctBy(other => other.Member, StringComparer.Ordinal)] });
    }

    public static ConcurrencyState Leave(ConcurrencyState state, string member, DateTimeOffset now)
    {
        if (!Knows(state, member)) return state;
        var queue = state.Queue.Where(entry => entry.Member != member).ToList();
        var next = state with { Queue = queue, Superseded = [.. state.Superseded.Where(other => other.Member != member)] };
        return Next(state, state.Holder?.Member != member ? next : next with { Holder = queue.FirstOrDefault(), Queue = [.. queue.Skip(1)], HeldSince = queue.Count > 0 ? now : null });
    }

    public static ConcurrencyState Told(ConcurrencyState state, Supersession told) =>
        state.Superseded.Contains(told) ? Next(state, state with { Superseded = [.. state.Superseded.Where(other => other != told)] }) : state;

    public static GroupAnswer Answer(ConcurrencyState state, string member, string group)
    {
        if (state.Holder?.Member == member) return new() { Entered = true };
        var ahead = state.Queue.TakeWhile(entry => entry.Member != member).Prepend(state.Holder).OfType<GroupEntry>().ToList();
        var names = string.Join(", ", ahead.Take(Named).Select(entry => entry.Name)) + (ahead.Count > Named ? $" and {ahead.Count - Named} more" : "");
        return new() { Entered = false, WaitReason = $"Waits for its turn in the concurrency group {group}; before it: {names}.", ExpectedStartAt = Expected(state, ahead) };
    }

    /// <summary>When all that are ahead are expected to have ended; null when that of one of them is not known.</summary>
    private static DateTimeOffset? Expected(ConcurrencyState state, List<GroupEntry> ahead)
    {
        var at = state.HeldSince;
        foreach (var entry in ahead) at += entry.Usual;
        return at;
    }

    private static bool Knows(ConcurrencyState state, string member) =>
        state.Holder?.Member == member || state.Queue.Any(entry => entry.Member == member) || state.Superseded.Any(other => other.Member == member);

    private static ConcurrencyState Next(ConcurrencyState before, ConcurrencyState after) => after with { Version = before.Version + 1 };
}
