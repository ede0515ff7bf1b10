using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Silo.Configuration;
using PRTS.Silo.Startup;
using PRTS.Tests;

[assembly: AssemblyFixture(typeof(PRTS.Silo.Tests.ServerFixture))]

namespace PRTS.Silo.Tests;

/// <summary>The whole control plane in this process, as its program puts it together: only settings are a test's own.</summary>
public sealed class RunningServer : IAsyncDisposable
{
    private readonly Foundation foundation;
    private readonly string home;

    private RunningServer(ServerOptions options, Foundation foundation)
    {
        home = options.Home;
        this.foundation = foundation;
        App = Server.Build(options, foundation);
        Address = new Uri(options.PublicUrl);
    }

    public WebApplication App { get; }
    public Uri Address { get; }

    /// <summary>A file of the data directory.</summary>
    public string InHome(string name) => Path.Combine(home, name);

    public T Get<T>() where T : notnull => App.Services.GetRequiredService<T>();

    /// <summary>Settings as environment variables have them, with a data directory and ports of their own.</summary>
    public static ServerOptions Options(string database, params (string Name, string Value)[] settings)
    {
        var port = FreePort();
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PRTS_HOME"] = Directory.CreateTempSubdirectory("prts-silo-").FullName,
            ["PRTS_DATABASE"] = database,
            ["PRTS_PORT"] = port,
            ["PRTS_SILO_PORT"] = FreePort(),
            ["PRTS_GATEWAY_PORT"] = FreePort(),
        };
        foreach (var (name, value) in settings)
            values[name] = value;
        return ServerOptions.Read(values.GetValueOrDefault);
    }

    /// <summary>Starts, and returns when it is ready.</summary>
    public static async Task<RunningServer> Start(ServerOptions options)
    {
        var server = new RunningServer(options, await Foundation.Lay(options, TimeProvider.System));
        await server.App.StartAsync();
        using var client = server.Client();
        var waited = Stopwatch.StartNew();
        while (true)
        {
            using var ready = await client.GetAsync("/healthz/ready");
            if (ready.IsSuccessStatusCode)
                return server;
            Assert.True(waited.Elapsed < TimeSpan.FromMinutes(2), await ready.Content.ReadAsStringAsync());
            await Task.Delay(50);
        }
    }

    public HttpClient Client(string? bearer = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, SslOptions = Trusting() }) { BaseAddress = Address };
        if (bearer is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return client;
    }

    /// <summary>Trusts the authority that the server made for itself, and no other.</summary>
    public SslClientAuthenticationOptions Trusting()
    {
        var options = new SslClientAuthenticationOptions { TargetHost = "127.0.0.1" };
        if (Path.Combine(home, "tls", "trust.pem") is var file && File.Exists(file))
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(file);
        }

        return options;
    }

    /// <summary>With the first administrator's access token.</summary>
    public HttpClient Administrator()
    {
        using var admin = JsonDocument.Parse(File.ReadAllText(Path.Combine(home, "admin.json")));
        return Client(admin.RootElement.GetProperty("token").GetString());
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        await foundation.DisposeAsync();
        Directory.Delete(home, recursive: true);
    }

    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>One server with the default settings for all tests that change nothing about it.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private readonly PostgresFixture postgres = new();

    public RunningServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await postgres.InitializeAsync();
        Server = await RunningServer.Start(RunningServer.Options(await NewDatabase()));
    }

    /// <summary>The connection string of a new empty database.</summary>
    public async Task<string> NewDatabase()
    {
        await using var database = await postgres.NewDatabase();
        return database.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        if (Server is not null)
            await Server.DisposeAsync();
        await postgres.DisposeAsync();
    }
}
