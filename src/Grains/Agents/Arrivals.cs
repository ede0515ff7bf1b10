using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Agents;

/// <summary>
/// Jobs of a build that became ready together ask for their slots one by one. Where there are fewer slots than they are, none of them is
/// placed before all have asked: priority and the order of the file decide who goes first, not whose question was the fastest.
/// </summary>
public sealed class Arrivals
{
    /// <summary>From when they became ready on. One of them may have been canceled meanwhile; who asks later waits for nobody.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);
    private readonly Dictionary<(BuildId Build, DateTimeOffset Since), Group> groups = [];

    /// <summary>When those that are kept are kept no longer; null when none is.</summary>
    public DateTimeOffset? Until => groups.Count == 0 ? null : groups.Values.Min(group => group.Until);

    public bool Keeps(SlotRequest request) => groups.TryGetValue(Key(request), out var group) && group.Kept;

    /// <param name="free">Slots that nobody has.</param>
    public void Arrived(SlotRequest request, int free, DateTimeOffset now)
    {
        var until = request.Since + Patience;
        if (request.Together < 2 || until <= now) return;
        if (!groups.TryGetValue(Key(request), out var group)) groups.Add(Key(request), group = new(request.Together > free, until));
        group.Asked.Add(request.Attempt);
        if (group.Asked.Count >= request.Together) groups.Remove(Key(request));
    }

    public void Forget(DateTimeOffset now)
    {
        foreach (var (key, group) in groups)
        {
            if (group.Until <= now) groups.Remove(key);
        }
    }

    private static (BuildId Build, DateTimeOffset Since) Key(SlotRequest request) => (request.Attempt.Job.Build, request.Since);

    private sealed record Group(bool Kept, DateTimeOffset Until)
    {
        public HashSet<AttemptId> Asked { get; } = [];
    }
}
