using PRTS.Api.Agents;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Agents;

/// <summary>One agent in the books.</summary>
public sealed class AgentEntry(AgentSummary summary, DateTimeOffset now, bool joined = true)
{
    /// <summary>How exact the time of the last sign of life is in the read model while nothing else changes.</summary>
    private static readonly TimeSpan SeenResolution = TimeSpan.FromSeconds(30);
    private readonly Dictionary<AttemptId, DateTimeOffset> held = [];
    private readonly HashSet<AttemptId> suspects = [];
    private readonly HashSet<string> abandoned = new(StringComparer.Ordinal);
    private AgentSummary projected = summary;
    private bool online;
    private bool leaving;

    public string Name => Summary.Name;

    public AgentSummary Summary { get; private set; } = summary;

    public string? Session { get; private set; }

    public DateTimeOffset HeardAt { get; private set; } = now;

    /// <summary>False for one that is only known because a job says that it runs there.</summary>
    public bool Joined { get; private set; } = joined;

    public IReadOnlyCollection<AttemptId> Held => held.Keys;

    public bool Holds(AttemptId attempt) => held.ContainsKey(attempt);

    public AgentView View() => new()
    {
        Name = Name,
        Labels = Summary.Labels,
        Slots = Summary.Slots,
        Held = held.Keys,
        Online = online,
        Drained = Summary.Drained || leaving,
        Containers = Summary.Containers,
        LastSeenAt = Summary.LastSeenAt,
    };

    public void Hello(AgentHello hello, DateTimeOffset at)
    {
        (Session, HeardAt, Joined, online, leaving) = (hello.Session, at, true, true, false);
        suspects.Clear();
        abandoned.Clear();
        // What it holds from before it must name within the grace from now.
        foreach (var attempt in held.Keys.ToList()) held[attempt] = at;
        Change(Summary with
        {
            Labels = hello.Labels,
            Slots = hello.Slots,
            Version = hello.Version,
            Os = hello.Os,
            Architecture = hello.Architecture,
            Host = hello.Host,
            Containers = hello.Containers,
            LastSeenAt = at,
            JoinedAt = Summary.JoinedAt ?? at,
            OnlineSince = at,
        });
    }

    /// <summary>Whether it was silent before.</summary>
    public bool Heard(AgentBeat beat, DateTimeOffset at)
    {
        var back = !online;
        (HeardAt, online, leaving) = (at, true, beat.Leaving);
        Change(Summary with { LastSeenAt = at });
        return back;
    }

    public void FellSilent()
    {
        if (!online && projected.Status == AgentStatus.Offline) return;
        online = false;
        Change(Summary);
    }

    public void Drain(bool drained) => Change(Summary with { Drained = drained });

    public void Hold(AttemptId attempt, DateTimeOffset at)
    {
        suspects.Remove(attempt);
        if (held.TryAdd(attempt, at)) Change(Summary);
    }

    public void Release(AttemptId attempt)
    {
        suspects.Remove(attempt);
        if (held.Remove(attempt)) Change(Summary);
    }

    /// <summary>It says that it runs this, and the books do not; false when that is being looked into.</summary>
    public bool Suspect(AttemptId attempt) => !abandoned.Contains(attempt.Key) && suspects.Add(attempt);

    public void Abandon(AttemptId attempt)
    {
        suspects.Remove(attempt);
        abandoned.Add(attempt.Key);
    }

    /// <summary>What it must stop of what it runs. Said until it no longer runs it.</summary>
    public IReadOnlyList<string> TakeAbandoned(IReadOnlyList<string> running)
    {
        abandoned.IntersectWith(running);
        return [.. abandoned];
    }

    /// <summary>What it holds by the books since before <paramref name="since"/> and does not name; looked at again after another grace.</summary>
    public IReadOnlyList<AttemptId> Unknown(IReadOnlyList<string> running, DateTimeOffset since, DateTimeOffset at)
    {
        var unknown = held.Where(attempt => attempt.Value < since && !running.Contains(attempt.Key.Key, StringComparer.Ordinal)).Select(attempt => attempt.Key).ToList();
        foreach (var attempt in unknown) held[attempt] = at;
        return unknown;
    }

    /// <summary>The summary with a new revision when there is something new to see.</summary>
    public AgentSummary? Project()
    {
        if (!Joined) return null;
        var seen = Summary.LastSeenAt - projected.LastSeenAt;
        if (Same(Summary, projected) && (seen is null || seen < SeenResolution)) return null;
        return projected = Summary = Summary with { Revision = projected.Revision + 1 };
    }

    private void Change(AgentSummary next) => Summary = next with
    {
        Status = !online ? AgentStatus.Offline : next.Drained || leaving ? AgentStatus.Draining : AgentStatus.Online,
        Running = [.. held.Keys.Select(attempt => attempt.Job.ToString()).Order(StringComparer.Ordinal)],
    };

    private static bool Same(AgentSummary one, AgentSummary other) =>
        one with { LastSeenAt = null, Revision = 0, Labels = [], Running = [] } == other with { LastSeenAt = null, Revision = 0, Labels = [], Running = [] }
        && one.Labels.SequenceEqual(other.Labels, StringComparer.Ordinal) && one.Running.SequenceEqual(other.Running, StringComparer.Ordinal);
}
