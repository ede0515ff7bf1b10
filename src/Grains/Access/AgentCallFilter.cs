using System.Net;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;

namespace PRTS.Grains.Access;

/// <summary>
/// Lets agents call only what they need: log, report, say hello and beat, the last two for themselves alone. Who calls is known from
/// the call's source: code outside grains calls as its silo's hosted client, whose id carries the silo's address; an agent's grain
/// has the type <c>agent</c>. Clients that are no silo are refused: PRTS has none (docs/adr/0001).
/// </summary>
public sealed class AgentCallFilter(ISiloMetadataCache silos) : IIncomingGrainCallFilter
{
    private const string HostedClient = "hosted-";

    private static readonly HashSet<(Type, string)> Allowed =
    [
        (typeof(ILogGrain), nameof(ILogGrain.Append)),
        (typeof(ILogGrain), nameof(ILogGrain.Close)),
        (typeof(IJobGrain), nameof(IJobGrain.Report)),
        (typeof(IAgentsGrain), nameof(IAgentsGrain.Hello)),
        (typeof(IAgentsGrain), nameof(IAgentsGrain.Beat)),
    ];

    public Task Invoke(IIncomingGrainCallContext context)
    {
        // Only our own grains: those of Orleans itself are guarded by not being on agents.
        if (context.Grain?.GetType().Assembly == typeof(AgentCallFilter).Assembly && Agent(context.SourceId) is { } agent) Check(context, agent);
        return context.Invoke();
    }

    /// <summary>The calling agent's key; null when a server calls.</summary>
    private string? Agent(GrainId? source)
    {
        if (source is not { } caller) return null;
        if (caller.Type.ToString() == "agent") return caller.Key.ToString();
        if (!caller.Type.IsClient()) return null;
        var key = caller.Key.ToString()!;
        if (!key.StartsWith(HostedClient, StringComparison.Ordinal)) return "";
        var end = key.IndexOf('+', StringComparison.Ordinal);
        var metadata = silos.GetSiloMetadata(SiloAddress.FromParsableString(end < 0 ? key[HostedClient.Length..] : key[HostedClient.Length..end])).Metadata;
        return metadata.GetValueOrDefault(SiloRoles.RoleKey) == SiloRoles.Server ? null : metadata.GetValueOrDefault(SiloRoles.AgentKey) ?? "";
    }

    private static void Check(IIncomingGrainCallContext context, string agent)
    {
        var method = context.InterfaceMethod;
        var refused = !Allowed.Contains((method.DeclaringType!, method.Name))
            || (context.Request.GetArgument(0) switch
            {
                AgentHello hello => $"{context.TargetId.Key}/{hello.Name}",
                AgentBeat beat => $"{context.TargetId.Key}/{beat.Name}",
                _ => agent,
            }) != agent;
        if (refused)
            throw new UnauthorizedAccessException($"{(agent.Length > 0 ? $"Agent {agent}" : "A client outside the cluster")} may not call {method.DeclaringType!.Name}.{method.Name} of {context.TargetId}.");
    }
}
