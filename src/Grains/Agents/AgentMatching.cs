using System.Globalization;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Agents;

/// <summary>What matching must know of an agent.</summary>
public sealed record AgentView
{
    public required string Name { get; init; }
    public IReadOnlyList<string> Labels { get; init; } = [];
    public required int Slots { get; init; }

    /// <summary>Attempts that have a slot.</summary>
    public IReadOnlyCollection<AttemptId> Held { get; init; } = [];

    public int Used => Held.Count;
    public bool Online { get; init; }

    /// <summary>Takes no new jobs: told so, or stopping.</summary>
    public bool Drained { get; init; }
    public bool Containers { get; init; }
    public DateTimeOffset? LastSeenAt { get; init; }
}

/// <summary>Which agent may take a job, and in plain words why none does.</summary>
public static class AgentMatching
{
    private const int Named = 5;

    /// <summary>Of the agents that can take it now, the one with the most free slots; null when there is none.</summary>
    public static string? Choose(SlotRequest request, IEnumerable<AgentView> agents) => agents
        .Where(agent => Takes(agent) && agent.Used < agent.Slots && Fits(agent, request))
        .OrderByDescending(agent => agent.Slots - agent.Used).ThenBy(agent => agent.Name, StringComparer.Ordinal)
        .FirstOrDefault()?.Name;

    /// <summary>Whether it has what the job asks for, busy or not.</summary>
    public static bool Fits(AgentView agent, SlotRequest request) =>
        (agent.Containers || !request.NeedsContainers) && Missing(agent, request).Count == 0;

    /// <param name="ahead">Jobs that asked before and that the same agents could run.</param>
    public static string WhyWaiting(SlotRequest request, IReadOnlyCollection<AgentView> agents, int ahead)
    {
        if (request.NeedsContainers && !agents.Any(agent => agent.Containers)) return WhyNoContainers(request);
        if (agents.Count == 0) return "No agent has joined yet. `prts agent token` prints the command that starts one.";
        var fitting = agents.Where(agent => Fits(agent, request)).OrderBy(agent => agent.Name, StringComparer.Ordinal).ToList();
        var taking = fitting.Where(Takes).ToList();
        if (taking.Count == 0) return WhyNone(request, agents, fitting);
        var slots = taking.Sum(agent => agent.Slots);
        var busy = slots == 1 ? $"The only slot of the agents that fit ({Names(taking)}) is busy"
            : $"All {slots.ToString(CultureInfo.InvariantCulture)} slots of the agents that fit ({Names(taking)}) are busy";
        return ahead switch
        {
            0 => $"{busy}; this job is next.",
            1 => $"{busy}; 1 job is ahead.",
            _ => $"{busy}; {Count(ahead)} jobs are ahead.",
        };
    }

    /// <summary>Whether it takes new jobs at all.</summary>
    public static bool Takes(AgentView agent) => agent is { Online: true, Drained: false };

    private static string WhyNoContainers(SlotRequest request) => request.Image is { } image
        ? $"No agent has a container engine, and the job asks for the image {image}. It starts when Docker or podman runs on an agent; without `image` it runs on any agent."
        : request.Services.Count == 0 ? "No agent has a container engine, and the job builds an image. It starts when Docker or podman runs on an agent."
        : $"No agent has a container engine, and the job asks for the services {string.Join(", ", request.Services)}. It starts when Docker or podman runs on an agent.";

    private static string WhyNone(SlotRequest request, IReadOnlyCollection<AgentView> agents, List<AgentView> fitting)
    {
        var wanted = request.RunsOn.Count switch
        {
            0 => "No agent is online",
            1 => $"No online agent has the label {request.RunsOn[0]}",
            _ => $"No online agent has the labels {string.Join(", ", request.RunsOn)}",
        };
        var each = agents.OrderBy(agent => fitting.Contains(agent) ? 0 : 1).ThenBy(agent => agent.Name, StringComparer.Ordinal).ToList();
        var reasons = string.Join("; ", each.Take(Named).Select(agent => WhyNot(agent, request)));
        var more = each.Count > Named ? $"; and {each.Count - Named} more" : "";
        return $"{wanted}: {reasons}{more}. {Remedy(request, fitting)}";
    }

    private static string WhyNot(AgentView agent, SlotRequest request)
    {
        var missing = Missing(agent, request);
        if (missing.Count > 0) return $"{agent.Name} lacks {string.Join(", ", missing)}";
        if (request.NeedsContainers && !agent.Containers) return $"{agent.Name} has no container engine";
        if (agent.Online) return $"{agent.Name} is drained";
        return agent.LastSeenAt is { } seen ? $"{agent.Name} is offline since {seen.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture)} UTC" : $"{agent.Name} is offline";
    }

    private static string Remedy(SlotRequest request, List<AgentView> fitting)
    {
        var labels = fitting.Count > 0 || request.RunsOn.Count == 0 ? "" : $" with --labels {string.Join(',', request.RunsOn)}";
        return fitting.Any(agent => agent is { Online: true, Drained: true })
            ? $"Resume {fitting.First(agent => agent is { Online: true, Drained: true }).Name}, or start an agent{(request.RunsOn.Count == 0 ? "" : $" with --labels {string.Join(',', request.RunsOn)}")}."
            : fitting.Count > 0 ? $"Start {Names(fitting)} again." : $"Start an agent{labels}.";
    }

    private static List<string> Missing(AgentView agent, SlotRequest request) =>
        [.. request.RunsOn.Where(label => !agent.Labels.Contains(label, StringComparer.OrdinalIgnoreCase))];

    private static string Names(List<AgentView> agents) =>
        string.Join(", ", agents.Take(Named).Select(agent => agent.Name)) + (agents.Count > Named ? $" and {agents.Count - Named} more" : "");

    /// <summary>Rounded, so that a long queue is not told anew each time that one job leaves it.</summary>
    private static string Count(int ahead) => ahead <= 10 ? ahead.ToString(CultureInfo.InvariantCulture) : ahead <= 100 ? "more than 10" : "more than 100";
}
