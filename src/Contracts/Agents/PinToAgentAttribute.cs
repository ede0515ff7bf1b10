using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace PRTS.Contracts.Agents;

/// <summary>Names of the metadata that each silo carries.</summary>
public static class SiloRoles
{
    public const string RoleKey = "role";
    public const string AgentKey = "agent";
    public const string Server = "server";
    public const string Agent = "agent";
}

/// <summary>Places a grain with key <c>tenant/name</c> on the silo whose metadata names that agent, and nowhere else.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class PinToAgentAttribute() : PlacementFilterAttribute(new PinToAgentStrategy(0));

/// <summary>Keeps a grain on servers.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ServersOnlyAttribute() : PlacementFilterAttribute(new ServersOnlyStrategy(1));

[GenerateSerializer, Alias("prts.pin-to-agent")]
public sealed class PinToAgentStrategy(int order) : PlacementFilterStrategy(order)
{
    public PinToAgentStrategy() : this(0)
    {
    }
}

[GenerateSerializer, Alias("prts.servers-only")]
public sealed class ServersOnlyStrategy(int order) : PlacementFilterStrategy(order)
{
    public ServersOnlyStrategy() : this(1)
    {
    }
}

public sealed class PinToAgentDirector(ISiloMetadataCache metadata) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var agent = target.GrainIdentity.Key.ToString();
        return silos.Where(silo => metadata.GetSiloMetadata(silo).Metadata.GetValueOrDefault(SiloRoles.AgentKey) == agent);
    }
}

public sealed class ServersOnlyDirector(ISiloMetadataCache metadata) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos) =>
        silos.Where(silo => metadata.GetSiloMetadata(silo).Metadata.GetValueOrDefault(SiloRoles.RoleKey) == SiloRoles.Server);
}
