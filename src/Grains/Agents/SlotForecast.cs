using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Agents;

/// <summary>
/// When those who wait for a slot are expected to get one, by how long jobs usually take. Knows only what began while it looked on, or
/// what a job said when it asked again.
/// </summary>
public sealed class SlotForecast
{
    /// <summary>Of those who wait, so many have a time; who is behind them has none.</summary>
    private const int Farthest = 1000;

    private readonly Dictionary<AttemptId, DateTimeOffset> ends = [];

    /// <summary>The attempt has a slot.</summary>
    public void Began(SlotRequest request, DateTimeOffset now)
    {
        if (request.Usual is { } usual) ends[request.Attempt] = (request.StartedAt ?? now) + usual;
    }

    public void Ended(AttemptId attempt) => ends.Remove(attempt);

    /// <summary>
    /// By attempt, in the order of <paramref name="line"/>; without those of whom it cannot be said. What takes longer than usual counts
    /// with the time at which it should have ended, so that the times of those behind it do not move all the while.
    /// </summary>
    public IReadOnlyDictionary<AttemptId, DateTimeOffset> Starts(IEnumerable<SlotRequest> line, IEnumerable<AgentView> agents, DateTimeOffset now)
    {
        var starts = new Dictionary<AttemptId, DateTimeOffset>();
        var free = agents.Where(AgentMatching.Takes).Select(agent => (View: agent, Slots: Slots(agent, now))).ToList();
        foreach (var request in line.Take(Farthest))
        {
            PriorityQueue<DateTimeOffset, DateTimeOffset>? first = null;
            foreach (var (_, slots) in free.Where(agent => agent.Slots.Count > 0 && AgentMatching.Fits(agent.View, request)))
            {
                if (first is null || slots.Peek() < first.Peek()) first = slots;
            }

            if (first is null) continue;
            var start = first.Dequeue();
            starts.Add(request.Attempt, start);
            if (request.Usual is { } usual) first.Enqueue(start + usual, start + usual);
        }

        return starts;
    }

    /// <summary>When each slot is free; without those of which nobody knows.</summary>
    private PriorityQueue<DateTimeOffset, DateTimeOffset> Slots(AgentView agent, DateTimeOffset now)
    {
        var slots = new PriorityQueue<DateTimeOffset, DateTimeOffset>();
        foreach (var attempt in agent.Held)
        {
            if (ends.TryGetValue(attempt, out var end)) slots.Enqueue(end, end);
        }

        for (var slot = agent.Used; slot < agent.Slots; slot++) slots.Enqueue(now, now);
        return slots;
    }
}
