using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Cluster;
using PRTS.Contracts.Logs;

namespace PRTS.Contracts.Agents;

/// <summary>
/// Lets agents call only what they need, on servers and on one another. Of PRTS: report and log with the token of that very attempt,
/// made out to the caller, and say hello and beat for themselves. Of Orleans: what a silo needs to be a member, and nothing else, so no
/// stream is subscribed to or written by an agent, nor the cluster managed. Who calls is known from the call's source: code outside
/// grains calls as its silo's hosted client, Orleans' own parts as system targets; the ids of both carry the silo's address. An agent's
/// grain has the type <c>agent</c>. Clients that are no silo are refused: PRTS has none (docs/adr/0001).
/// </summary>
/// <param name="services">Has <see cref="AttemptTokens"/> on servers. An agent has no key to check a token with, and no grain that takes one.</param>
public sealed class AgentCallFilter(ISiloMetadataCache silos, ISiloStatusOracle members, IServiceProvider services) : IIncomingGrainCallFilter
{
    private const string HostedClient = "hosted-";

    private readonly AttemptTokens? tokens = services.GetService<AttemptTokens>();

    /// <summary>Interfaces of Orleans by which silos know of one another and find grains; most are internal to it.</summary>
    public static IReadOnlySet<string> OfMembers { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "IMembershipService",
        "IClusterManifestSystemTarget",
        "ISiloManifestSystemTarget",
        "ISiloMetadataSystemTarget",
        "IDeploymentLoadPublisher",
        "IGrainDirectoryPartition",
        "IGrainDirectoryClient",
        "IRemoteClientDirectory",
        "IRemoteGrainDirectory",
        "IDhtGrainDirectory",
    };

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (Agent(context, out var itself) is { } agent && !(itself && !IsOurs(context)) && !Allows(context, agent))
        {
            var method = context.InterfaceMethod;
            throw new UnauthorizedAccessException(
                $"{(agent.Length > 0 ? $"Agent {agent}" : "A client outside the cluster")} may not call {method.DeclaringType!.Name}.{method.Name} of {context.TargetId}.");
        }

        return context.Invoke();
    }

    private static bool IsOurs(IIncomingGrainCallContext context) => context.InterfaceMethod.DeclaringType!.Assembly == typeof(AgentCallFilter).Assembly;

    /// <summary>The calling agent's key, empty when the caller is no silo that we know; null when a server calls.</summary>
    /// <param name="itself">The caller is this very silo.</param>
    private string? Agent(IIncomingGrainCallContext context, out bool itself)
    {
        itself = false;
        if (context.SourceId is not { } caller) return "";
        if (caller.Type.ToString() == "agent") return caller.Key.ToString();
        SiloAddress address;
        if (SystemTargetGrainId.TryParse(caller, out var part))
        {
            address = part.GetSiloAddress();
        }
        else
        {
            if (!caller.Type.IsClient()) return null;
            var key = caller.Key.ToString()!;
            if (!key.StartsWith(HostedClient, StringComparison.Ordinal)) return "";
            var end = key.IndexOf('+', StringComparison.Ordinal);
            address = SiloAddress.FromParsableString(end < 0 ? key[HostedClient.Length..] : key[HostedClient.Length..end]);
        }

        itself = address.Equals(members.SiloAddress);
        // A silo says of itself what it is; its name in the membership table is seen to by the servers, so that goes first.
        if (members.TryGetSiloName(address, out var name) && ClusterNames.AgentOf(name) is { } known) return known;
        var metadata = silos.GetSiloMetadata(address).Metadata;
        return metadata.GetValueOrDefault(SiloRoles.RoleKey) == SiloRoles.Server ? null : metadata.GetValueOrDefault(SiloRoles.AgentKey) ?? "";
    }

    private bool Allows(IIncomingGrainCallContext context, string agent)
    {
        var method = context.InterfaceMethod;
        var target = context.TargetId.Key.ToString()!;
        return (method.DeclaringType!.Name, method.Name) switch
        {
            _ when !IsOurs(context) => context.TargetId.IsSystemTarget() && OfMembers.Contains(method.DeclaringType.Name),
            (nameof(IAgentsGrain), nameof(IAgentsGrain.Hello)) => context.Request.GetArgument(0) is AgentHello hello && $"{target}/{hello.Name}" == agent,
            (nameof(IAgentsGrain), nameof(IAgentsGrain.Beat)) => context.Request.GetArgument(0) is AgentBeat beat && $"{target}/{beat.Name}" == agent,
            (nameof(IJobGrain), nameof(IJobGrain.Report)) => Holds(context, agent) is { } attempt && attempt.Job.Key == target,
            (nameof(ILogGrain), nameof(ILogGrain.Append) or nameof(ILogGrain.Close)) => Holds(context, agent) is { } attempt && attempt.Key == target,
            _ => false,
        };
    }

    /// <summary>The attempt that the call's token is for, if it was made out to this agent.</summary>
    private AttemptId? Holds(IIncomingGrainCallContext context, string agent) =>
        tokens?.Read(context.Request.GetArgument(0) as string) is { } holder && $"{holder.Attempt.Job.Build.Project.Tenant}/{holder.Agent}" == agent ? holder.Attempt : null;
}
