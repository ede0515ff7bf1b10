using PRTS.Api.Agents;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Agents;

/// <summary>What the registry of agents has to tell others.</summary>
public abstract record AgentsEffect
{
    /// <summary>Tell the job where it goes or why it waits.</summary>
    public sealed record Place(AttemptId Attempt, Placement Placement) : AgentsEffect;

    /// <summary>Tell the job that its agent is gone.</summary>
    public sealed record Lost(AttemptId Attempt, string Agent, string Reason) : AgentsEffect;

    /// <summary>Ask the job whether the agent may run this attempt, which is not in the books.</summary>
    public sealed record Verify(AttemptId Attempt, string Agent) : AgentsEffect;

    /// <summary>Bring the agent's summary to the read model.</summary>
    public sealed record Project(AgentSummary Summary) : AgentsEffect;
}

/// <summary>
/// The books of one tenant's agents: who is there, who holds which attempt, who waits. Pure but for its own memory: takes the time
/// as an argument, and leaves what is to be told in <see cref="Take"/>.
/// </summary>
public sealed class AgentsBook(GrainsOptions options)
{
    /// <summary>An agent need not know an attempt sooner than this after it was placed.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private readonly SortedDictionary<string, AgentEntry> agents = new(StringComparer.Ordinal);
    private readonly WaitingLine line = new();
    private readonly SlotForecast forecast = new();
    private readonly Arrivals arrivals = new();
    private readonly List<AgentsEffect> effects = [];

    public IReadOnlyList<AgentSummary> Summaries => [.. agents.Values.Where(agent => agent.Joined).Select(agent => agent.Summary)];

    /// <summary>At activation: what the read model has. All count as heard of now, so that nobody is lost because we were away.</summary>
    public void Load(IEnumerable<AgentSummary> known, DateTimeOffset now)
    {
        foreach (var summary in known) agents[summary.Name] = new(summary, now);
    }

    /// <summary>When <see cref="Settle"/> is due; null: not at all.</summary>
    public DateTimeOffset? SettleAt => arrivals.Until;

    /// <summary>What is to be told since the last time.</summary>
    public IReadOnlyList<AgentsEffect> Take()
    {
        foreach (var agent in agents.Values)
        {
            if (agent.Project() is { } summary) effects.Add(new AgentsEffect.Project(summary));
        }

        AgentsEffect[] taken = [.. effects];
        effects.Clear();
        return taken;
    }

    /// <summary>Could not be told: again with the next.</summary>
    public void Return(AgentsEffect effect) => effects.Add(effect);

    public Placement Request(SlotRequest request, DateTimeOffset now)
    {
        if (request.HeldBy is { } holder)
        {
            line.Remove(request.Attempt);
            Entry(holder, now).Hold(request.Attempt, now);
            forecast.Began(request, now);
            return new() { Agent = holder };
        }

        if (agents.Values.FirstOrDefault(agent => agent.Holds(request.Attempt)) is { } held) return new() { Agent = held.Name };
        line.Add(request);
        var views = Views();
        arrivals.Arrived(request, views.Where(AgentMatching.Takes).Sum(agent => agent.Slots - agent.Used), now);
        Match(now, request.Attempt);
        if (agents.Values.FirstOrDefault(agent => agent.Holds(request.Attempt)) is { } placed) return new() { Agent = placed.Name };
        if (request.IsOneOfMany) return new();
        views = Views();
        return line.Explain(request, views, forecast.Starts(line.InOrder(), views, now).TryGetValue(request.Attempt, out var start) ? start : null);
    }

    public void Release(AttemptId attempt, DateTimeOffset now)
    {
        line.Remove(attempt);
        forecast.Ended(attempt);
        foreach (var agent in agents.Values) agent.Release(attempt);
        Match(now);
    }

    public void Hello(AgentHello hello, DateTimeOffset now)
    {
        var agent = Entry(hello.Name, now);
        agent.Hello(hello, now);
        Check(agent, hello.Running, now);
        Match(now);
    }

