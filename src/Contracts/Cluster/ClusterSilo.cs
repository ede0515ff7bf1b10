using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;
using PRTS.Contracts.Agents;

namespace PRTS.Contracts.Cluster;

/// <summary>What every silo of the cluster has in common, server or agent.</summary>
public static class ClusterSilo
{
    /// <param name="metadata">Role and, for an agent, its key: what the placement filters look at.</param>
    public static ISiloBuilder UseClusterDefaults(this ISiloBuilder silo, IReadOnlyDictionary<string, string> metadata)
    {
        silo.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = ClusterNames.ClusterId;
            options.ServiceId = ClusterNames.ServiceId;
        });
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            // A killed silo is found in about 2.5 s and a frozen one in 8 s; the defaults take 15 s and 61 s.
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.MaxProbeTimeout = TimeSpan.FromSeconds(4);
            options.NumMissedProbesLimit = 2;
            options.NumVotesForDeathDeclaration = 1;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            options.DefunctSiloCleanupPeriod = TimeSpan.FromHours(1);
            options.DefunctSiloExpiration = TimeSpan.FromDays(1);
        });
        silo.Configure<GrainDirectoryOptions>(options =>
        {
            // Room for these many grains is taken at the start: the default million costs 20 MB, on each agent too.
            options.CacheSize = 20_000;
            // After a silo was declared dead no grain of its range would start for 22 s, nor any at all when a server starts that finds
            // one in the table. What a second activation must not do the store refuses it (docs/adr/0003-state-and-serialisation.md).
            options.RangeLeaseDuration = TimeSpan.Zero;
        });
        silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(10));
#pragma warning disable ORLEANSEXP003 // The only place that uses the experimental directory: an agent that leaves must not take server grains with it.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.UseSiloMetadata(new Dictionary<string, string>(metadata, StringComparer.Ordinal));
        silo.Services.AddSingleton<IIncomingGrainCallFilter, AgentCallFilter>();
        silo.Services.AddPlacementFilter<PinToAgentStrategy, PinToAgentDirector>(ServiceLifetime.Transient);
        silo.Services.AddPlacementFilter<ServersOnlyStrategy, ServersOnlyDirector>(ServiceLifetime.Transient);
        return silo;
    }
}
