using System.Security.Cryptography.X509Certificates;
using Npgsql;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Storage;
using PRTS.Contracts;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Cluster;
using PRTS.Silo.Configuration;

namespace PRTS.Silo.Cluster;

/// <summary>The server's silo: clustering, grain state and streams on PostgreSQL, mutual TLS with every other silo.</summary>
public static class ClusterHosting
{
    private const string Npgsql = "Npgsql";

    public static void AddServerSilo(this WebApplicationBuilder builder, ServerOptions options, NpgsqlDataSource database, ClusterAuthority authority)
    {
        builder.Services.AddSingleton(authority);
        builder.Services.AddSingleton<AgentNames>();
        builder.Services.AddSingleton<RefusedAgents>();
        builder.UseOrleans(silo =>
        {
            silo.UseClusterDefaults(new Dictionary<string, string>(StringComparer.Ordinal) { [SiloRoles.RoleKey] = SiloRoles.Server });
            silo.UseClusterTls(authority.IssueServer(), authority.Certificate);
            silo.Configure<SiloOptions>(o => o.SiloName = $"server:{Environment.MachineName}:{options.SiloPort}");
            silo.ConfigureEndpoints(options.Advertise, options.SiloPort, options.GatewayPort, listenOnAnyHostAddress: !options.Advertise.Equals(System.Net.IPAddress.Loopback));
            silo.UseAdoNetClustering(o => (o.Invariant, o.DataSource) = (Npgsql, database));
            silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, FormerMembers>();
            silo.UseSystemTextJsonGrainStorageSerializer();
            silo.AddAdoNetGrainStorage("prts", o => (o.Invariant, o.DataSource) = (Npgsql, database));
            silo.AddAdoNetGrainStorage("PubSubStore", storage => storage.Configure<IServiceProvider>((o, services) =>
            {
                (o.Invariant, o.DataSource) = (Npgsql, database);
                o.GrainStorageSerializer = ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(services);
            }));
            silo.AddMemoryStreams(Streams.Provider, ConfigureStreams);
            silo.AddActivityPropagation();
            silo.AddDashboard(dashboard => dashboard.HideTrace = true);
        });
    }

    private static void ConfigureStreams(ISiloMemoryStreamConfigurator streams)
    {
        streams.ConfigurePartitioning(2);
        streams.ConfigurePartitionBalancing((services, _) => ActivatorUtilities.CreateInstance<ServerQueueBalancer>(services));
        streams.ConfigurePullingAgent(agent => agent.Configure(o => o.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(10)));
        // What a viewer missed it reads from the store, so seconds are enough; the default keeps minutes of every log in memory.
        streams.ConfigureCacheEviction(eviction => eviction.Configure(o =>
        {
            o.DataMinTimeInCache = TimeSpan.FromSeconds(2);
            o.DataMaxAgeInCache = TimeSpan.FromSeconds(5);
        }));
    }
}
