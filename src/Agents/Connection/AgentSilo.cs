using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Metadata;
using Orleans.Runtime;
using PRTS.Agents.Configuration;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Cluster;

namespace PRTS.Agents.Connection;

/// <summary>The agent's silo: it hosts its own grain and nothing of the cluster's.</summary>
public static class AgentSilo
{
    public static void AddAgentSilo(this HostApplicationBuilder builder, AgentOptions options, AgentIdentity identity) =>
        builder.UseOrleans(silo =>
        {
            silo.UseClusterDefaults(new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [SiloRoles.RoleKey] = SiloRoles.Agent,
                [SiloRoles.AgentKey] = identity.Key,
            });
            silo.UseClusterTls(identity.Certificate(), identity.Authority());
            silo.Configure<SiloOptions>(o => o.SiloName = ClusterNames.AgentSilo(identity.Joined.Tenant, identity.Joined.Name));
            // No gateway: clients of the cluster never come through an agent.
            silo.ConfigureEndpoints(options.Address, identity.SiloPort, gatewayPort: 0, listenOnAnyHostAddress: !System.Net.IPAddress.IsLoopback(options.Address));
            silo.Services.AddSingleton<IMembershipTable, HttpMembershipTable>();
            silo.Configure<GrainTypeOptions>(o => o.Classes.RemoveWhere(type => type != typeof(AgentGrain)));
            silo.AddActivityPropagation();
        });
}