    public AgentOrders Beat(AgentBeat beat, DateTimeOffset now)
    {
        if (!agents.TryGetValue(beat.Name, out var agent) || agent.Session != beat.Session) return new() { Known = false };
        var back = agent.Heard(beat, now);
        Check(agent, beat.Running, now);
        if (back) Match(now);
        return new() { Known = true, Abandon = agent.TakeAbandoned(beat.Running), Drain = agent.Summary.Drained };
    }

    public bool Drain(string name, bool drained, DateTimeOffset now)
    {
        if (!agents.TryGetValue(name, out var agent)) return false;
        agent.Drain(drained);
        Match(now);
        return true;
    }

    /// <summary>The job's answer to <see cref="AgentsEffect.Verify"/>.</summary>
    public void Verified(AttemptId attempt, string name, bool holds, DateTimeOffset now)
    {
        var agent = Entry(name, now);
        if (holds) agent.Hold(attempt, now);
        else agent.Abandon(attempt);
    }

    /// <summary>The job knows that its agent was lost.</summary>
    public void Buried(AttemptId attempt, string name, DateTimeOffset now)
    {
        forecast.Ended(attempt);
        if (agents.TryGetValue(name, out var agent)) agent.Release(attempt);
        Match(now);
    }

    /// <summary>Places those that waited for others of their build, whether these asked or not.</summary>
    public void Settle(DateTimeOffset now)
    {
        arrivals.Forget(now);
        Match(now);
    }

    /// <summary>Every second: who fell silent, who was lost, and whether those who wait wait for something else now.</summary>
    public void Sweep(DateTimeOffset now)
    {
        foreach (var agent in agents.Values)
        {
            var silence = now - agent.HeardAt;
            if (silence >= options.OfflineAfter) agent.FellSilent();
            if (silence < options.LostAfter) continue;
            var reason = $"Agent {agent.Name} was lost: no sign of life for {(int)silence.TotalSeconds} s.";
            effects.AddRange(agent.Held.Select(attempt => new AgentsEffect.Lost(attempt, agent.Name, reason)));
        }

        var views = Views();
        effects.AddRange(line.ExplainAnew(views, forecast.Starts(line.InOrder(), views, now), now).Select(told => new AgentsEffect.Place(told.Attempt, told.Placement)));
    }

    /// <summary>Compares what an agent says it runs with the books.</summary>
    private void Check(AgentEntry agent, IReadOnlyList<string> running, DateTimeOffset now)
    {
        foreach (var key in running)
        {
            var attempt = AttemptId.FromKey(key);
            if (!agent.Holds(attempt) && agent.Suspect(attempt)) effects.Add(new AgentsEffect.Verify(attempt, agent.Name));
        }

        foreach (var attempt in agent.Unknown(running, now - Grace, now))
            effects.Add(new AgentsEffect.Place(attempt, new() { Agent = agent.Name }));
    }

    /// <summary>Places whom it can, in the order of the line. The one who asks just now gets its answer directly.</summary>
    private void Match(DateTimeOffset now, AttemptId? asking = null)
    {
        foreach (var request in line.InOrder())
        {
            if (!agents.Values.Any(agent => agent.View() is { Online: true, Drained: false } view && view.Used < view.Slots)) return;
            if (arrivals.Keeps(request)) continue;
            if (AgentMatching.Choose(request, agents.Values.Select(agent => agent.View())) is not { } name) continue;
            line.Remove(request.Attempt);
            agents[name].Hold(request.Attempt, now);
            forecast.Began(request, now);
            if (request.Attempt != asking) effects.Add(new AgentsEffect.Place(request.Attempt, new() { Agent = name }));
        }
    }

    private AgentEntry Entry(string name, DateTimeOffset now)
    {
        if (!agents.TryGetValue(name, out var agent)) agents.Add(name, agent = new(new() { Name = name, Status = AgentStatus.Offline, Slots = 0 }, now, joined: false));
        return agent;
    }

    private List<AgentView> Views() => [.. agents.Values.Where(agent => agent.Joined).Select(agent => agent.View())];
}
