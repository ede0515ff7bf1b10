using Microsoft.Extensions.Logging;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Streams;
using PRTS.Contracts.Agents;

namespace PRTS.Silo.Cluster;

/// <summary>Shares the streams' queues among servers, so that no agent ever pulls from one.</summary>
public sealed class ServerQueueBalancer(IServiceProvider services, ILogger<ServerQueueBalancer> logger, ISiloMetadataCache metadata)
    : QueueBalancerBase(services, logger)
{
    private QueueId[] queues = [];
    private volatile QueueId[] mine = [];

    public override Task Initialize(IStreamQueueMapper queueMapper)
    {
        queues = [.. queueMapper.GetAllQueues().Order()];
        mine = queues;
        return base.Initialize(queueMapper);
    }

    public override IEnumerable<QueueId> GetMyQueues() => mine;

    protected override void OnClusterMembershipChange(HashSet<SiloAddress> activeSilos)
    {
        var servers = activeSilos.Where(IsServer).Append(SiloAddress).Distinct().Order().ToList();
        var position = servers.IndexOf(SiloAddress);
        mine = [.. queues.Where((_, index) => index % servers.Count == position)];
        NotifyListeners().Ignore();
    }

    private bool IsServer(SiloAddress silo) => metadata.GetSiloMetadata(silo).Metadata.GetValueOrDefault(SiloRoles.RoleKey) == SiloRoles.Server;
}
