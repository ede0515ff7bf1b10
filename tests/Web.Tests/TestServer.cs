using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Egress;
using PRTS.Storage;
using PRTS.Storage.Git;
using PRTS.Storage.Postgres;
using PRTS.Storage.Projects;
using PRTS.Storage.Users;
using PRTS.Tests;
using PRTS.Web.Access;

[assembly: AssemblyFixture(typeof(PRTS.Web.Tests.TestServer))]

namespace PRTS.Web.Tests;

/// <summary>
/// The web layer on Kestrel with PostgreSQL, blobs, repositories and a silo with its streams; only the grains are stand-ins
/// (<see cref="Grains"/>). Shared by all tests here: each makes its own projects and users.
/// </summary>
public sealed class TestServer : IAsyncLifetime
{
    public const string Password = "correct horse battery";
    private readonly PostgresFixture postgres = new();
    private WebApplication app = null!;
    private int made;

    /// <summary>Unless a test has others: what the tests serve on this machine may be asked.</summary>
    public Web.Gateway.GatewayOptions Gateway { get; init; } = new() { Egress = AddressRules.Parse("127.0.0.1", out _) };

    /// <summary>Whether tenants' administrators let agents join.</summary>
    public bool TenantAgents { get; init; }

    /// <summary>For who tries things by the thousand.</summary>
    public static Web.Gateway.GatewayOptions Unbounded { get; } = new() { Egress = AddressRules.Parse("127.0.0.1", out _), Rates = new() { SignIn = new(10_000_000, 1), Address = new(10_000_000, 1), User = new(10_000_000, 1), Agent = new(10_000_000, 1) } };

    public string Home { get; } = Directory.CreateTempSubdirectory("prts-web-").FullName;
    public Uri Address { get; private set; } = null!;
    public IServiceProvider Services => app.Services;
    public AttemptTokens Attempts => Services.GetRequiredService<AttemptTokens>();
    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public T Get<T>() where T : notnull => Services.GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        await postgres.InitializeAsync();
        var database = await postgres.NewDatabase();
        await Migrations.Apply(database);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = Microsoft.Extensions.Hosting.Environments.Production, ContentRootPath = Home });
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel().UseUrls("http://127.0.0.1:0");
        builder.Services.AddPrtsStorage(new()
        {
            ConnectionString = postgres.ConnectionString("test1"),
            RepositoriesPath = Path.Combine(Home, "git"),
            BlobsPath = Path.Combine(Home, "blobs"),
        });
        builder.Services.AddSingleton(new AttemptTokens(new byte[32]));
        builder.Services.AddSingleton<Recorder>();
        builder.Services.AddPrtsWeb(new WebOptions { PublicUrl = "http://prts.test", Home = Home, MaxArtifactFile = 64 << 20, Gateway = Gateway, TenantAgents = TenantAgents });
        // All tests come from one address, and many are refused on purpose.
        builder.Services.AddSingleton(new FailureLimiter(TimeProvider.System, int.MaxValue));
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering(FreePort(), FreePort(), null, Guid.NewGuid().ToString("N"))
            .Configure<ClusterMembershipOptions>(options => options.DefunctSiloCleanupPeriod = null)
            .AddMemoryGrainStorage("PubSubStore")
            .AddMemoryStreams(Streams.Provider, streams => streams.ConfigurePullingAgent(options => options.Configure(agent => agent.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(10)))));
        app = builder.Build();
        app.MapPrtsWeb();
        // The login page is another slice's; tests only need its antiforgery field.
        app.MapGet("/test/form", (HttpContext http, IAntiforgery antiforgery) => antiforgery.GetAndStoreTokens(http).RequestToken!).AllowAnonymous();
        app.MapGet("/api/v1/test/failure", new Func<string>(() => throw new InvalidOperationException("secret detail"))).AllowAnonymous();
        await app.StartAsync();
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        await postgres.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }

    /// <summary>A name that no other test has.</summary>
    public string Unique(string prefix) => $"{prefix}{Interlocked.Increment(ref made)}";

    public async Task<StoredUser> NewUser(Role role)
    {
        var name = Unique(role.ToString().ToLowerInvariant());
        var (_, problem) = await Get<Accounts>().Create(ProjectId.DefaultTenant, new() { Name = name, Password = Password, Role = role.ToString().ToLowerInvariant() }, by: null);
        Assert.Null(problem);
        return (await Get<UsersStore>().ByName(ProjectId.DefaultTenant, name))!;
    }

    public async Task<string> NewToken(Role role) => (await Get<AccessTokens>().Create((await NewUser(role)).Id, new() { Name = "test" })).Token;

    /// <summary>Sends an access token of a new user with each request; no redirects, no cookies.</summary>
    public async Task<HttpClient> Client(Role role) => Client(await NewToken(role));

    public HttpClient Client(string? bearer = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };
        if (bearer is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return client;
    }

    /// <summary>A browser: it keeps cookies and does not follow redirects.</summary>
    public HttpClient Browser() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = true }) { BaseAddress = Address };

    public async Task<ProjectId> NewProject()
    {
        var id = new ProjectId(ProjectId.DefaultTenant, "acme", Unique("project"));
        await Grains.Organization(id.Tenant, id.Org).Create("");
        Assert.True(await Grains.Project(id).Create(new() { Org = id.Org, Name = id.Name }));
        Assert.NotNull(await Get<ProjectsReadModel>().Get(id));
        Assert.True(Get<Repositories>().Exists(id));
        return id;
    }

    /// <summary>Asks until the answer is right, at most a minute.</summary>
    public async Task<T> Until<T>(Func<Task<T>> ask, Func<T, bool> right)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            if (await ask() is var answer && right(answer)) return answer;
            await Task.Delay(20, patience.Token);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
