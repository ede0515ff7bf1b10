using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;
using Orleans.TestingHost;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Silo.Cluster;
using PRTS.Storage;
using PRTS.Storage.Builds;
using PRTS.Storage.Postgres;
using PRTS.Tests;

[assembly: AssemblyFixture(typeof(PRTS.Grains.Tests.Cluster.TestCluster))]

namespace PRTS.Grains.Tests.Cluster;

/// <summary>Two server silos and one agent silo in this process, on a real PostgreSQL. Tests share it and keep to projects of their own.</summary>
public sealed class TestCluster : IAsyncLifetime
{
    private const string AgentName = "agent-1";
    private readonly PostgresFixture postgres = new();
    private readonly string directory = Directory.CreateTempSubdirectory("prts-grains-").FullName;
    private readonly byte[] tokenKey = RandomNumberGenerator.GetBytes(32);
    private readonly CancellationTokenSource stopping = new();
    private InProcessTestCluster cluster = null!;
    private Task beating = Task.CompletedTask;
    private Task waking = Task.CompletedTask;
    private int projects;

    /// <summary>As code on a server sees the grains.</summary>
    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    /// <summary>As code on the agent sees them.</summary>
    public IGrainFactory AgentGrains => cluster.Silos[2].ServiceProvider.GetRequiredService<IGrainFactory>();

    /// <summary>As a client outside the cluster sees them.</summary>
    public IGrainFactory ClientGrains => cluster.Client;

    public IServiceProvider Services => cluster.Silos[0].ServiceProvider;

    public FakeAgent Agent => cluster.Silos[2].ServiceProvider.GetRequiredService<FakeAgent>();

    public BuildsReadModel Builds => Services.GetRequiredService<BuildsReadModel>();

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public ProjectId NewProject() => new(ProjectId.DefaultTenant, "test", $"p{Interlocked.Increment(ref projects)}");

    /// <summary>A build of this plan, made without a project.</summary>
    /// <param name="after">The build before it in the same project; null: it is the first of a new one.</param>
    public async Task<BuildId> Build(Pipelines.Planning.BuildPlan plan, BuildId? after = null)
    {
        var id = after is { } before ? before with { Number = before.Number + 1 } : new BuildId(NewProject(), 1);
        await Grains.Build(id).Create(Plans.Request(plan));
        return id;
    }

    /// <summary>The build in the read model as soon as the condition holds.</summary>
    public async Task<BuildSummary> Until(BuildId id, Func<BuildSummary, bool> condition)
    {
        BuildSummary? build = null;
        await Until(async () => (build = await Builds.Get(id, Token)) is not null && condition(build), () => $"{id} stays at {build?.Status}: {string.Join(", ", build?.Stages?.SelectMany(stage => stage.Jobs).Select(job => $"{job.Key} {job.Status} ({job.Reason})") ?? [])}");
        return build!;
    }

    public Task<BuildSummary> Ended(BuildId id) =>
        Until(id, build => build.Status.IsEnded() && build.Stages!.SelectMany(stage => stage.Jobs).All(job => job.Status.IsEnded()));

    public static async Task Until(Func<Task<bool>> condition, Func<string> otherwise)
    {
        for (var tries = 0; !await condition(); tries++)
        {
            if (tries > 4500) throw new TimeoutException(otherwise() + (TestContext.Current.TestMethod?.MethodName ?? ""));
            await Task.Delay(20, Token);
        }
    }

    /// <summary>As after a crash of every server: no activation is left that remembers anything.</summary>
    public async Task DeactivateAll()
    {
        var management = Grains.GetGrain<IManagementGrain>(0);
        await management.ForceActivationCollection(TimeSpan.Zero);
    }

