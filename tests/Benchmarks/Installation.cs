using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;

namespace PRTS.Benchmarks;

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
    public HttpClient Http { get; } = new();
    public string User { get; private set; } = "";
    public string Password { get; private set; } = "";
    public Uri Url => Http.BaseAddress!;

    public static async Task<Installation> Start(string root, int slots)
    {
        var home = Directory.CreateTempSubdirectory("prts-bench-").FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(home, (UnixFileMode)0b111_101_101);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PRTS_HOME"] = home,
            ["PRTS_PORT"] = FreePort().ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["PRTS_AGENT_SLOTS"] = slots.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        var installation = new Installation(Path.Combine(root, "prts"), home, environment);
        await Commands.Run(installation.prts, ["up", "--detach"], environment: environment);
        using var admin = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(home, "admin.json")));
        string Text(string name) => admin.RootElement.GetProperty(name).GetString()!;
        installation.Http.BaseAddress = new Uri(Text("url"));
        installation.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Text("token"));
        (installation.User, installation.Password) = (Text("user"), Text("password"));
        await installation.WaitForBuild("demo/hello", 1);
        return installation;
    }

    /// <summary>Process ids by role: postgres, server, agent.</summary>
    public async Task<IReadOnlyDictionary<string, int>> Processes()
    {
        using var status = JsonDocument.Parse(await Commands.Run(prts, ["status", "--json"], environment: environment));
        return status.RootElement.EnumerateArray().ToDictionary(
            process => process.GetProperty("role").GetString()!, process => process.GetProperty("pid").GetInt32(), StringComparer.Ordinal);
    }

    /// <summary>A new project with this pipeline, cloned; returns the clone's directory.</summary>
    public async Task<string> Project(string name, string pipeline)
    {
        using var created = await Http.PostAsJsonAsync("/api/v1/projects", new { org = "bench", name }, ApiJson.Options);
        created.EnsureSuccessStatusCode();
        var clone = Path.Combine(Home, "bench", name);
        var address = new UriBuilder(Url) { UserName = User, Password = Uri.EscapeDataString(Password), Path = $"/git/bench/{name}.git" }.Uri;
        Directory.CreateDirectory(Path.Combine(clone, ".prts"));
        await Git(clone, "init", "--quiet", "--initial-branch=main");
        await Git(clone, "config", "user.name", "bench");
        await Git(clone, "config", "user.email", "bench@localhost");
        await Git(clone, "remote", "add", "origin", address.AbsoluteUri);
        await File.WriteAllTextAsync(Path.Combine(clone, ".prts", "pipeline.yaml"), pipeline);
        await Git(clone, "add", ".");
        await Git(clone, "commit", "--quiet", "--message", "bench");
        return clone;
    }

    public static Task<string> Git(string directory, params string[] arguments) => Commands.Run("git", arguments, directory);

    public async Task<BuildSummary> Build(string project, int number) =>
        (await Http.GetFromJsonAsync<BuildSummary>($"/api/v1/projects/{project}/builds/{number}", ApiJson.Options))!;

    /// <summary>The build when it has ended; fails when it did not succeed.</summary>
    public async Task<BuildSummary> WaitForBuild(string project, int number)
    {
        for (var patience = 0; ; patience++)
        {
            using var response = await Http.GetAsync($"/api/v1/projects/{project}/builds/{number}");
            if (response.StatusCode != HttpStatusCode.NotFound)
            {
                var build = (await response.Content.ReadFromJsonAsync<BuildSummary>(ApiJson.Options))!;
                if (build.Status.IsEnded())
                    return build.Status == RunStatus.Succeeded ? build : throw new InvalidOperationException($"{build.Id} {build.Status}: {build.Reason}");
            }

            if (patience > 60_000)
                throw new TimeoutException($"{project}#{number} has not ended.");
            await Task.Delay(10);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Commands.Run(prts, ["down"], environment: environment);
        Directory.Delete(Home, recursive: true);
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
