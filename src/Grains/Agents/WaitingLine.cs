using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Agents;

/// <summary>Those who wait for a slot, by priority, then first come first served, then in the order of the file, and what each was told last.</summary>
public sealed class WaitingLine
{
    private readonly Dictionary<AttemptId, SlotRequest> byAttempt = [];
    private readonly SortedSet<SlotRequest> ordered = new(Comparer<SlotRequest>.Create(Compare));
    private readonly Dictionary<AttemptId, Placement> told = [];

    /// <summary>An expected start that moved by less is not told anew.</summary>
    private static readonly TimeSpan Noticed = TimeSpan.FromSeconds(15);

    /// <summary>Of many jobs that are ready together the last often wait no longer than this: then nothing is said of it.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    public void Add(SlotRequest request)
    {
        if (byAttempt.TryAdd(request.Attempt, request)) ordered.Add(request);
    }

    public void Remove(AttemptId attempt)
    {
        told.Remove(attempt);
        if (byAttempt.Remove(attempt, out var request)) ordered.Remove(request);
    }

    /// <summary>A copy: placing somebody takes him out of the line.</summary>
    public IReadOnlyList<SlotRequest> InOrder() => [.. ordered];

    /// <summary>Why this one waits, remembered as told.</summary>
    public Placement Explain(SlotRequest request, IReadOnlyCollection<AgentView> agents, DateTimeOffset? start)
    {
        var fitting = Fitting(request, agents);
        var ahead = ordered.TakeWhile(other => other.Attempt != request.Attempt).Count(other => Fitting(other, agents).Overlaps(fitting));
        return told[request.Attempt] = new() { WaitReason = AgentMatching.WhyWaiting(request, agents, ahead), ExpectedStartAt = start };
    }

    /// <summary>Those who wait for another reason than they were told last, or much longer or shorter.</summary>
    public IReadOnlyList<(AttemptId Attempt, Placement Placement)> ExplainAnew(
        IReadOnlyCollection<AgentView> agents, IReadOnlyDictionary<AttemptId, DateTimeOffset> starts, DateTimeOffset now)
    {
        var news = new List<(AttemptId, Placement)>();
        var ahead = new List<HashSet<string>>();
        foreach (var request in ordered)
        {
            var fitting = Fitting(request, agents);
            var reason = AgentMatching.WhyWaiting(request, agents, ahead.Count(other => other.Overlaps(fitting)));
            ahead.Add(fitting);
            if (request.IsOneOfMany && now - request.Since < Soon) continue;
            DateTimeOffset? start = starts.TryGetValue(request.Attempt, out var expected) ? expected : null;
            if (told.TryGetValue(request.Attempt, out var last) && last.WaitReason == reason && !Moved(last.ExpectedStartAt, start, now)) continue;
            news.Add((request.Attempt, told[request.Attempt] = new() { WaitReason = reason, ExpectedStartAt = start }));
        }

        return news;
    }

    /// <summary>The farther away, the less exact.</summary>
    private static bool Moved(DateTimeOffset? before, DateTimeOffset? after, DateTimeOffset now) => before is { } one && after is { } other
        ? (one - other).Duration() > TimeSpan.FromTicks(Math.Max(Noticed.Ticks, (other - now).Ticks / 4))
        : before is not null || after is not null;

    private static HashSet<string> Fitting(SlotRequest request, IEnumerable<AgentView> agents) =>
        agents.Where(agent => AgentMatching.Fits(agent, request)).Select(agent => agent.Name).ToHashSet(StringComparer.Ordinal);

    private static int Compare(SlotRequest? one, SlotRequest? other)
    {
        var byPriority = Nullable.Compare(other?.Priority, one?.Priority);
        if (byPriority != 0) return byPriority;
        var bySince = Nullable.Compare(one?.Since, other?.Since);
        if (bySince != 0) return bySince;
        var byPosition = Nullable.Compare(one?.Position, other?.Position);
        return byPosition != 0 ? byPosition : string.CompareOrdinal(one?.Attempt.Key, other?.Attempt.Key);
    }
}
