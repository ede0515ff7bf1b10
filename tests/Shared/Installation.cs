using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;

namespace PRTS.Shared;

/// <summary>A PRTS of its own, started by the command that users have, in a data directory of its own.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private readonly Dictionary<string, string> environment;
    private readonly string prts;

    private Installation(string prts, string home, Dictionary<string, string> environment)
    {
        this.prts = prts;
        Home = home;
        this.environment = environment;
    }

    public string Home { get; }
    public HttpClient Http { get; private set; } = new();
    public string User { get; private set; } = "";
    public string Password { get; private set; } = "";
    public Uri Url => Http.BaseAddress!;

    /// <summary>The checkout that holds this program.</summary>
    public static string Checkout()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "PRTS.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} lies in no checkout of PRTS.");
    }

    /// <param name="more">More environment variables for all of its processes.</param>
    public static async Task<Installation> Start(string root, int slots, IReadOnlyDictionary<string, string>? more = null)
    {
        var home = Directory.CreateTempSubdirectory("prts-").FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(home, (UnixFileMode)0b111_101_101);
        var settings = new Dictionary<string, string>(more ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal)
        {
            ["PRTS_HOME"] = home,
            ["PRTS_PORT"] = FreePort().ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["PRTS_AGENT_SLOTS"] = slots.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        settings.TryAdd("PRTS_CONTAINERS", "none");
        var installation = new Installation(Path.Combine(root, "prts"), home, settings);
        await Commands.Run(installation.prts, ["up", "--detach"], environment: settings);
        using var admin = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(home, "admin.json")));
        string Text(string name) => admin.RootElement.GetProperty(name).GetString()!;
        if (File.Exists(installation.Trust))
            installation.Http = Trusting(installation.Trust);
        installation.Http.BaseAddress = new Uri(Text("url"));
        installation.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Text("token"));
        (installation.User, installation.Password) = (Text("user"), Text("password"));
        await installation.WaitForBuild("demo/hello", 1);
        return installation;
    }

    /// <summary>The authority that it made for itself, where it ends TLS.</summary>
    public string Trust => Path.Combine(Home, "tls", "trust.pem");

    /// <summary>What the command line prints.</summary>
    public Task<string> Cli(params string[] arguments) => Commands.Run(prts, arguments, environment: environment);

    /// <summary>Process ids by role: postgres, server, agent.</summary>
    public async Task<IReadOnlyDictionary<string, int>> Processes()
    {
        using var status = JsonDocument.Parse(await Commands.Run(prts, ["status", "--json"], environment: environment));
        return status.RootElement.EnumerateArray().ToDictionary(
            process => process.GetProperty("role").GetString()!, process => process.GetProperty("pid").GetInt32(), StringComparer.Ordinal);
    }

    /// <summary>A new project <c>bench/name</c> with this pipeline, committed in a clone but not pushed; returns the clone's directory.</summary>
    public async Task<string> Project(string name, string pipeline)
    {
        var clone = await Clone(name);
        Directory.CreateDirectory(Path.Combine(clone, ".prts"));
        await File.WriteAllTextAsync(Path.Combine(clone, ".prts", "pipeline.yaml"), pipeline);
        await Git(clone, "add", ".");
        await Git(clone, "commit", "--quiet", "--message", "bench");
        return clone;
    }

    /// <summary>The address of a project's repository with the administrator's name and password in it.</summary>
    public string RepositoryUrl(string name) =>
        new UriBuilder(Url) { UserName = User, Password = Uri.EscapeDataString(Password), Path = $"/git/bench/{name}.git" }.Uri.AbsoluteUri;

    /// <summary>A new project <c>bench/name</c> and an empty repository on this side whose origin it is.</summary>
    public async Task<string> Clone(string name)
    {
        using var created = await Http.PostAsJsonAsync("/api/v1/projects", new { org = "bench", name }, ApiJson.Options);
        created.EnsureSuccessStatusCode();
        var clone = Path.Combine(Home, "bench", name);
        Directory.CreateDirectory(clone);
        await Git(clone, "init", "--quiet", "--initial-branch=main");
        await Git(clone, "config", "user.name", "bench");
        await Git(clone, "config", "user.email", "bench@localhost");
        await Git(clone, "remote", "add", "origin", RepositoryUrl(name));
        return clone;
    }

    public static Task<string> Git(string directory, params string[] arguments) => Commands.Run("git", arguments, directory);

    /// <summary>The build when it has ended; fails when it did not succeed.</summary>
    public async Task<BuildSummary> WaitForBuild(string project, int number, TimeSpan? patience = null)
    {
        var build = await WaitFor(project, number, found => found.Status.IsEnded(), patience);
        return build.Status == RunStatus.Succeeded ? build : throw new InvalidOperationException(await Evidence(build));
    }

    /// <summary>The build once it is as the condition says. A control plane that does not answer meanwhile is waited for.</summary>
    public async Task<BuildSummary> WaitFor(string project, int number, Func<BuildSummary, bool> condition, TimeSpan? patience = null)
    {
        var clock = Stopwatch.StartNew();
        BuildSummary? last = null;
        while (clock.Elapsed < (patience ?? TimeSpan.FromMinutes(5)))
        {
            try
            {
                using var response = await Http.GetAsync($"/api/v1/projects/{project}/builds/{number}");
                if (response.IsSuccessStatusCode)
                {
                    last = (await response.Content.ReadFromJsonAsync<BuildSummary>(ApiJson.Options))!;
                    if (condition(last))
                        return last;
                    if (last.Status.IsEnded())
                        break;
                }
            }
            catch (HttpRequestException)
            {
                // It is being restarted.
            }

            // The longer it takes the less often, so that looking does not slow what is looked at.
            await Task.Delay(TimeSpan.FromMilliseconds(50) + (clock.Elapsed / 20));
        }

        throw new TimeoutException($"{project}#{number} did not come to the awaited state.\n{await Evidence(last)}");
    }

    /// <summary>Waits for the server that follows the process <paramref name="former"/> to say that it is ready.</summary>
    public async Task WaitUntilReady(int former)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromMinutes(1))
        {
            try
            {
                using var ready = await Http.GetAsync("/healthz/ready");
                if (ready.IsSuccessStatusCode && (await Processes())["server"] != former)
                    return;
            }
            catch (HttpRequestException)
            {
                // It is being restarted.
            }

            await Task.Delay(50);
        }

        throw new TimeoutException($"No server was ready.\n{await Evidence(null)}");
    }

    /// <summary>What a failed test needs to be understood: the build's jobs, the processes, and the ends of their logs.</summary>
    public async Task<string> Evidence(BuildSummary? build)
    {
        var evidence = new List<string> { $"The build is {build?.Status.ToString() ?? "unknown"}: {build?.Reason}" };
        foreach (var job in build?.Stages?.SelectMany(stage => stage.Jobs) ?? [])
        {
            evidence.Add($"--- {job.Key}: {job.Status}, attempt {job.Attempt}, {job.Agent} {job.Reason}");
            using var log = await Http.GetAsync($"/api/v1/projects/{build!.Org}/{build.Project}/builds/{build.Number}/jobs/{job.Key}/log");
            evidence.AddRange((await log.Content.ReadAsStringAsync()).Split('\n').TakeLast(25));
        }

        var logs = Directory.EnumerateFiles(Path.Combine(Home, "logs")).Order(StringComparer.Ordinal)
            .SelectMany(path => File.ReadLines(path).TakeLast(25).Prepend($"--- {path}"));
        return string.Join('\n', [.. evidence, await Commands.Run(prts, ["status"], environment: environment), .. logs]);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Commands.Run(prts, ["down"], environment: environment);
        Directory.Delete(Home, recursive: true);
    }

    private static HttpClient Trusting(string authority)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(authority);
        return new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } });
    }

    private static int FreePort()
    {
        // The silo takes the two ports that follow.
        for (var port = 20_000 + (Environment.ProcessId % 20_000); ; port += 3)
        {
            if (Enumerable.Range(port, 3).All(IsFree))
                return port;
        }
    }

    private static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