    public async ValueTask InitializeAsync()
    {
        await postgres.InitializeAsync();
        var database = await postgres.NewDatabase();
        await Migrations.Apply(database);
        var builder = new InProcessTestClusterBuilder(3);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((options, silo) => Configure(silo, database, directory, tokenKey, options.SiloName.EndsWith('2') ? $"{ProjectId.DefaultTenant}/{AgentName}" : null));
        cluster = builder.Build();
        await cluster.DeployAsync();
        await KnowsGrains(ClientGrains);
        await Agent.Hello();
        beating = Beat();
        waking = Services.GetRequiredService<BuildWaker>().Run(stopping.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await beating;
        await waking;
        var failure = cluster is null ? null : Agent.Failure;
        if (cluster is not null) await cluster.DisposeAsync();
        stopping.Dispose();
        await postgres.DisposeAsync();
        Directory.Delete(directory, recursive: true);
        Assert.Null(failure);
    }

    /// <summary>A client learns some time after it connects which grains the servers have.</summary>
    internal static Task KnowsGrains(IGrainFactory client) => Until(
        () =>
        {
            try
            {
                client.Agents(ProjectId.DefaultTenant);
                return Task.FromResult(true);
            }
            catch (ArgumentException)
            {
                return Task.FromResult(false);
            }
        },
        () => "The client does not learn the grains of the servers.");

    private async Task Beat()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (!(await Agent.Beat()).Known) await Agent.Hello();
                await Task.Delay(200, stopping.Token);
            }
            catch (Exception later) when (later is OperationCanceledException or OrleansException or TimeoutException)
            {
                // As a real agent does: at the next beat.
            }
        }
    }

    /// <param name="agent">The key of the agent whose silo it is, which hosts what a real one does; null: a server.</param>
    internal static void Configure(ISiloBuilder silo, NpgsqlDataSource database, string directory, byte[] tokenKey, string? agent)
    {
        silo.Services.AddPlacementFilter<PinToAgentStrategy, PinToAgentDirector>(ServiceLifetime.Transient);
        silo.Services.AddPlacementFilter<ServersOnlyStrategy, ServersOnlyDirector>(ServiceLifetime.Transient);
        silo.Services.AddSingleton<AgentCallFilter>();
        silo.Services.AddSingleton<IIncomingGrainCallFilter, TestHostFilter>();
        silo.UseSiloMetadata(agent is not null
            ? new Dictionary<string, string>(StringComparer.Ordinal) { [SiloRoles.RoleKey] = SiloRoles.Agent, [SiloRoles.AgentKey] = agent }
            : new Dictionary<string, string>(StringComparer.Ordinal) { [SiloRoles.RoleKey] = SiloRoles.Server });
        if (agent?.Split('/') is [var tenant, var name])
        {
            silo.Configure<GrainTypeOptions>(options => options.Classes.RemoveWhere(type => type != typeof(AgentGrain)));
            silo.Services.AddSingleton(services => new FakeAgent(services.GetRequiredService<IGrainFactory>(), tenant, name));
            silo.Services.AddSingleton<IAgentJobs>(services => services.GetRequiredService<FakeAgent>());
            return;
        }

        silo.UseSystemTextJsonGrainStorageSerializer();
        silo.AddAdoNetGrainStorage("prts", options => (options.Invariant, options.DataSource) = ("Npgsql", database));
        silo.AddMemoryGrainStorage("PubSubStore");
        silo.AddMemoryStreams(Streams.Provider, streams =>
        {
            streams.ConfigurePartitionBalancing((services, _) => ActivatorUtilities.CreateInstance<ServerQueueBalancer>(services));
            streams.ConfigurePullingAgent(pulling => pulling.Configure(o => o.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(10)));
        });
        silo.Services.AddPrtsStorage(new()
        {
            ConnectionString = database.ConnectionString,
            RepositoriesPath = Path.Combine(directory, "git"),
            BlobsPath = Path.Combine(directory, "blobs"),
        });
        silo.Services.AddPrtsGrains(new() { PublicUrl = "http://localhost:5080", TokenKey = tokenKey, WakeEvery = TimeSpan.FromSeconds(2) });
    }
}
