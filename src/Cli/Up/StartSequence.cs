using System.Globalization;
using PRTS.Api.Agents;
using PRTS.Cli.Connection;
using PRTS.Cli.Postgres;
using PRTS.Cli.Processes;

namespace PRTS.Cli.Up;

/// <summary>PostgreSQL, then the server, then the agent: each only when the one before is ready.</summary>
internal sealed class StartSequence(Home home, UpOptions options, Launcher launcher, Action<string> tell)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public async Task<AdminFile> RunAsync(DataMarker marker, PostgresBinaries? binaries, CancellationToken cancellation)
    {
        var database = options.Database ?? await StartPostgresAsync(marker, binaries!, cancellation);
        await TimedAsync("server", () => launcher.StartAsync(DefineServer(database), IsServerReadyAsync, Patience, cancellation));
        var admin = AdminFile.Read(home)?.WithUrl(home, options.LocalUrl)
            ?? throw new UserError($"The server is ready and has not written {home.AdminFile}. Its log is {home.LogOf("server")}.");
        if (options.WithAgent)
        {
            await TimedAsync("agent", () => StartAgentAsync(marker, admin, cancellation));
        }

        return admin;
    }

    private async Task<string> StartPostgresAsync(DataMarker marker, PostgresBinaries binaries, CancellationToken cancellation)
    {
        var cluster = PostgresSetup.Locate(home, marker, binaries, tell);
        await TimedAsync($"PostgreSQL {binaries.Major}", async () =>
        {
            if (PostgresSetup.ExistingDirectory(home) is null)
            {
                tell($"creating the database in {home.In("postgres")}");
                await cluster.CreateAsync();
            }

            if (cluster.FindStray() is { } stray)
            {
                await stray.StopAsync(Unix.SigInt, TimeSpan.FromSeconds(30), Unix.SigQuit);
            }

            await launcher.StartAsync(cluster.Define(), (child, _) => Task.FromResult(child.Mark is { } mark && cluster.IsReady(mark)), Patience, cancellation);
        });
        return cluster.ConnectionString;
    }

    private ChildDefinition DefineServer(string database) => new()
    {
        Name = "server",
        Role = "server",
        Program = Installation.Server,
        WorkingDirectory = home.Path,
        Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["PRTS_HOME"] = home.Path,
            ["PRTS_PORT"] = Text(options.Port),
            ["PRTS_LISTEN"] = options.Listen.ToString(),
            ["PRTS_ADVERTISE"] = options.Advertise.ToString(),
            ["PRTS_SILO_PORT"] = Text(options.SiloPort),
            ["PRTS_GATEWAY_PORT"] = Text(options.GatewayPort),
            ["PRTS_DATABASE"] = database,
            ["PRTS_PUBLIC_URL"] = options.ShownUrl,
            ["PRTS_TLS"] = options.Tls,
            ["PRTS_TLS_CERT"] = options.TlsCert,
            ["PRTS_TLS_KEY"] = options.TlsKey,
            ["PRTS_TOKEN"] = null,
            ["PRTS_URL"] = null,
        },
    };

    private async Task<bool> IsServerReadyAsync(Child child, CancellationToken cancellation)
    {
        using var client = new ApiClient(options.LocalUrl, token: null);
        return !child.HasExited && await client.IsReadyAsync(cancellation);
    }

    private async Task StartAgentAsync(DataMarker marker, AdminFile admin, CancellationToken cancellation)
    {
        var name = Environment.GetEnvironmentVariable("PRTS_AGENT_NAME") is { Length: > 0 } chosen ? chosen : HostName();
        var directory = Environment.GetEnvironmentVariable("PRTS_AGENT_HOME") is { Length: > 0 } elsewhere
            ? elsewhere
            : Path.Combine(DataDirectory.Reachable(home, "agents", marker, tell), name);
        using var client = new ApiClient(options.LocalUrl, admin.Token);
        var token = HasIdentity(directory) ? null : await client.PostAsync(
            "api/v1/agents/tokens", new CreateAgentToken { Name = name }, CliJson.Default.CreateAgentToken, CliJson.Default.AgentToken, cancellation);
        var definition = new ChildDefinition
        {
            Name = "agent",
            Role = "agent",
            Program = Installation.Agent,
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["PRTS_HOME"] = home.Path,
                ["PRTS_URL"] = options.LocalUrl,
                ["PRTS_TOKEN"] = token?.Token,
                ["PRTS_AGENT_NAME"] = name,
                ["PRTS_AGENT_HOME"] = directory,
                // Silos talk to each other: where others join from elsewhere, loopback would mean themselves.
                ["PRTS_AGENT_ADDRESS"] = Environment.GetEnvironmentVariable("PRTS_AGENT_ADDRESS") ?? options.Advertise.ToString(),
                ["PRTS_SUPERVISOR"] = Environment.GetEnvironmentVariable("PRTS_SUPERVISOR") ?? Installation.Supervisor,
                // Agents run other people's commands: they get no credentials of the server's.
                ["PRTS_DATABASE"] = null,
                ["PRTS_AZURE_CONNECTION"] = null,
                ["PRTS_S3_ACCESS_KEY"] = null,
                ["PRTS_S3_SECRET_KEY"] = null,
                ["PRTS_TLS_KEY"] = null,
                ["PRTS_VAULT_TOKEN"] = null,
                ["PRTS_VAULT_ROLE_ID"] = null,
                ["PRTS_VAULT_SECRET_ID"] = null,
                ["PRTS_KMS_ACCESS_KEY"] = null,
                ["PRTS_KMS_SECRET_KEY"] = null,
                ["PRTS_PKCS11_PIN"] = null,
                ["AWS_ACCESS_KEY_ID"] = null,
                ["AWS_SECRET_ACCESS_KEY"] = null,
                ["AWS_SESSION_TOKEN"] = null,
            },
        };
        var start = TimeProvider.System.GetUtcNow();
        await launcher.StartAsync(definition, (_, stop) => IsOnlineAsync(client, name, start, stop), Patience, cancellation);
    }

    /// <summary>An agent that has joined before proves itself with its own key and needs no token.</summary>
    private static bool HasIdentity(string directory) =>
        Directory.Exists(directory) && Directory.EnumerateFiles(directory, "identity*").Any();

    /// <summary>Online since then: what is told of the process before it may still say that it is online.</summary>
    private static async Task<bool> IsOnlineAsync(ApiClient client, string name, DateTimeOffset start, CancellationToken cancellation)
    {
        var agents = await client.GetAsync("api/v1/agents", CliJson.Default.IReadOnlyListAgentSummary, cancellation);
        return agents.Any(agent => agent.Name == name && agent.Status != AgentStatus.Offline && agent.OnlineSince >= start);
    }

    private static string HostName()
    {
        var name = string.Concat(Environment.MachineName.ToLowerInvariant().Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')).Trim('.', '-', '_');
        return name.Length > 0 ? name : "agent";
    }

    private async Task TimedAsync(string what, Func<Task> start)
    {
        var started = TimeProvider.System.GetTimestamp();
        await start();
        tell(string.Create(CultureInfo.InvariantCulture, $"{what} is ready ({TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s)"));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
