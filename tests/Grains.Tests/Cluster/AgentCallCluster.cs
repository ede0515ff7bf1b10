using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Storage.Postgres;
using PRTS.Tests;

namespace PRTS.Grains.Tests.Cluster;

/// <summary>Two server silos, two agents of one tenant and one agent of another: a cluster of its own, because whoever tries every call leaves things behind.</summary>
public sealed class AgentCallCluster : IAsyncLifetime
{
    /// <summary>Keys of the agents, by silo.</summary>
    private static readonly Dictionary<string, string> AgentKeys = new(StringComparer.Ordinal)
    {
        ["2"] = $"{ProjectId.DefaultTenant}/mine",
        ["3"] = $"{ProjectId.DefaultTenant}/other",
        ["4"] = "foreign/theirs",
    };

    private readonly PostgresFixture postgres = new();
    private readonly string directory = Directory.CreateTempSubdirectory("prts-agent-calls-").FullName;
    private readonly byte[] tokenKey = RandomNumberGenerator.GetBytes(32);
    private InProcessTestCluster cluster = null!;

    public AttemptTokens Tokens => new(tokenKey);

    public IServiceProvider Server => cluster.Silos[0].ServiceProvider;

    /// <summary>The silo of <c>default/mine</c>.</summary>
    public IServiceProvider Agent => cluster.Silos[2].ServiceProvider;

    public IGrainFactory ServerGrains => Server.GetRequiredService<IGrainFactory>();

    public IGrainFactory AgentGrains => Agent.GetRequiredService<IGrainFactory>();

    /// <summary>As a client outside the cluster sees them.</summary>
    public IGrainFactory ClientGrains => cluster.Client;

    public Orleans.Runtime.SiloAddress ServerAddress => cluster.Silos[0].SiloAddress;

    public async ValueTask InitializeAsync()
    {
        await postgres.InitializeAsync();
        var database = await postgres.NewDatabase();
        await Migrations.Apply(database);
        var builder = new InProcessTestClusterBuilder((short)(2 + AgentKeys.Count));
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((options, silo) => TestCluster.Configure(silo, database, directory, tokenKey, AgentKeys.GetValueOrDefault(options.SiloName[^1..])));
        cluster = builder.Build();
        await cluster.DeployAsync();
        await TestCluster.KnowsGrains(ClientGrains);
    }

    public async ValueTask DisposeAsync()
    {
        if (cluster is not null) await cluster.DisposeAsync();
        await postgres.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}
